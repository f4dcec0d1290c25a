// Goal: bytes survive, and a text that another reader could read differently is refused. Method: the vectors
// of RFC 4648 section 10, a table of wrong texts, and the round trip as a law.
#include "net/base64.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace sluice::net {
namespace {

TEST(base64, agrees_with_the_rfc) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xfe", "+//+"},
  };
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes) << text;
  }
}

TEST(base64, refuses_other_spellings) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm9v ", " Zm9v", "Zm9v\n", "Zm 9v", "Zm-v",
        "Zm_v", "Z", "Zg==Zg==", "Zg==a", "Z===", "\xc3\xbc=="})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

RC_GTEST_PROP(base64, gives_back_what_it_was_given, (const std::string& bytes)) {
  RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

}  // namespace
}  // namespace sluice::net
