// Goal: the sender repeats what AWS repeats and nothing else, and its waits grow, stay bounded and end.
// Method: tables, and laws over any number of attempts.
#include "actors/sandbox/retry_policy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(fate, is_that_of_api_destinations) {
  for (const int status : {200, 201, 202, 204}) EXPECT_EQ(fate_of(status), fate::acknowledged) << status;
  for (const int status : {0, 401, 407, 409, 429, 500, 502, 503, 504, 599})
    EXPECT_EQ(fate_of(status), fate::again) << status;
  for (const int status : {301, 304, 400, 403, 404, 408, 410, 413, 415, 422, 431})
    EXPECT_EQ(fate_of(status), fate::lost) << status;
}

constexpr retry_limits limits{.initial = 200ms, .max = 10s, .attempts_max = 185, .age_max = 24h};

TEST(wait_before_retry, doubles_up_to_its_maximum) {
  const nanoseconds expected[] = {200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10s, 10s};
  for (std::size_t i = 0; i < std::size(expected); ++i)
    EXPECT_EQ(wait_before_retry(limits, i + 1, 0s, "", 0.0), expected[i] / 2) << i;
}

TEST(wait_before_retry, heeds_retry_after) {
  struct row {
    const char* name;
    std::string_view retry_after;
    std::optional<nanoseconds> expected;
  };
  const row rows[] = {
      {"longer", "7", 7s},
      {"shorter", "0", 100ms},
      {"none", "", 100ms},
      {"a date", "Sun, 06 Nov 1994 08:49:37 GMT", 100ms},
      {"not a number", "x", 100ms},
      {"ends the retries", "-1", std::nullopt},
      {"a day", "86400", 24h},
      {"too long", "86401", std::nullopt},
      {"far too long", "9999999999999999999", 100ms},
  };
  for (const row& r : rows)
    EXPECT_EQ(wait_before_retry(limits, 1, 0s, r.retry_after, 0.0), r.expected) << r.name;
}

TEST(wait_before_retry, ends) {
  EXPECT_TRUE(wait_before_retry(limits, 184, 0s, "", 0.0));
  EXPECT_FALSE(wait_before_retry(limits, 185, 0s, "", 0.0));
  EXPECT_TRUE(wait_before_retry(limits, 1, 24h - 100ms, "", 0.0));
  EXPECT_FALSE(wait_before_retry(limits, 1, 24h - 99ms, "", 0.0));
}

RC_GTEST_PROP(wait_before_retry, stays_between_its_bounds, (std::uint8_t attempts, std::uint16_t draw)) {
  const double random = static_cast<double>(draw) / 65536;
  const auto wait = wait_before_retry(limits, attempts % 184 + 1U, 0s, "", random);
  RC_ASSERT(wait.has_value());
  RC_ASSERT(*wait >= limits.initial / 2 && *wait <= limits.max);
}

}  // namespace
}  // namespace sluice::sandbox
