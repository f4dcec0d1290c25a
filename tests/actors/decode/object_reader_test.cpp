// Goal: an event taken apart is the event: every member, in order, its value byte for byte. Method: a table,
// and a law that puts it together again.
#include "actors/decode/object_reader.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <utility>
#include <vector>

#include "messages/json_string.hpp"

namespace sluice::decode {
namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs read(object_reader& with, std::string_view text) {
  const auto found = with.read(text);
  if (!found) return {{"error", std::string(to_string(found.error().code))}};
  pairs all;
  for (const object_member& m : *found) all.emplace_back(m.key, m.value);
  return all;
}

TEST(object_reader, gives_keys_unescaped_and_values_as_they_stand) {
  const std::vector<std::pair<std::string, pairs>> table = {
      {"{}", {}},
      {R"({"a":1})", {{"a", "1"}}},
      {" {\n \"a\" : 1.50e3 ,\t\"b\":\"x\\u0041\" } ", {{"a", "1.50e3"}, {"b", "\"x\\u0041\""}}},
      {R"({"a":{"a":[1, 2]},"a":null})", {{"a", R"({"a":[1, 2]})"}, {"a", "null"}}},
      {"{\"\\u0061b\":true,\"\\\"\\n\":{}}", {{"ab", "true"}, {"\"\n", "{}"}}},
      {"", {{"error", "not_json"}}},
      {"[1]", {{"error", "unsupported"}}},
      {"1", {{"error", "unsupported"}}},
      {R"({"a":1)", {{"error", "not_json"}}},
      {R"({"a":01})", {{"error", "not_json"}}},
      {R"({"a":1}})", {{"error", "not_json"}}},
      {R"({"a":1}{"b":2})", {{"error", "not_json"}}},
      {R"({"a":"\ud800"})", {{"error", "not_json"}}},
  };
  object_reader reader;
  for (const auto& [text, expected] : table) EXPECT_EQ(read(reader, text), expected) << text;
}

TEST(object_reader, does_not_need_the_text_afterwards) {
  object_reader reader;
  std::string text = R"({"first\u0021":"one","second":[2]})";
  const auto found = reader.read(text);
  text.assign(text.size(), '#');
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0].key, "first!");
  EXPECT_EQ((*found)[0].value, "\"one\"");
  EXPECT_EQ((*found)[1].value, "[2]");
}

TEST(object_reader, takes_what_a_batch_may_hold_and_no_more_depth) {
  object_reader reader;
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(reader.read(nested(500)));
  EXPECT_FALSE(reader.read(nested(2000)));
}

RC_GTEST_PROP(object_reader, loses_nothing, (const std::vector<std::pair<std::string, std::string>>& of)) {
  std::string text = "{";
  pairs expected;
  for (const auto& [key, value] : of) {
    if (text.size() > 1) text += ",";
    append_json_string(text, key);
    text += ":";
    std::string quoted;
    append_json_string(quoted, value);
    text += quoted;
    std::string plain;
    append_json_string(plain, key);
    expected.emplace_back(string_text(plain), quoted);
  }
  object_reader reader;
  RC_ASSERT(read(reader, text + "}") == expected);
}

TEST(string_text, is_what_the_string_stands_for) {
  EXPECT_EQ(string_text(R"("")"), "");
  EXPECT_EQ(string_text(R"("a\n\"\u00e9\ud83d\ude00")"), "a\n\"\u00e9\U0001F600");
}

}  // namespace
}  // namespace sluice::decode
