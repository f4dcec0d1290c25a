// Goal: what a receiver asks for is understood, and nothing else. Method: a table around one fixed wall
// clock.
#include "actors/deliver/retry_after.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace sluice::deliver {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110
constexpr sys_seconds wall_now{seconds(784'111'777)};
constexpr seconds longest = std::chrono::hours(24 * 365 * 100);

struct row {
  const char* name;
  std::string_view value;
  std::optional<seconds> expected;
};

TEST(retry_after, table) {
  const row rows[] = {
      {"zero", "0", seconds(0)},
      {"seconds", "120", seconds(120)},
      {"leading zeros", "007", seconds(7)},
      {"padding", " \t30 ", seconds(30)},
      {"larger than 64 bits", "99999999999999999999999999", longest},
      {"empty", "", std::nullopt},
      {"blank", "  ", std::nullopt},
      {"negative", "-1", std::nullopt},
      {"sign", "+1", std::nullopt},
      {"fraction", "1.5", std::nullopt},
      {"unit", "1s", std::nullopt},
      {"list", "1, 2", std::nullopt},
      {"hex", "0x10", std::nullopt},
      {"now", "Sun, 06 Nov 1994 08:49:37 GMT", seconds(0)},
      {"a second ahead", "Sun, 06 Nov 1994 08:49:38 GMT", seconds(1)},
      {"a day ahead", "Mon, 07 Nov 1994 08:49:37 GMT", seconds(86'400)},
      {"past", "Sun, 06 Nov 1994 08:49:36 GMT", seconds(0)},
      {"long past", "Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)},
      {"far ahead", "Fri, 31 Dec 9999 23:59:59 GMT", longest},
      {"leap second", "Sun, 06 Nov 1994 08:49:60 GMT", seconds(23)},
      {"leap day", "Thu, 29 Feb 1996 00:00:00 GMT", seconds(41'440'223)},
      {"no leap day", "Wed, 29 Feb 1995 00:00:00 GMT", std::nullopt},
      {"wrong day of the week", "Mon, 06 Nov 1994 08:49:37 GMT", std::nullopt},
      {"lower case", "sun, 06 nov 1994 08:49:37 gmt", std::nullopt},
      {"day of one digit", "Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
      {"day 0", "Sun, 00 Nov 1994 08:49:37 GMT", std::nullopt},
      {"hour 24", "Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
      {"minute 60", "Sun, 06 Nov 1994 08:60:00 GMT", std::nullopt},
      {"second 61", "Sun, 06 Nov 1994 08:49:61 GMT", std::nullopt},
      {"unknown month", "Sun, 06 Nox 1994 08:49:37 GMT", std::nullopt},
      {"other zone", "Sun, 06 Nov 1994 08:49:37 CET", std::nullopt},
      {"obsolete RFC 850 form", "Sunday, 06-Nov-94 08:49:37 GMT", std::nullopt},
      {"obsolete asctime form", "Sun Nov  6 08:49:37 1994", std::nullopt},
      {"cut", "Sun, 06 Nov 1994 08:49:37", std::nullopt},
      {"more behind", "Sun, 06 Nov 1994 08:49:37 GMT;", std::nullopt},
      {"letters where digits belong", "Sun, 0a Nov 1994 08:49:37 GMT", std::nullopt},
  };
  for (const row& r : rows) EXPECT_EQ(parse_retry_after(r.value, wall_now), r.expected) << r.name;
}

RC_GTEST_PROP(retry_after, is_never_negative_nor_endless, (const std::string& value, std::uint32_t now)) {
  const auto wait = parse_retry_after(value, sys_seconds(seconds(now)));
  if (wait) RC_ASSERT(*wait >= seconds(0) && *wait <= longest);
}

}  // namespace
}  // namespace sluice::deliver
