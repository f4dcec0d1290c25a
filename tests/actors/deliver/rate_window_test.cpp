// Goal: no second at the receiver holds more than the rate, and the rate is used. Method: a simulated sender
// and receiver on a virtual clock, with answers, silences, failures to connect and restarts drawn at random.
#include "actors/deliver/rate_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;

constexpr instant tick(1);
constexpr auto timeout = 5s;

/// A window that has forgotten its start, so that every place is free at 0.
rate_window rested(std::size_t rate) { return rate_window(rate, timeout, -1s - tick); }

TEST(rate_window, is_full_for_a_second_at_its_start) {
  const rate_window window(1000, timeout, 10s);
  EXPECT_EQ(window.available(10s), 0u);
  EXPECT_EQ(window.available(11s), 0u) << "a window of one second is closed";
  EXPECT_EQ(window.available(11s + tick), 1000u);
  EXPECT_EQ(window.when_available(1, 10s), 11s + tick);
}

TEST(rate_window, frees_places_a_second_after_the_answer) {
  rate_window window = rested(100);
  const auto request = window.begin(60, 0s);
  EXPECT_EQ(window.available(50s), 40u) << "in flight: held without end";
  EXPECT_EQ(window.when_available(40, 0s), 0s);
  EXPECT_EQ(window.when_available(41, 0s), rate_window::never);
  window.end(request, 60s, end_kind::answered);
  EXPECT_EQ(window.available(61s), 40u);
  EXPECT_EQ(window.when_available(41, 60s), 61s + tick);
  EXPECT_EQ(window.available(61s + tick), 100u);
}

TEST(rate_window, frees_places_a_second_after_an_arrival_however_late_the_end) {
  for (const auto how : {end_kind::answered, end_kind::no_answer, end_kind::not_sent}) {
    rate_window window = rested(10);
    const auto request = window.begin(10, 0s);
    window.arrived(request, 1s);
    EXPECT_EQ(window.available(2s), 0u) << "a window of one second is closed";
    EXPECT_EQ(window.when_available(10, 1s), 2s + tick);
    const auto next = window.begin(7, 2s + tick);
    window.end(request, 3s, how);
    EXPECT_EQ(window.available(3s), 3u) << "an end after the arrival holds nothing more, and frees nothing";
    window.end(next, 3s, end_kind::answered);
    EXPECT_EQ(window.available(4s + tick), 10u);
  }
}

TEST(rate_window, holds_places_longer_when_no_answer_came) {
  rate_window window = rested(10);
  window.end(window.begin(10, 0s), 5s, end_kind::no_answer);
  EXPECT_EQ(window.available(11s), 0u);
  EXPECT_EQ(window.available(11s + tick), 10u);
}

TEST(rate_window, frees_places_at_once_when_nothing_was_sent) {
  rate_window window = rested(10);
  window.end(window.begin(10, 0s), 1s, end_kind::not_sent);
  EXPECT_EQ(window.available(1s), 10u);
}

TEST(rate_window, tells_when_the_earliest_places_are_free) {
  rate_window window = rested(10);
  const auto silent = window.begin(3, 0s), quick = window.begin(4, 0s);
  window.end(silent, 1s, end_kind::no_answer);
  window.end(quick, 2s, end_kind::answered);
  EXPECT_EQ(window.when_available(3, 2s), 2s);
  EXPECT_EQ(window.when_available(4, 2s), 3s + tick) << "the later end is free earlier";
  EXPECT_EQ(window.when_available(7, 2s), 3s + tick);
  EXPECT_EQ(window.when_available(8, 2s), 7s + tick);
}

TEST(rate_window, holds_of_an_earlier_process_fill_it_but_not_more) {
  rate_window window(10, timeout, 0s);
  window.hold(4, 3s);
  window.hold(25, 6s);
  window.hold(4, 8s);
  EXPECT_EQ(window.available(6s), 0u);
  EXPECT_EQ(window.available(6s + tick), 6u);
  EXPECT_EQ(window.available(8s + tick), 10u);
}

TEST(rate_window, a_clock_that_runs_backwards_frees_nothing_early) {
  rate_window window = rested(10);
  const auto request = window.begin(10, 10s);
  window.end(request, 4s, end_kind::answered);
  EXPECT_EQ(window.available(11s), 0u);
  EXPECT_EQ(window.available(11s + tick), 10u);
}

