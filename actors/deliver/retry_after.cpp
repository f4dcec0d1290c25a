// Strict by position: an IMF-fixdate has exactly 29 characters.
#include "actors/deliver/retry_after.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::deliver {
namespace {

using std::chrono::seconds;

/// So large that adding it to any time of this century does not overflow nanoseconds.
constexpr seconds longest = std::chrono::hours(24 * 365 * 100);

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<seconds> delta_seconds(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = std::min<std::int64_t>(value * 10 + (c - '0'), longest.count());
  }
  return seconds(value);
}

// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<std::chrono::sys_seconds> imf_fixdate(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto day = digits(text.substr(5, 2)), year = digits(text.substr(12, 4)),
             hour = digits(text.substr(17, 2)), minute = digits(text.substr(20, 2)),
             second = digits(text.substr(23, 2));
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second

  const auto* const month = std::ranges::find(month_names, text.substr(8, 3));
  if (month == month_names.end()) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month - month_names.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_days days(date);
  if (day_names[std::chrono::weekday(days).c_encoding()] != text.substr(0, 3)) return std::nullopt;
  return days + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + seconds(*second);
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, std::chrono::sys_seconds wall_now) {
  const auto padding = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && padding(value.front())) value.remove_prefix(1);
  while (!value.empty() && padding(value.back())) value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (is_digit(value.front())) return delta_seconds(value);
  const auto date = imf_fixdate(value);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::duration_cast<seconds>(*date - wall_now), seconds(0), longest);
}

}  // namespace sluice::deliver
