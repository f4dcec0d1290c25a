// Goal: a ledger tells repeats of a request from doubles, sees disorder, and finds the fastest second.
// Method: small stories by hand; the window against counting all pairs.
#include "actors/sandbox/received_ledger.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;

received_event event(std::uint64_t sequence, std::string source = "s", std::uint64_t stream = 1) {
  const std::string id = std::to_string(stream) + "-" + std::to_string(sequence);
  return {identity_of(source, id), std::move(source), stream, sequence};
}

TEST(received_ledger, tells_repeats_from_doubles) {
  received_ledger ledger;
  const std::vector batch{event(1), event(2)};
  ledger.request(batch, treatment::taken, "w1", "body", 0s);
  ledger.request(batch, treatment::taken, "w1", "body", 0s);
  EXPECT_EQ(ledger.counts().repeated, 2U);
  ledger.request(batch, treatment::taken, "w2", "body", 0s);
  EXPECT_EQ(ledger.counts().doubled, 2U) << "another webhook-id";
  ledger.request(batch, treatment::taken, "w1", "other body", 0s);
  EXPECT_EQ(ledger.counts().doubled, 4U) << "other bytes";
  EXPECT_EQ(ledger.counts().unique, 2U);
  EXPECT_EQ(ledger.counts().received, 8U);
  EXPECT_TRUE(ledger.has(event(1).what));
  EXPECT_FALSE(ledger.has(event(3).what));
}

TEST(received_ledger, sees_disorder_within_a_source_of_a_stream) {
  received_ledger ledger;
  const auto take = [&](std::vector<received_event> events) {
    ledger.request(events, treatment::taken, "", "b", 0s);
  };
  take({event(1), event(2), event(5), event(1, "t"), event(3, "s", 2)});
  EXPECT_EQ(ledger.counts().inversions, 0U);
  take({event(4)});
  take({event(3)});
  EXPECT_EQ(ledger.counts().inversions, 2U);
  take({event(1)});
  EXPECT_EQ(ledger.counts().inversions, 2U) << "a repeat is no disorder";
  take({received_event{identity_of("x", "y"), "x", 0, 0}, event(6)});
  EXPECT_EQ(ledger.counts().inversions, 2U) << "strangers have no order";
}

TEST(received_ledger, has_got_only_what_it_took) {
  received_ledger ledger;
  const std::vector batch{event(1)};
  ledger.request(batch, treatment::failed, "", "b", 0s);
  ledger.request(batch, treatment::hung, "", "b", 0s);
  ledger.refuse();
  const auto c = ledger.counts();
  EXPECT_EQ(c.requests, 3U);
  EXPECT_EQ(c.failed, 1U);
  EXPECT_EQ(c.hung, 1U);
  EXPECT_EQ(c.refused, 1U);
  EXPECT_EQ(c.unique, 0U);
  EXPECT_EQ(c.fastest_all, 2U);
  EXPECT_EQ(c.fastest_answered, 1U);
}

TEST(newest_map, forgets_the_oldest) {
  newest_map<int> map(2);
  EXPECT_TRUE(map.insert(1, 10));
  EXPECT_FALSE(map.insert(1, 11));
  EXPECT_TRUE(map.insert(2, 20));
  EXPECT_TRUE(map.insert(3, 30));
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(*map.find(2), 20);
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.forgotten(), 1U);
}

TEST(second_window, is_half_open) {
  second_window window;
  window.arrive(0s, 3);
  window.arrive(1s, 4);
  EXPECT_EQ(window.fastest(), 4U);
  window.arrive(2s - 1ns, 5);
  EXPECT_EQ(window.fastest(), 9U);
}

RC_GTEST_PROP(second_window, finds_what_counting_all_windows_finds, (std::vector<std::uint16_t> gaps)) {
  second_window window;
  std::vector<std::pair<instant, std::uint64_t>> all;
  instant now{0};
  for (const std::uint16_t gap : gaps) {
    now += std::chrono::milliseconds(gap % 700);
    window.arrive(now, gap % 9);
    all.emplace_back(now, gap % 9);
  }
  std::uint64_t fastest = 0;
  for (const auto& [begin, ignored] : all) {
    std::uint64_t sum = 0;
    for (const auto& [when, events] : all)
      if (when >= begin && when < begin + 1s) sum += events;
    fastest = std::max(fastest, sum);
  }
  RC_ASSERT(window.fastest() == fastest);
}

TEST(received_body, table) {
  struct row {
    const char* name;
    std::string_view body;
    accepted_shape accepted;
    std::string_view sources;  ///< of the events, in one text; "!" where it is refused
  };
  using enum accepted_shape;
  const row rows[] = {
      {"envelope", R"({"events":[{"id":"1","source":"a"},{"id":"2","source":"b"}]})", any, "ab"},
      {"empty envelope", R"({"events":[]})", envelope, ""},
      {"one event", R"({"id":"1","source":"a"})", any, "a"},
      {"array", R"([{"id":"1","source":"a"},{"id":"1","source":"b"}])", bare, "ab"},
      {"aws", R"({"id":"1","source":"aws","detail-type":"t","detail":{}})", bare, "t"},
      {"cloud event", R"({"specversion":"1.0","id":"1","source":"c","detail-type":"t"})", any, "c"},
      {"envelope where bare is wanted", R"({"events":[]})", bare, "!"},
      {"bare where an envelope is wanted", R"({"id":"1","source":"a"})", envelope, "!"},
      {"no id", R"({"source":"a"})", any, "!"},
      {"no source in the second", R"({"events":[{"id":"1","source":"a"},{"id":"2"}]})", any, "!"},
      {"a number", "7", any, "!"},
      {"no JSON", "{", any, "!"},
      {"empty", "", any, "!"},
  };
  for (const row& r : rows) {
    const auto read = read_events(r.body, r.accepted);
    std::string got = read ? "" : "!";
    for (const auto& one : read.value_or(std::vector<received_event>())) got += one.source;
    EXPECT_EQ(got, r.sources) << r.name;
  }
  const auto read =
      read_events(R"([{"id":"1","source":"a","data":{"stream":2,"sequence":3}},)"
                  R"({"id":"1","detail-type":"t","detail":{"eventBody":{"stream":4,"sequence":5}}},)"
                  R"({"id":"1","source":"a","data":{"stream":-1,"sequence":"3"}}])",
                  any);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)[0].stream, 2U);
  EXPECT_EQ((*read)[0].sequence, 3U);
  EXPECT_EQ((*read)[1].stream, 4U);
  EXPECT_EQ((*read)[1].sequence, 5U);
  EXPECT_EQ((*read)[2].stream, 0U);
}

}  // namespace
}  // namespace sluice::sandbox
