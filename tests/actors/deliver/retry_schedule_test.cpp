// Goal: waits grow, stay within their bounds and give way to the receiver's wish. Method: examples with fixed
// randomness, and laws over any.
#include "actors/deliver/retry_schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const retry_options options{.initial = 500ms, .max = 60s, .retry_after_max = 15min};

TEST(retry_schedule, doubles_up_to_its_maximum) {
  retry_schedule schedule(options);
  const nanoseconds expected[] = {250ms, 500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s};
  for (const nanoseconds wait : expected) EXPECT_EQ(schedule.failed(0.5).count(), wait.count());
}

TEST(retry_schedule, a_success_starts_over) {
  retry_schedule schedule(options);
  for (int i = 0; i < 20; ++i) schedule.failed(0.5);
  schedule.succeeded();
  EXPECT_EQ(schedule.failed(0.5), 250ms);
}

TEST(retry_schedule, the_receiver_wins_when_it_asks_for_longer) {
  retry_schedule schedule(options);
  EXPECT_EQ(schedule.failed(0.5, 7s), 7s);
  EXPECT_EQ(schedule.failed(0.5, 0s), 500ms) << "shorter than our own wait, which went on growing";
  EXPECT_EQ(schedule.failed(0.5, 24h), 15min) << "capped";
  EXPECT_EQ(schedule.failed(0.5, seconds::max()), 15min) << "capped before it overflows nanoseconds";
}

TEST(retry_schedule, a_fractional_cap_is_kept) {
  retry_schedule schedule({.initial = 1ms, .max = 1ms, .retry_after_max = 1500ms});
  EXPECT_EQ(schedule.failed(0.0, 1s), 1s);
  EXPECT_EQ(schedule.failed(0.0, 2s), 1500ms);
}

TEST(retry_schedule, one_wait_may_be_both_first_and_longest) {
  retry_schedule schedule({.initial = 10s, .max = 10s, .retry_after_max = 0s});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(schedule.failed(0.5, 1min), 5s);
}

RC_GTEST_PROP(retry_schedule, waits_stay_below_their_ceiling, ()) {
  const auto initial = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000'000);
  const auto times = *rc::gen::inRange<std::int64_t>(1, 1'000);
  retry_schedule schedule(
      {.initial = nanoseconds(initial), .max = nanoseconds(initial * times), .retry_after_max = 1s});
  double ceiling = static_cast<double>(initial);
  for (const auto raw : *rc::gen::arbitrary<std::vector<std::uint32_t>>()) {
    const auto wait = schedule.failed(static_cast<double>(raw) / 4294967296.0);
    RC_ASSERT(wait >= nanoseconds(0));
    RC_ASSERT(static_cast<double>(wait.count()) <= ceiling);
    ceiling = std::min(ceiling * 2, static_cast<double>(initial * times));
  }
}

}  // namespace
}  // namespace sluice::deliver
