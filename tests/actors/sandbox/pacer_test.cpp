// Goal: a steady rate, bursts where they belong, and no flood after a stand-still. Method: virtual time.
#include "actors/sandbox/pacer.hpp"

#include <gtest/gtest.h>

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;

/// Takes what is due every millisecond; how many that were in the given time.
std::size_t events_between(pacer& of, instant from, instant to) {
  std::size_t taken = 0;
  for (instant now = from + 1ms; now <= to; now += 1ms) {
    const std::size_t due = of.due(now);
    of.take(due);
    taken += due;
  }
  return taken;
}

TEST(pacer, keeps_a_rate) {
  pacer p({.rate = 333}, 5s);
  EXPECT_EQ(p.due(5s), 0U);
  const std::size_t taken = events_between(p, 5s, 105s);
  EXPECT_GE(taken, 33'299U);
  EXPECT_LE(taken, 33'300U);
  EXPECT_EQ(p.forgone(), 0U);
}

TEST(pacer, bursts_for_a_second_every_so_often) {
  pacer p({.rate = 100, .burst_factor = 5, .burst_every = 10s}, 0s);
  const std::size_t expected[] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 500, 100, 100};
  for (std::size_t second = 0; second < std::size(expected); ++second) {
    const std::size_t taken =
        events_between(p, std::chrono::seconds(second), std::chrono::seconds(second + 1));
    EXPECT_NEAR(static_cast<double>(taken), static_cast<double>(expected[second]), 1) << second;
  }
}

TEST(pacer, counts_bursts_whose_edges_nobody_looked_at) {
  pacer p({.rate = 100, .at_once = 100'000, .burst_factor = 5, .burst_every = 10s}, 0s);
  EXPECT_NEAR(static_cast<double>(p.due(35s)), 35 * 100 + 3 * 400, 1);
}

TEST(pacer, forgoes_what_was_not_taken) {
  pacer p({.rate = 100}, 0s);
  EXPECT_EQ(p.due(60s), 100U);
  EXPECT_EQ(p.forgone(), 5900U);
  pacer wide({.rate = 10, .at_once = 50}, 0s);
  EXPECT_EQ(wide.due(60s), 50U) << "those that go together are kept";
}

TEST(pacer, says_when_enough_will_be_due) {
  pacer p({.rate = 10, .at_once = 20}, 0s);
  const instant when = p.when(20, 0s);
  EXPECT_LT(p.due(when - 2ms), 20U);
  EXPECT_EQ(p.due(when + 1us), 20U);
  EXPECT_EQ(p.when(20, when + 1us), when + 1us);
  pacer still({.rate = 0}, 0s);
  EXPECT_EQ(still.when(1, 0s), instant::max());
  EXPECT_EQ(still.due(100s), 0U);
}

TEST(pacer, can_change_its_rate) {
  pacer p({.rate = 10}, 0s);
  p.set({.rate = 20}, 500ms);
  EXPECT_EQ(p.due(500ms), 5U) << "what was due stays so";
  p.set({.rate = 0}, 500ms);
  EXPECT_EQ(p.due(10s), 0U);
  p.set({.rate = 1000}, 10s);
  EXPECT_NEAR(static_cast<double>(events_between(p, 10s, 11s)), 1000, 1);
}

}  // namespace
}  // namespace sluice::sandbox
