// Goal: what goes out as a URI reference is one, and one that was one is not changed. Method: a table, and
// laws against a grammar of RFC 3986 appendix B that is written another way.
#include "actors/deliver/uri_reference.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <regex>

namespace sluice::deliver {
namespace {

/// Section 4.1 as one expression; IP literals left out, which nothing here makes.
bool is_reference(const std::string& text) {
  static const std::string unreserved = "[A-Za-z0-9\\-._~]", pct = "%[0-9A-Fa-f]{2}", sub = "[!$&'()*+,;=]";
  static const std::string character = "(?:" + unreserved + "|" + pct + "|" + sub + ")";
  static const std::string pchar = "(?:" + character + "|[:@])";
  static const std::string authority = "(?:(?:" + character + "|:)*@)?" + character + "*(?::[0-9]*)?";
  static const std::string tail = "(?:/" + pchar + "*)*";
  static const std::string part = "(?://" + authority + tail + "|/(?:" + pchar + "+" + tail + ")?|";
  static const std::regex form("(?:[A-Za-z][A-Za-z0-9+\\-.]*:" + part + pchar + "+" + tail + "|)|" + part +
                               "(?:" + character + "|@)+" + tail + "|))(?:\\?(?:" + pchar +
                               "|[/?])*)?(?:#(?:" + pchar + "|[/?])*)?");
  return std::regex_match(text, form);
}

TEST(uri_reference, encodes_what_must_not_stand_there) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", ""},
      {"conversation:transcript", "conversation:transcript"},
      {"v2.conversations.{id}.transcription", "v2.conversations.%7Bid%7D.transcription"},
      {"aws.partner/genesys.com/cloud/x", "aws.partner/genesys.com/cloud/x"},
      {"//genesys.cloud/orgs/1", "//genesys.cloud/orgs/1"},
      {"https://h:443/a?b#c", "https://h:443/a?b#c"},
      {"a b\"<>\\^`{|}", "a%20b%22%3C%3E%5C%5E%60%7B%7C%7D"},
      {"\u00e9\n", "%C3%A9%0A"},
      {"100%", "100%25"},
      {"100%2f", "100%2f"},
      {"%zz", "%25zz"},
      {"1:2", "1%3A2"},
      {":", "%3A"},
      {"1/a:b", "1/a:b"},
      {"a#b#c", "a#b%23c"},
      {"[::1]", "%5B%3A%3A1%5D"},
      {"//a:b", "/%2Fa:b"},
      {"x://a@b@c", "x:/%2Fa@b@c"},
      {"x://a@b:1/c:d", "x://a@b:1/c:d"},
  };
  for (const auto& [text, expected] : table) {
    EXPECT_EQ(uri_reference(text), expected) << text;
    EXPECT_TRUE(is_reference(expected)) << expected;
  }
}

RC_GTEST_PROP(uri_reference, is_one_whatever_the_text, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string("a1:/?#@%[] .-+&")), rc::gen::arbitrary<char>()));
  const std::string out = uri_reference(text);
  RC_ASSERT(is_reference(out));
  RC_ASSERT(uri_reference(out) == out);
  if (is_reference(text)) RC_ASSERT(out == text);
}

}  // namespace
}  // namespace sluice::deliver
