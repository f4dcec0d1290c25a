// Goal: exactly the timestamps of RFC 3339 have a time, and it is the right one. Tables of edges, and a law:
// what is written for a time by independent code is read as that time.
#include "actors/decode/rfc3339.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace sluice::decode {
namespace {

struct valid_row {
  const char* text;
  std::int64_t milliseconds;
};

TEST(rfc3339, reads_what_is_valid) {
  const valid_row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1969-12-31T23:59:59.999Z", -1},
      {"1969-12-31T23:59:59.9999999Z", -1},
      {"1970-01-01T00:00:00.0009Z", 0},
      {"1970-01-01T00:00:00.001Z", 1},
      {"1970-01-01T00:00:00.5Z", 500},
      {"1970-01-01T00:00:00.05Z", 50},
      {"1970-01-01T00:00:00.00000000000000000000000000000000000001Z", 0},
      {"2026-01-15T11:30:00.123456789+01:00", 1768473000123},
      {"2026-01-15T10:30:00.123Z", 1768473000123},
      {"2026-01-15T10:30:00+00:00", 1768473000000},
      {"2026-01-15T10:30:00-00:00", 1768473000000},
      {"2026-01-15T00:30:00-10:00", 1768473000000},
      {"2026-01-16T10:29:00+23:59", 1768473000000},
      {"2024-02-29T00:00:00Z", 1709164800000},
      {"2000-02-29T12:00:00Z", 951825600000},
      {"2016-12-31T23:59:60Z", 1483228800000},
      {"2016-12-31T23:59:60.999Z", 1483228800999},
      {"0000-01-01T00:00:00Z", -62167219200000},
      {"0000-02-29T00:00:00Z", -62162121600000},
      {"0001-01-01T00:00:00Z", -62135596800000},
      {"9999-12-31T23:59:59.999Z", 253402300799999},
      {"9999-12-31T23:59:59-23:59", 253402387139000},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_rfc3339(row.text), row.milliseconds) << row.text;
}

TEST(rfc3339, refuses_everything_else) {
  const char* const rows[] = {
      "",
      "Z",
      "yesterday",
      "2026-01-15",
      "2026-01-15T10:30:00",
      "2026-01-15T10:30Z",
      "2026-01-15 10:30:00Z",
      "2026-01-15T10:30:00.Z",
      "2026-01-15T10:30:00.123",
      "2026-01-15T10:30:00,5Z",
      "2026-01-15T10:30:00ZZ",
      " 2026-01-15T10:30:00Z",
      "2026-01-15T10:30:00Z ",
      "2026-01-15T10:30:00 Z",
      "2026-01-15T10:30:00+0100",
      "2026-01-15T10:30:00+01",
      "2026-01-15T10:30:00+1:00",
      "2026-01-15T10:30:00+24:00",
      "2026-01-15T10:30:00+01:60",
      "2026-01-15T10:30:00+01:0",
      "2026-01-15T10:30:00+01:000",
      "2026-01-15T24:00:00Z",
      "2026-01-15T23:60:00Z",
      "2026-01-15T23:00:61Z",
      "2026-02-30T25:61:61Z",
      "2026-02-29T00:00:00Z",
      "2100-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-01-32T00:00:00Z",
      "+2026-01-15T10:30:00Z",
      "-026-01-15T10:30:00Z",
      "02026-01-15T10:30:00Z",
      "2026-1-15T10:30:00Z",
      "2026-01-15T10:3x:00Z",
      "2026/01/15T10:30:00Z",
      "20260115T103000Z",
      "2026-W03-4T10:30:00Z",
      "1768473000123",
      "2026-01-15T10:30:00.1x3Z",
      "2026-01-15T-1:30:00Z",
      "2026-01-15T10:30:-1Z",
  };
  for (const char* row : rows) EXPECT_EQ(parse_rfc3339(row), std::nullopt) << row;
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_rfc3339("2026-01-15T10:30:00Z\0"sv), std::nullopt);
}

/// Written with the standard library's calendar, so that both sides do not share a mistake.
std::string write(std::int64_t milliseconds, int zone_minutes) {
  using namespace std::chrono;
  const sys_time<std::chrono::milliseconds> local{std::chrono::milliseconds(milliseconds) +
                                                  minutes(zone_minutes)};
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss time(local - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03d%c%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()), zone_minutes < 0 ? '-' : '+',
                std::abs(zone_minutes) / 60, std::abs(zone_minutes) % 60);
  return text;
}

RC_GTEST_PROP(rfc3339_law, reads_back_what_was_written, ()) {
  constexpr std::int64_t day_ms = 86'400'000;
  const auto time =
      *rc::gen::inRange<std::int64_t>(-62'167'219'200'000 + day_ms, 253'402'300'800'000 - day_ms);
  const auto zone = *rc::gen::inRange(-23 * 60 - 59, 24 * 60);
  const std::string text = write(time, zone);
  RC_LOG(text);
  RC_ASSERT(parse_rfc3339(text) == time);
}

TEST(rfc3339, knows_every_day_of_the_calendar) {
  using namespace std::chrono;
  for (sys_days day = sys_days(year(0) / 1 / 1); day <= sys_days(year(9999) / 12 / 31); day += days(1)) {
    const std::int64_t expected = duration_cast<milliseconds>(day.time_since_epoch()).count();
    ASSERT_EQ(parse_rfc3339(write(expected, 0)), expected) << write(expected, 0);
  }
}

}  // namespace
}  // namespace sluice::decode
