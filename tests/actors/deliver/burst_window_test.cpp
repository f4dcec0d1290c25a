// Goal: whatever a stream answers, every event leaves once and in order, and what the stream has is not sent
// again. Method: tables of answers; and a stream that stores, refuses and forgets at random.
#include "actors/deliver/burst_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sluice::deliver {
namespace {

using net::nats::acknowledgement;
using kind = acknowledgement::kind;

dead_letter event(position at, std::size_t bytes = 1, std::int64_t received_ms = 0) {
  dead_letter e;
  e.at = at;
  e.received_ms = received_ms;
  e.event = std::string(bytes, 'x');
  return e;
}

std::vector<position> positions(const std::vector<dead_letter>& of) {
  std::vector<position> all;
  for (const auto& e : of) all.push_back(e.at);
  return all;
}

std::vector<position> begin(burst_window& of, std::size_t most) {
  std::vector<position> all;
  for (const auto* e : of.begin(most)) all.push_back(e->at);
  return all;
}

/// `s` stored, `u` unknown, another letter: refused, for this reason.
void end(burst_window& of, std::string_view answers) {
  std::vector<acknowledgement> all;
  for (const char c : answers) {
    const kind how = c == 's' ? kind::stored : c == 'u' ? kind::unknown : kind::refused;
    all.push_back({how, how == kind::stored ? "" : std::string(1, c)});
  }
  of.ended(all);
}

burst_window holding(std::size_t events, std::size_t most = 10, std::size_t bytes = 1000) {
  burst_window w(most, bytes);
  for (position at = 1; at <= events; ++at) w.take(event(at));
  return w;
}

TEST(burst_window, cuts_bursts_by_events_and_by_bytes) {
  struct row {
    const char* what;
    std::size_t events, bytes;
    std::vector<std::size_t> weights, bursts;
  };
  for (const row& r : std::vector<row>{
           {"nothing", 10, 100, {}, {}},
           {"by events", 2, 100, {1, 1, 1, 1, 1}, {2, 2, 1}},
           {"by bytes, to the last one", 10, 100, {50, 50, 50}, {2, 1}},
           {"never beyond the bytes", 10, 100, {60, 41, 59}, {1, 2}},
           {"a larger one alone", 10, 100, {10, 101, 10}, {1, 1, 1}},
       }) {
    burst_window w(r.events, r.bytes);
    position at = 0;
    for (const auto bytes : r.weights) w.take(event(++at, bytes));
    std::vector<std::size_t> bursts;
    while (w.next(r.events) > 0) {
      bursts.push_back(begin(w, r.events).size());
      end(w, std::string(bursts.back(), 's'));
      EXPECT_EQ(w.leave_stored().size(), bursts.back()) << r.what;
    }
    EXPECT_EQ(bursts, r.bursts) << r.what;
    EXPECT_TRUE(w.empty()) << r.what;
  }
}

TEST(burst_window, lets_only_the_front_leave_and_sends_what_is_not_acknowledged) {
  struct row {
    const char* answers;
    std::vector<position> stored, refused, next;
  };
  for (const row& r : std::vector<row>{
           {"sssss", {1, 2, 3, 4, 5}, {}, {}},
           {"uuuuu", {}, {}, {1, 2, 3, 4, 5}},
           {"ssuss", {1, 2}, {}, {3}},
           {"ususu", {}, {}, {1, 3, 5}},
           {"arsss", {}, {1}, {}},
           {"aarss", {}, {1, 2}, {}},
           {"ssaus", {1, 2}, {3}, {4}},
           {"suaas", {1}, {}, {2}},
       }) {
    auto w = holding(5);
    begin(w, 5);
    end(w, r.answers);
    EXPECT_EQ(positions(w.leave_stored()), r.stored) << r.answers;
    EXPECT_EQ(positions(w.leave_refused()), r.refused) << r.answers;
    const auto next = w.next(10) > 0 ? begin(w, 10) : std::vector<position>();
    EXPECT_EQ(next, r.next) << r.answers;
    end(w, std::string(next.size(), 's'));
    std::size_t left = 0;
    for (std::size_t gone = 1; gone > 0; left += gone)
      gone = w.leave_stored().size() + w.leave_refused().size();
    EXPECT_EQ(left + r.stored.size() + r.refused.size(), 5u) << r.answers;
    EXPECT_TRUE(w.empty()) << r.answers;
  }
}

TEST(burst_window, gives_up_what_waits_up_to_an_event_that_is_acknowledged) {
  auto w = holding(5);
  EXPECT_FALSE(w.front_failed()) << "it was not tried";
  begin(w, 4);
  EXPECT_FALSE(w.front_failed()) << "it is under way";
  end(w, "uusu");
  EXPECT_TRUE(w.front_failed());
  const auto any = [](const dead_letter&) { return true; };
  EXPECT_TRUE(w.give_up([](const dead_letter&) { return false; }).empty());
  const auto gone = w.give_up(any);
  EXPECT_EQ(positions(gone), (std::vector<position>{1, 2}));
  EXPECT_EQ(gone[0].attempts, 1u);
  EXPECT_TRUE(w.give_up(any).empty()) << "the stream has the next one";
  EXPECT_EQ(positions(w.leave_stored()), (std::vector<position>{3}));
  EXPECT_EQ(positions(w.give_up(any)), (std::vector<position>{4, 5}));
  EXPECT_TRUE(w.empty());
  EXPECT_TRUE(w.wants());
}

TEST(burst_window, knows_since_when_its_first_event_waits) {
  burst_window w(10, 100);
  EXPECT_EQ(w.waiting_since_ms(), 0);
  w.take(event(1, 1, 77));
  EXPECT_EQ(w.waiting_since_ms(), 77);
  auto redriven = event(2, 1, 78);
  redriven.redriven_ms = 99;
  redriven.attempts = 4;
  w.take(redriven);
  begin(w, 1);
  end(w, "s");
  w.leave_stored();
  EXPECT_EQ(w.waiting_since_ms(), 99);
  begin(w, 1);
  end(w, "u");
  begin(w, 1);
  end(w, "r");
  EXPECT_EQ(w.leave_refused().at(0).attempts, 6u) << "of all generations together";
}

RC_GTEST_PROP(burst_window, lets_every_event_leave_once_and_in_order, ()) {
  const auto events = *rc::gen::inRange<std::size_t>(1, 12), bytes = *rc::gen::inRange<std::size_t>(1, 40);
  burst_window w(events, bytes);
  std::map<position, std::size_t> stored;
  position taken = 0, left = 0;
  bool under_way = false;
  std::vector<position> burst;
  const auto leaves = [&](const std::vector<dead_letter>& gone, bool was_stored) {
    for (const auto& e : gone) {
      RC_ASSERT(e.at == ++left);
      RC_ASSERT(stored.contains(e.at) == was_stored);
      RC_ASSERT(e.event.empty() == was_stored);
    }
  };
  for (const int step : *rc::gen::container<std::vector<int>>(200, rc::gen::inRange(0, 100))) {
    if (step < 40) {
      if (!w.wants()) continue;
      ++taken;
      w.take(event(taken, 1 + taken % 9));
    } else if (!under_way && step < 60) {
      const std::size_t most = step % 2 == 0 ? 1 : events, n = w.next(most);
      if (n == 0) continue;
      burst = begin(w, most);
      RC_ASSERT(burst.size() == n && n <= most);
      std::size_t sum = 0;
      for (const position at : burst) {
        RC_ASSERT(!stored.contains(at));
        sum += 1 + at % 9;
      }
      RC_ASSERT(n == 1 || sum <= bytes);
      under_way = true;
    } else if (under_way && step < 80) {
      std::string answers;
      for (const position at : burst) {
        answers += "sssur"[static_cast<std::size_t>(*rc::gen::inRange(0, 5))];
        if (answers.back() == 's') ++stored[at];
      }
      end(w, answers);
      under_way = false;
    } else if (step < 90) {
      leaves(w.leave_stored(), true);
    } else if (step < 97) {
      leaves(w.leave_refused(), false);
    } else if (!under_way) {
      leaves(w.give_up([&](const dead_letter& e) { return e.at % 2 == 0; }), false);
    }
    RC_ASSERT(taken - left <= 2 * events);
    RC_ASSERT(w.empty() == (taken == left));
  }
}

}  // namespace
}  // namespace sluice::deliver