/// When events reached the receiver.
class receiver {
 public:
  void arrive(instant when) { arrivals_.push_back(when); }
  /// The most events in any closed window of one second.
  std::size_t fastest_second() {
    std::ranges::sort(arrivals_);
    std::size_t most = 0, oldest = 0;
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      while (arrivals_[i] - arrivals_[oldest] > rate_window::width) ++oldest;
      most = std::max(most, i - oldest + 1);
    }
    return most;
  }
  std::size_t received() const noexcept { return arrivals_.size(); }

 private:
  std::vector<instant> arrivals_;
};

struct request {
  rate_window::ticket places;
  std::size_t events;
  instant start, end;
  end_kind how;
};

instant between(instant low, instant high) {
  // The ends are where a limiter fails, so they are drawn often.
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return low;
    case 1:
      return high;
    default:
      return instant(*rc::gen::inRange<std::int64_t>(low.count(), high.count() + 1));
  }
}

/// A sender with several requests in flight that is killed and restarted now and then.
class sender {
 public:
  sender(std::size_t rate, receiver& to)
      : rate_(rate), to_(to), window_(std::in_place, rate, timeout, now_) {}

  void step() {
    switch (*rc::gen::weightedElement<int>({{8, 0}, {6, 1}, {3, 2}, {1, 3}})) {
      case 0:
        return start();
      case 1:
        return end_first();
      case 2:
        return wait();
      default:
        return restart();
    }
  }

 private:
  void start() {
    const auto wanted = *rc::gen::inRange<std::size_t>(1, rate_ + 1);
    const instant free = window_->when_available(wanted, now_);
    if (free == rate_window::never) return end_first();
    move_to(free);  // as early as the window allows: the hardest for it
    const auto events = std::min(wanted, window_->available(now_));
    RC_ASSERT(events == wanted);
    const auto how = *rc::gen::weightedElement<end_kind>(
        {{6, end_kind::answered}, {2, end_kind::no_answer}, {1, end_kind::not_sent}});
    const instant end = now_ + between(0s, how == end_kind::answered ? instant(3s) : instant(timeout));
    open_.push_back({window_->begin(events, now_), events, now_, end, how});
  }

  void end_first() {
    if (open_.empty()) return;
    const auto first = std::ranges::min_element(open_, {}, &request::end);
    end_at(first);
  }

  // Ends everything that ends on the way there.
  void move_to(instant when) {
    for (;;) {
      const auto first = std::ranges::min_element(open_, {}, &request::end);
      if (first == open_.end() || first->end > when) break;
      end_at(first);
    }
    now_ = std::max(now_, when);
  }

  void end_at(std::vector<request>::iterator which) {
    const request r = *which;
    open_.erase(which);
    now_ = std::max(now_, r.end);
    window_->end(r.places, now_, r.how);
    if (r.how == end_kind::no_answer) unanswered_.push_back(r);
    if (r.how != end_kind::not_sent)
      arrive(r, r.how == end_kind::answered ? r.end : r.end + instant(timeout));
  }

  void arrive(const request& r, instant last) {
    for (std::size_t i = 0; i < r.events; ++i) to_.arrive(between(r.start, last));
  }

  void wait() { move_to(now_ + between(0s, 2s)); }

  // What has no answer is known by its offer, whether it was in flight or had been given up.
  void restart() {
    const std::vector<request> lost = std::exchange(open_, {});
    const instant stopped = now_;
    now_ += between(0s, 1s);
    std::erase_if(unanswered_, [&](const request& r) { return r.end + instant(timeout) < stopped; });
    window_.emplace(rate_, timeout, now_);
    for (const request& r : lost) {
      arrive(r, std::max(stopped, r.start) + instant(timeout));
      unanswered_.push_back(r);
    }
    for (const request& r : unanswered_) window_->hold(r.events, now_ + timeout + rate_window::width);
  }

  std::size_t rate_;
  receiver& to_;
  instant now_{0};
  std::optional<rate_window> window_;
  std::vector<request> open_, unanswered_;
};

