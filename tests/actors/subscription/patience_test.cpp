// Goal: what passes by itself is tried again, a bounded number of times; what does not is not; what may have
// been carried out is not repeated when that could do harm.
#include "actors/subscription/patience.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::subscription {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr std::chrono::sys_seconds wall{std::chrono::seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

net::http::attempt answer(int status, std::string retry_after = {}) {
  return net::http::reply{status, std::move(retry_after), {}, {}};
}
net::http::attempt fault(errc code, bool sent) {
  return tl::unexpected(net::http::attempt_failure{{code, "x", {}}, sent});
}

/// All waits until it gives up.
std::vector<nanoseconds> waits(const net::http::attempt& always, bool repeatable, double random = 0.5) {
  patience p(repeatable);
  std::vector<nanoseconds> all;
  while (const auto wait = p.after(always, random, wall)) all.push_back(*wait);
  return all;
}

TEST(patience, waits_one_two_and_four_seconds_after_429) {
  const std::vector<nanoseconds> expected{1s, 2s, 4s};
  EXPECT_EQ(waits(answer(429), true), expected);
  EXPECT_EQ(waits(answer(429), false), expected) << "it was not carried out";
}

TEST(patience, waits_as_long_as_it_is_asked_to_when_that_is_longer) {
  EXPECT_EQ(waits(answer(429, "3"), true), (std::vector<nanoseconds>{3s, 3s, 4s}));
  EXPECT_EQ(waits(answer(429, "0"), true), (std::vector<nanoseconds>{1s, 2s, 4s}));
  EXPECT_EQ(waits(answer(429, "180"), true), (std::vector<nanoseconds>{180s, 180s, 180s}));
  EXPECT_EQ(waits(answer(429, "Sun, 06 Nov 1994 08:49:42 GMT"), true),
            (std::vector<nanoseconds>{5s, 5s, 5s}));
  EXPECT_EQ(waits(answer(503, "7"), true), (std::vector<nanoseconds>{7s, 7s, 7s, 7s}));
}

TEST(patience, does_not_wait_for_who_asks_too_much) {
  EXPECT_TRUE(waits(answer(429, "181"), true).empty());
  EXPECT_TRUE(waits(answer(503, "99999999999999999999"), true).empty());
}

TEST(patience, backs_off_from_faults_with_full_jitter) {
  const std::vector<nanoseconds> half{250ms, 500ms, 1s, 2s}, none(4, 0s);
  EXPECT_EQ(waits(answer(500), true), half);
  EXPECT_EQ(waits(answer(503), true, 0.0), none);
  EXPECT_EQ(waits(fault(errc::unreachable, false), true), half);
  EXPECT_EQ(waits(fault(errc::unreachable, false), false), half) << "nothing was sent";
  EXPECT_EQ(waits(fault(errc::timed_out, true), true), half);
}

TEST(patience, counts_rate_limits_and_faults_apart) {
  patience p(true);
  for (int i = 0; i < patience::limited_max; ++i) EXPECT_TRUE(p.after(answer(429), 0.5, wall));
  for (int i = 0; i < patience::faults_max; ++i) EXPECT_TRUE(p.after(answer(500), 0.5, wall));
  EXPECT_FALSE(p.after(answer(429), 0.5, wall));
  EXPECT_FALSE(p.after(answer(500), 0.5, wall));
}

TEST(patience, does_not_repeat_what_will_not_change) {
  for (const int status : {200, 301, 400, 401, 403, 404, 405, 409, 415, 501})
    EXPECT_TRUE(waits(answer(status), true).empty()) << status;
  EXPECT_TRUE(waits(fault(errc::untrusted, false), true).empty());
}

TEST(patience, does_not_repeat_what_may_have_been_carried_out) {
  EXPECT_TRUE(waits(answer(500), false).empty());
  EXPECT_TRUE(waits(answer(503), false).empty());
  EXPECT_TRUE(waits(answer(504, "1"), false).empty());
  EXPECT_TRUE(waits(fault(errc::timed_out, true), false).empty());
}

TEST(patience, knows_what_may_have_been_carried_out) {
  EXPECT_TRUE(patience::perhaps_done(answer(502)));
  EXPECT_TRUE(patience::perhaps_done(fault(errc::closed, true)));
  EXPECT_FALSE(patience::perhaps_done(answer(501)));
  EXPECT_FALSE(patience::perhaps_done(answer(429)));
  EXPECT_FALSE(patience::perhaps_done(answer(400)));
  EXPECT_FALSE(patience::perhaps_done(fault(errc::unreachable, false)));
}

}  // namespace
}  // namespace sluice::subscription
