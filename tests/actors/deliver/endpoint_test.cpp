// Goal: lanes that share an endpoint share its limit, in turn, and none is forgotten. Method: lanes on a
// virtual clock that ask, wait, die and come back at random; and the same from real threads.
#include "actors/deliver/endpoint.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;

constexpr instant tick(1);

/// An endpoint on a clock of the test's own, and who was woken.
class endpoint_on_a_virtual_clock : public ::testing::Test {
 protected:
  endpoint make(std::optional<std::size_t> rate) {
    endpoint_options o;
    o.rate = rate;
    o.timeout = 5s;
    o.now = [this] { return now; };
    return endpoint(std::move(o));
  }
  auto ask(endpoint& at, lane_id who, std::size_t n) {
    return at.ask(who, n, [this, who] { woken.push_back(who); });
  }

  instant now{0};
  std::vector<lane_id> woken;
};

TEST_F(endpoint_on_a_virtual_clock, without_a_rate_grants_everything_at_once) {
  endpoint at = make(std::nullopt);
  EXPECT_EQ(at.most(), endpoint::unlimited);
  EXPECT_EQ(at.available(), endpoint::unlimited);
  EXPECT_TRUE(ask(at, 0, 1'000'000).granted);
  EXPECT_TRUE(ask(at, 1, 1'000'000).granted);
}

TEST_F(endpoint_on_a_virtual_clock, names_the_time_at_which_places_are_free) {
  endpoint at = make(10);
  const auto waits = ask(at, 0, 4);
  EXPECT_FALSE(waits.granted);
  EXPECT_EQ(waits.not_before, 1s + tick) << "full for a second at its start";
  now = 1s + tick;
  EXPECT_TRUE(ask(at, 0, 4).granted);
  EXPECT_EQ(at.available(), 6u);
}

TEST_F(endpoint_on_a_virtual_clock, serves_lanes_in_the_order_in_which_they_came) {
  endpoint at = make(10);
  now = 2s;
  const auto first = ask(at, 0, 7).granted;
  ASSERT_TRUE(first);
  EXPECT_FALSE(ask(at, 1, 5).granted);
  EXPECT_FALSE(ask(at, 2, 3).granted) << "there would be room, but another one is before it";
  EXPECT_TRUE(woken.empty());
  at.ended(*first, end_kind::answered);
  EXPECT_EQ(woken, std::vector<lane_id>{1}) << "it learns its time";
  EXPECT_EQ(ask(at, 1, 5).not_before, 3s + tick);
  now = 3s + tick;
  EXPECT_TRUE(ask(at, 1, 5).granted);
  EXPECT_EQ(woken, (std::vector<lane_id>{1, 2}));
  EXPECT_TRUE(ask(at, 2, 3).granted);
}

TEST_F(endpoint_on_a_virtual_clock, tells_the_first_when_it_may_go_earlier) {
  endpoint at = make(10);
  now = 2s;
  const auto slow = ask(at, 0, 5).granted, quick = ask(at, 1, 5).granted;
  at.ended(*slow, end_kind::no_answer);
  EXPECT_EQ(ask(at, 2, 5).not_before, 8s + tick);
  at.ended(*quick, end_kind::not_sent);
  EXPECT_EQ(woken, std::vector<lane_id>{2});
  EXPECT_TRUE(ask(at, 2, 5).granted);
}

TEST_F(endpoint_on_a_virtual_clock, tells_the_first_when_what_is_in_flight_has_arrived) {
  endpoint at = make(10);
  now = 2s;
  const auto slow = ask(at, 0, 10).granted;
  ASSERT_TRUE(slow);
  const auto waits = ask(at, 1, 10);
  EXPECT_FALSE(waits.granted || waits.not_before) << "it takes an end or an arrival";
  at.arrived(*slow);
  EXPECT_EQ(woken, std::vector<lane_id>{1});
  EXPECT_EQ(ask(at, 1, 10).not_before, 3s + tick);
  now = 3s + tick;
  EXPECT_TRUE(ask(at, 1, 10).granted);
  at.ended(*slow, end_kind::no_answer);
  now = 3s + tick + tick;
  EXPECT_EQ(at.available(), 0u);
}

