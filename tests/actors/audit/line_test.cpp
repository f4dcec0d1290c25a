// Goal: one event is one line of JSON, whatever it contains. Method: a table of texts as they stand in a log,
// escaped.
#include "actors/audit/line.hpp"

#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

struct row {
  const char* name;
  line what;
  const char* expected;
};

TEST(audit_line, is_one_json_object_whatever_the_event_contains) {
  constexpr std::int64_t at = 1'705'314'600'123;  // 2024-01-15T10:30:00.123Z
  const row table[] = {
      {"plain",
       {at, "e1", "s", "us-east-1", "routed", "warehouse", ""},
       R"({"timestamp":"2024-01-15T10:30:00.123Z","eventId":"e1","source":"s","action":"routed","region":"us-east-1","destination":"warehouse"})"},
      {"no region, no destination",
       {at, "e1", "s", "", "dropped", "", ""},
       R"({"timestamp":"2024-01-15T10:30:00.123Z","eventId":"e1","source":"s","action":"dropped","region":""})"},
      {"escapes stay as they came",
       {at, R"(a\"b\\c\u0000)", R"(\n)", "", "dropped", "", ""},
       R"({"timestamp":"2024-01-15T10:30:00.123Z","eventId":"a\"b\\c\u0000","source":"\n","action":"dropped","region":""})"},
      {"what a terminal or a splitter takes for more is escaped",
       {at, "a\x7f",
        "b\xe2\x80\xa8"
        "c\xe2\x80\xa9"
        "d\xe2\x82\xac",
        "", "dropped", "", ""},
       "{\"timestamp\":\"2024-01-15T10:30:00.123Z\",\"eventId\":\"a\\u007f\",\"source\":"
       "\"b\\u2028c\\u2029d\xe2\x82\xac\","
       "\"action\":\"dropped\",\"region\":\"\"}"},
      {"plain texts are escaped",
       {at, "e", "s", "", "dead_lettered", "a\"b", "line\nbreak \\ tab\t bell\x07"},
       R"({"timestamp":"2024-01-15T10:30:00.123Z","eventId":"e","source":"s","action":"dead_lettered","region":"","destination":"a\"b","reason":"line\u000abreak \\ tab\u0009 bell\u0007"})"},
      {"the epoch",
       {0, "e", "s", "", "routed", "", ""},
       R"({"timestamp":"1970-01-01T00:00:00.000Z","eventId":"e","source":"s","action":"routed","region":""})"},
  };
  line_writer write;
  for (const row& r : table) {
    std::string text;
    write.append(text, r.what);
    EXPECT_EQ(text, std::string(r.expected) + "\n") << r.name;
  }
}

TEST(audit_line, has_the_time_of_each_line_and_not_of_the_one_before) {
  line_writer write;
  std::string text;
  for (const std::int64_t at : {1'000, 1'000, 2'001})
    write.append(text, {at, "e", "s", "", "routed", "", ""});
  EXPECT_EQ(text.find("00:00:01.000Z"), text.find("timestamp") + 12 + 11);
  EXPECT_NE(text.find("00:00:02.001Z"), std::string::npos);
}

}  // namespace
}  // namespace sluice::audit
