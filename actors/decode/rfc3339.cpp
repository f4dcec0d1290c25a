#include "actors/decode/rfc3339.hpp"

#include <cstddef>

namespace sluice::decode {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The number that two digits at `p` are; otherwise something, and `bad` is set.
constexpr int two_digits(const char* p, bool& bad) noexcept {
  const auto tens = static_cast<unsigned>(p[0] - '0'), ones = static_cast<unsigned>(p[1] - '0');
  bad |= (tens > 9) | (ones > 9);
  return static_cast<int>(tens * 10 + ones);
}

constexpr bool is_leap_year(int year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int year, int month) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, years 0 to 9999.
constexpr std::int64_t days_since_epoch(int year, int month, int day) noexcept {
  constexpr int days_before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const int before = year - 1;  // -1 for year 0, where the divisions below round towards zero as they should
  const int leap_days = year == 0 ? -1 : before / 4 - before / 100 + before / 400;
  const int leap_this_year = month > 2 && is_leap_year(year) ? 1 : 0;
  constexpr int days_to_1970 = 719'162;  // from 0001-01-01
  return std::int64_t{before} * 365 + leap_days + days_before_month[month - 1] + leap_this_year + day - 1 -
         days_to_1970;
}
static_assert(days_since_epoch(1970, 1, 1) == 0);
static_assert(days_since_epoch(2000, 3, 1) == 11'017);
static_assert(days_since_epoch(1, 1, 1) == -719'162);
static_assert(days_since_epoch(0, 12, 31) == -719'163);
static_assert(days_since_epoch(0, 1, 1) == -719'528);

/// Milliseconds of `.digits` at the front of `rest`, which loses them; 0 when there is no fraction, -1 when a
/// point stands alone.
int take_fraction_ms(std::string_view& rest) noexcept {
  if (rest.empty() || rest.front() != '.') return 0;
  int milliseconds = 0, weight = 100;
  std::size_t at = 1;
  for (; at < rest.size() && is_digit(rest[at]); ++at) {
    milliseconds += (rest[at] - '0') * weight;
    weight /= 10;
  }
  if (at == 1) return -1;
  rest.remove_prefix(at);
  return milliseconds;
}

/// Minutes that `zone` (all of it) is ahead of UTC.
std::optional<int> zone_minutes(std::string_view zone) noexcept {
  if (zone == "Z" || zone == "z") return 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  bool bad = false;
  const int hours = two_digits(zone.data() + 1, bad), minutes = two_digits(zone.data() + 4, bad);
  if (bad || hours > 23 || minutes > 59) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept {
  constexpr std::size_t fixed = 19;  // YYYY-MM-DDThh:mm:ss
  if (text.size() <= fixed) return std::nullopt;
  const char* p = text.data();
  bool bad = (p[4] != '-') | (p[7] != '-') | ((p[10] | 0x20) != 't') | (p[13] != ':') | (p[16] != ':');
  const int century = two_digits(p, bad), of_century = two_digits(p + 2, bad);
  const int month = two_digits(p + 5, bad), day = two_digits(p + 8, bad);
  const int hour = two_digits(p + 11, bad), minute = two_digits(p + 14, bad),
            second = two_digits(p + 17, bad);
  bad |= (month < 1) | (month > 12) | (hour > 23) | (minute > 59) | (second > 60);
  if (bad) return std::nullopt;
  const int year = century * 100 + of_century;
  if (day < 1 || day > days_in_month(year, month)) return std::nullopt;

  std::string_view rest = text.substr(fixed);
  const int milliseconds = take_fraction_ms(rest);
  const auto ahead = zone_minutes(rest);
  if (milliseconds < 0 || !ahead) return std::nullopt;
  const std::int64_t minutes = (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute - *ahead;
  return (minutes * 60 + second) * 1000 + milliseconds;
}

}  // namespace sluice::decode
