// Goal: events leave the node byte for byte. Method: examples, and a law that takes the body apart again.
#include "actors/deliver/envelope.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice::deliver {
namespace {

using views = std::vector<std::string_view>;

TEST(envelope, wraps_events_in_order) {
  EXPECT_EQ(envelope(views{}), R"({"events":[]})");
  EXPECT_EQ(envelope(views{R"({"id":"a"})"}), R"({"events":[{"id":"a"}]})");
  EXPECT_EQ(envelope(views{R"({"id":"a"})", "{\r\n \"id\" : \"b\"\t}"}),
            "{\"events\":[{\"id\":\"a\"},{\r\n \"id\" : \"b\"\t}]}");
}

RC_GTEST_PROP(envelope, keeps_every_byte, (const std::vector<std::string>& events)) {
  const std::string body = envelope(views(events.begin(), events.end()));
  std::string_view rest = body;
  const auto expect = [&](std::string_view part) {
    RC_ASSERT(rest.substr(0, part.size()) == part);
    rest.remove_prefix(part.size());
  };
  expect(R"({"events":[)");
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) expect(",");
    expect(events[i]);
  }
  expect("]}");
  RC_ASSERT(rest.empty());
}

TEST(append_line, replaces_raw_line_breaks_only) {
  std::string file = "first\n";
  append_line(file, "{\r\n\"id\":\n\"a\\n\\r\"}");
  append_line(file, R"({"id":"b"})");
  EXPECT_EQ(file, "first\n{  \"id\": \"a\\n\\r\"}\n{\"id\":\"b\"}\n");
}

TEST(append_line, does_not_touch_what_was_there) {
  std::string file = "a\r\nb\r";
  append_line(file, "{}");
  EXPECT_EQ(file, "a\r\nb\r{}\n");
}

RC_GTEST_PROP(append_line, makes_one_line_an_event, (const std::vector<std::string>& events)) {
  std::string file;
  for (const std::string& event : events) append_line(file, event);
  RC_ASSERT(static_cast<std::size_t>(std::ranges::count(file, '\n')) == events.size());
  RC_ASSERT(std::ranges::count(file, '\r') == 0);
  std::size_t at = 0;
  for (const std::string& event : events) {
    for (const char c : event) {
      const char kept = file[at++];
      RC_ASSERT(kept == (c == '\n' || c == '\r' ? ' ' : c));
    }
    RC_ASSERT(file[at++] == '\n');
  }
}

}  // namespace
}  // namespace sluice::deliver