TEST_F(endpoint_on_a_virtual_clock, lets_the_next_one_forward_when_one_leaves_the_queue) {
  endpoint at = make(10);
  now = 2s;
  ASSERT_TRUE(ask(at, 0, 5).granted);
  ask(at, 1, 10);
  ask(at, 2, 5);
  at.abandon(1);
  EXPECT_EQ(woken, std::vector<lane_id>{2});
  EXPECT_TRUE(ask(at, 2, 5).granted);
}

TEST_F(endpoint_on_a_virtual_clock, gives_a_successor_no_ticket_before_its_predecessors_request_has_ended) {
  endpoint at = make(10);
  now = 2s;
  const auto hangs = ask(at, 0, 2).granted;
  at.abandon(0);
  const auto waits = ask(at, 0, 2);
  EXPECT_FALSE(waits.granted || waits.not_before);
  EXPECT_TRUE(ask(at, 1, 2).granted) << "it is in nobody's way";
  at.ended(*hangs, end_kind::no_answer);
  EXPECT_EQ(woken, std::vector<lane_id>{0});
  EXPECT_TRUE(ask(at, 0, 2).granted);
  EXPECT_EQ(at.available(), 4u) << "what had no answer keeps its places";
}

TEST_F(endpoint_on_a_virtual_clock, holds_places_of_an_earlier_process) {
  endpoint at = make(10);
  at.hold(10, 7s);
  EXPECT_EQ(ask(at, 0, 1).not_before, 7s + tick);
}

TEST_F(endpoint_on_a_virtual_clock, sends_one_probe_for_all_lanes_of_a_dead_endpoint) {
  std::vector<bool> changes;
  endpoint_options o;
  o.circuit = circuit_options{.opens_after = 2, .retry = {.initial = 1s, .max = 60s}};
  o.random = [] { return 0.5; };
  o.circuit_changed = [&](bool open) { changes.push_back(open); };
  o.now = [this] { return now; };
  endpoint at(std::move(o));
  constexpr lane_id lanes = 8;
  std::vector<endpoint::ticket> out;
  for (lane_id i = 0; i < lanes; ++i) out.push_back(*ask(at, i, 1).granted);
  for (const auto ticket : out) at.ended(ticket, end_kind::no_answer, endpoint::failure{});
  EXPECT_EQ(changes, std::vector<bool>{true});
  std::size_t told = 0;
  for (lane_id i = 0; i < lanes; ++i) {
    const auto said = ask(at, i, 1);
    EXPECT_FALSE(said.granted);
    if (said.not_before) ++told;
  }
  EXPECT_EQ(told, 1u) << "one timer for all of them";
  for (lane_id i = 0; i < 3; ++i) {
    const auto next = static_cast<lane_id>(i + 1);
    now += 60s;
    const auto probe = ask(at, i, 1).granted;
    ASSERT_TRUE(probe) << "the first in turn";
    EXPECT_FALSE(ask(at, next, 1).granted) << "while the probe is out";
    woken.clear();
    at.ended(*probe, end_kind::not_sent, endpoint::failure{});
    EXPECT_EQ(woken, std::vector<lane_id>{next}) << "the next one learns when it may try";
    EXPECT_TRUE(ask(at, next, 1).not_before);
  }
  now += 60s;
  const auto probe = ask(at, 3, 1).granted;
  at.ended(*probe, end_kind::answered);
  EXPECT_EQ(changes, (std::vector<bool>{true, false}));
  for (lane_id i = 4; i < lanes; ++i) EXPECT_TRUE(ask(at, i, 1).granted);
}

/// Lanes that behave as lanes do: each asks, waits for its time or its wake, has one request in flight.
struct crowd {
  struct lane {
    std::size_t wants = 0;  // 0: has nothing to send
    bool asks = false;      // was woken, or its time has come
    std::optional<instant> at;
    std::optional<endpoint::ticket> sent;
    instant ends{};
    std::uint64_t waits_since = 0;
  };

  crowd(std::size_t rate, std::size_t size) : lanes(size) {
    endpoint_options o;
    o.rate = rate;
    o.timeout = 2s;
    o.now = [this] { return now; };
    to = std::make_unique<endpoint>(std::move(o));
  }