RC_GTEST_PROP(rate_window, no_second_holds_more_than_the_rate, ()) {
  const auto rate = *rc::gen::element<std::size_t>(1, 2, 3, 7, 20);
  const auto steps = *rc::gen::inRange(1, 150);
  receiver to;
  sender from(rate, to);
  for (int i = 0; i < steps; ++i) from.step();
  RC_ASSERT(to.fastest_second() <= rate);
}

RC_GTEST_PROP(rate_window, no_second_holds_more_than_the_rate_where_arrivals_are_known, ()) {
  struct known {
    rate_window::ticket places;
    instant arrived, end;
    bool noticed = false;
  };
  const auto rate = *rc::gen::element<std::size_t>(1, 2, 3, 7, 20);
  rate_window window = rested(rate);
  receiver to;
  std::vector<known> open;
  instant now{0};
  // The next arrival or end, if there is one up to `upto`.
  const auto step = [&](instant upto) {
    const auto due = [](const known& k) { return k.noticed ? k.end : k.arrived; };
    const auto first = std::ranges::min_element(open, {}, due);
    if (first == open.end() || due(*first) > upto) return false;
    now = std::max(now, due(*first));
    if (std::exchange(first->noticed, true)) {
      window.end(first->places, now, *rc::gen::element(end_kind::answered, end_kind::no_answer));
      open.erase(first);
    } else {
      window.arrived(first->places, now);
    }
    return true;
  };
  const auto requests = *rc::gen::inRange(1, 80);
  for (int i = 0; i < requests; ++i) {
    const auto events = *rc::gen::inRange<std::size_t>(1, rate + 1);
    instant free = window.when_available(events, now);
    while (free == rate_window::never || step(free)) {
      if (free == rate_window::never) RC_ASSERT(step(rate_window::never));
      free = window.when_available(events, now);
    }
    now = free;
    const instant arrived = now + between(0s, 500ms), end = arrived + between(0s, 3s);
    open.push_back({window.begin(events, now), arrived, end});
    for (std::size_t e = 0; e < events; ++e) to.arrive(between(now, arrived));
  }
  RC_ASSERT(to.fastest_second() <= rate);
}

struct use {
  std::size_t rate, batch, in_flight;
  instant answer;
};

/// Events a second of a backlogged sender with constant answer times, over ten minutes after the first
/// second.
double throughput(const use& u) {
  constexpr instant length = 600s;
  rate_window window = rested(u.rate);
  std::deque<std::pair<instant, rate_window::ticket>> open;
  std::size_t sent = 0;
  instant now{0};
  while (now < length) {
    const bool may_start = open.size() < u.in_flight;
    const instant start = may_start ? window.when_available(u.batch, now) : rate_window::never;
    if (!open.empty() && open.front().first <= start) {
      now = open.front().first;
      window.end(open.front().second, now, end_kind::answered);
      open.pop_front();
    } else {
      now = start;
      open.emplace_back(now + u.answer, window.begin(u.batch, now));
      sent += u.batch;
    }
  }
  return static_cast<double>(sent) / std::chrono::duration<double>(length).count();
}

TEST(rate_window, at_least_99_percent_of_what_can_be_used_is) {
  const use rows[] = {
      {1000, 100, 1, 0ms},   {1000, 100, 1, 5ms},    {1000, 100, 1, 50ms}, {1000, 100, 1, 500ms},
      {1000, 100, 8, 50ms},  {1000, 100, 16, 500ms}, {1000, 1, 1, 5ms},    {1000, 1, 1000, 500ms},
      {1000, 250, 4, 120ms}, {1000, 1000, 1, 50ms},  {1000, 300, 4, 50ms}, {10, 1, 4, 200ms},
      {1, 1, 1, 1s},
  };
  for (const use& u : rows) {
    const double answer = std::chrono::duration<double>(u.answer).count();
    // Whole batches only: what of the rate no batch fits into stays unused.
    const double of_window = static_cast<double>(u.rate / u.batch * u.batch) / (1 + answer);
    const double of_flight = static_cast<double>(u.batch * u.in_flight) / answer;
    EXPECT_GE(throughput(u), 0.99 * std::min(of_window, of_flight))
        << "rate " << u.rate << ", batch " << u.batch << ", in flight " << u.in_flight << ", answer "
        << answer << " s";
  }
}

}  // namespace
}  // namespace sluice::deliver
