// Goal: credentials and forms are read as their standards say, and nothing else is. Method: tables.
#include "actors/sandbox/encoded_text.hpp"

#include <gtest/gtest.h>

namespace sluice::sandbox {
namespace {

TEST(base64, table) {
  struct row {
    std::string_view text;
    std::optional<std::string> expected;
  };
  const row rows[] = {
      {"", ""},
      {"Zg==", "f"},
      {"Zm8=", "fo"},
      {"Zm9v", "foo"},
      {"Zm9vYmFy", "foobar"},
      {"aWQ6c2VjcmV0", "id:secret"},
      {"+/+/", "\xfb\xff\xbf"},
      {"Zg", std::nullopt},
      {"Zg=", std::nullopt},
      {"Z===", std::nullopt},
      {"Zm9-", std::nullopt},
      {"Zm9v\n", std::nullopt},
  };
  for (const row& r : rows) EXPECT_EQ(decode_base64(r.text), r.expected) << r.text;
}

TEST(form, table) {
  struct row {
    std::string_view text;
    std::optional<form> expected;
  };
  const row rows[] = {
      {"", form{}},
      {"a=1", form{{"a", "1"}}},
      {"a=1&b=2", form{{"a", "1"}, {"b", "2"}}},
      {"a", form{{"a", ""}}},
      {"a=", form{{"a", ""}}},
      {"a=b=c", form{{"a", "b=c"}}},
      {"&&a=1&", form{{"a", "1"}}},
      {"a=x+y%20z", form{{"a", "x y z"}}},
      {"%61=%3D%26", form{{"a", "=&"}}},
      {"a=%c3%A4", form{{"a", "\u00e4"}}},
      {"a=%4", std::nullopt},
      {"a=%zz", std::nullopt},
  };
  for (const row& r : rows) EXPECT_EQ(parse_form(r.text), r.expected) << r.text;
}

TEST(form, gives_the_first_value_of_a_name) {
  const form fields{{"a", "1"}, {"a", "2"}};
  ASSERT_NE(value_of(fields, "a"), nullptr);
  EXPECT_EQ(*value_of(fields, "a"), "1");
  EXPECT_EQ(value_of(fields, "b"), nullptr);
}

}  // namespace
}  // namespace sluice::sandbox
