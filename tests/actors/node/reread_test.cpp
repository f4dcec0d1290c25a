// Goal: an event that is read once more is what it was when it came, whichever way it had come. Method:
// batches of every shape through the decoder, their events through the rereader, the entries held against one
// another.
#include "actors/node/reread.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sluice::node {
namespace {

const decode::identity_key key{decode::identity_key::secret{std::byte{7}}};

struct known {
  event_entry entry;
  std::string event, id, source;
};

std::vector<known> decoded_of(const std::string& body) {
  decode::decoder decoder({}, key);
  std::string padded = body;
  padded.append(body_padding, '\0');
  decoded events;
  EXPECT_TRUE(decoder.decode(std::string_view(padded).substr(0, body.size()), events)) << body;
  std::vector<known> all;
  for (const event_entry& e : events.entries) {
    const std::string slice = body.substr(e.offset, e.length);
    all.push_back(
        {e, slice, slice.substr(e.id_offset, e.id_length), slice.substr(e.source_offset, e.source_length)});
  }
  return all;
}

TEST(rereader, understands_events_as_they_were_understood) {
  const std::string bodies[] = {
      R"([{"id":"a","source":"s"},{"id":"b\"1","source":"caf\u00e9","metadata":{"region":"eu"}}])",
      R"({"events":[{"id":"plain","source":"s","specversion":"1.0","detail-type":"t"}, {"id":"b","source":"s"}]})",
      R"({"specversion":"1.0","id":"c","source":"/x","type":"t","time":"2026-01-01T00:00:00Z"})",
      R"({"id":"e","detail-type":"v2.conversations","source":"aws.partner","region":"eu-west-1","time":"2026-01-01T00:00:00Z"})",
  };
  std::vector<known> all;
  for (const auto& body : bodies) {
    for (auto& one : decoded_of(body)) all.push_back(std::move(one));
  }
  for (std::size_t begin = 0; begin < all.size(); ++begin) {
    std::vector<accepted_event> events;
    for (std::size_t i = begin; i < all.size(); ++i)
      events.push_back({all[i].event, all[i].id, all[i].source});
    rereader reader(key);
    std::size_t next = 0;
    const auto read = reader.read(events, [&](const decoded& part, std::string_view body, std::size_t first) {
      EXPECT_EQ(first, next);
      for (const event_entry& e : part.entries) {
        const known& was = all.at(begin + next++);
        EXPECT_EQ(body.substr(e.offset, e.length), was.event);
        event_entry same = e;
        same.offset = was.entry.offset;
        EXPECT_EQ(same, was.entry) << was.event;
      }
    });
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(next, events.size());
  }
}

TEST(rereader, refuses_what_is_not_the_event_that_it_was) {
  rereader reader(key);
  for (const auto& [event, id, source] :
       {std::tuple(R"({"id":"a","source":"s"})", "b", "s"),
        std::tuple(R"({"id":"a","source":"s"})", "a", "t"),
        std::tuple(R"({"id":"a","source":"s"},{"id":"b","source":"s"})", "a", "s"),
        std::tuple(R"({"id":"","source":"s"})", "", "s"), std::tuple("{", "a", "s")}) {
    const std::vector<accepted_event> one{{event, id, source}};
    const auto read = reader.read(one, [](const decoded&, std::string_view, std::size_t) {});
    ASSERT_FALSE(read) << event;
    EXPECT_EQ(read.error().code, errc::corrupt);
  }
  EXPECT_TRUE(reader.read({}, [](const decoded&, std::string_view, std::size_t) { FAIL(); }));
}

}  // namespace
}  // namespace sluice::node