  void ask(lane_id who) {
    auto& l = lanes[who];
    l.asks = false;
    l.at.reset();
    const auto said = to->ask(who, l.wants, [this, who] { lanes[who].asks = true; });
    l.at = said.not_before;
    if (!said.granted) return;
    served.push_back({l.waits_since, who});
    l.sent = said.granted;
    l.ends = now + instant(*rc::gen::inRange<std::int64_t>(0, instant(1s).count()));
    begun += l.wants;
    l.wants = 0;
  }

  // Everything that happens up to `when`, in order.
  void run_to(instant when) {
    for (;;) {
      for (lane_id i = 0; i < lanes.size(); ++i) {
        if (lanes[i].wants > 0 && (lanes[i].asks || (lanes[i].at && *lanes[i].at <= now))) ask(i);
      }
      if (std::ranges::any_of(lanes, [](const lane& l) { return l.wants > 0 && l.asks; })) continue;
      instant next = when + tick;
      for (const lane& l : lanes) {
        if (l.sent) next = std::min(next, l.ends);
        if (l.wants > 0 && l.at) next = std::min(next, std::max(*l.at, now));
      }
      if (next > when) break;
      now = std::max(now, next);
      for (lane& l : lanes) {
        if (l.sent && l.ends <= now) to->ended(*std::exchange(l.sent, std::nullopt), end_kind::answered);
      }
    }
    now = when;
  }

  instant now{0};
  std::unique_ptr<endpoint> to;
  std::vector<lane> lanes;
  std::vector<std::pair<std::uint64_t, lane_id>> served;
  std::uint64_t turn = 0;
  std::size_t begun = 0;
};

RC_GTEST_PROP(endpoint_laws, everyone_who_waits_is_served_in_turn, ()) {
  const auto rate = *rc::gen::element<std::size_t>(1, 3, 20);
  crowd all(rate, *rc::gen::inRange<std::size_t>(1, 6));
  const auto steps = *rc::gen::inRange(1, 60);
  std::size_t wanted = 0;
  for (int i = 0; i < steps; ++i) {
    const auto who = *rc::gen::inRange<lane_id>(0, static_cast<lane_id>(all.lanes.size()));
    auto& l = all.lanes[who];
    switch (*rc::gen::weightedElement<int>({{6, 0}, {1, 1}, {5, 2}})) {
      case 0:
        if (l.wants > 0 || l.sent) break;
        l.wants = *rc::gen::inRange<std::size_t>(1, rate + 1);
        l.waits_since = ++all.turn;
        wanted += l.wants;
        all.ask(who);
        break;
      case 1:
        if (l.wants == 0) break;
        all.to->abandon(who);  // it died, and its successor asks anew
        l.waits_since = ++all.turn;
        all.ask(who);
        break;
      default:
        all.run_to(all.now + instant(*rc::gen::inRange<std::int64_t>(0, instant(2s).count())));
    }
  }
  all.run_to(all.now + 600s);
  RC_ASSERT(all.begun == wanted);
  RC_ASSERT(std::ranges::is_sorted(all.served));
}

TEST(endpoint_on_threads, keeps_its_books_whoever_calls) {
  constexpr std::size_t lanes = 4, requests = 300;
  endpoint_options o;
  o.rate = 1'000'000;
  std::atomic<std::int64_t> clock{0};
  o.now = [&] { return instant(clock.fetch_add(1'000'000)); };  // a millisecond a look
  endpoint at(std::move(o));
  std::vector<std::thread> all;
  std::atomic<std::size_t> sent = 0;
  for (lane_id who = 0; who < lanes; ++who) {
    all.emplace_back([&at, &sent, who] {
      for (std::size_t i = 0; i < requests;) {
        const auto said = at.ask(who, 400'000, [] {});
        if (!said.granted) continue;
        ++sent;
        ++i;
        at.ended(*said.granted, i % 7 == 0 ? end_kind::not_sent : end_kind::answered);
      }
    });
  }
  for (auto& each : all) each.join();
  EXPECT_EQ(sent, lanes * requests);
}

}  // namespace
}  // namespace sluice::deliver
