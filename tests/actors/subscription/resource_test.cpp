// Goal: the API's answers are read whatever they hold besides, what is wrong in them is named with its place,
// and differences from what is wanted are told.
#include "actors/subscription/resource.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/actors/subscription/model_cloud.hpp"

namespace sluice::subscription {
namespace {

constexpr const char* whole = R"({
  "id":"a1b2-c3", "name":"analytics", "unknown":{"deep":[1,2]},
  "destination":{"type":"http","endpoint":"https://node.example/v1/events","also":null},
  "filter":{"eventSources":["conversation:transcript","audit"]},
  "retentionPeriodDays":30, "status":"active", "createdDate":"2024-01-15T10:30:00.000Z"})";

resource as_wanted() { return parse_resource(whole).value(); }

TEST(resource, is_read_with_members_that_nobody_knows) {
  EXPECT_EQ(as_wanted(), (resource{"a1b2-c3",
                                   "analytics",
                                   "https://node.example/v1/events",
                                   {"conversation:transcript", "audit"},
                                   30,
                                   "active",
                                   "2024-01-15T10:30:00.000Z"}));
}

TEST(resource, may_be_of_another_kind) {
  const auto what = parse_resource(R"({"id":"x","name":null,"destination":{"type":"aws"},"filter":null})");
  ASSERT_TRUE(what);
  EXPECT_EQ(what->endpoint, "");
}

struct wrong_case {
  const char* body;
  const char* expected;
};

TEST(resource, that_cannot_be_understood_says_where) {
  const wrong_case rows[] = {
      {"", "the answer is no JSON"},
      {"{", "the answer is no JSON"},
      {"[]", "is no object"},
      {"{}", "id: is missing, or has characters that no id has"},
      {R"({"id":"../x"})", "id: is missing, or has characters that no id has"},
      {R"({"id":7})", "id: is no text"},
      {R"({"id":"x","name":[]})", "name: is no text"},
      {R"({"id":"x","destination":"there"})", "destination: is no object"},
      {R"({"id":"x","destination":{"endpoint":1}})", "destination.endpoint: is no text"},
      {R"({"id":"x","filter":{"eventSources":"a"}})", "filter.eventSources: is no list"},
      {R"({"id":"x","filter":{"eventSources":["a",2]}})",
       "filter.eventSources: has an entry that is no text"},
      {R"({"id":"x","retentionPeriodDays":-1})", "retentionPeriodDays: is no whole number from 0"},
      {R"({"id":"x","retentionPeriodDays":1.5})", "retentionPeriodDays: is no whole number from 0"},
  };
  for (const auto& row : rows) {
    const auto what = parse_resource(row.body);
    ASSERT_FALSE(what) << row.body;
    EXPECT_EQ(to_string(what.error()), row.expected) << row.body;
  }
}

TEST(page, says_in_which_entity_it_is_wrong) {
  const auto good = parse_page(R"({"entities":[{"id":"x"},{"id":"y"}],"pageCount":3,"total":51})");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->entities.size(), 2u);
  EXPECT_EQ(good->count, 3u);
  EXPECT_EQ(good->total, 51u);
  EXPECT_EQ(
      to_string(parse_page(R"({"entities":[{"id":"x"},{"id":"y","destination":{"endpoint":1}}]})").error()),
      "entities[1].destination.endpoint: is no text");
  EXPECT_EQ(to_string(parse_page(R"({"entities":[7]})").error()), "entities[0]: is no object");
  EXPECT_EQ(to_string(parse_page(R"({"entities":{}})").error()), "entities: is no list");
  EXPECT_EQ(to_string(parse_page("{}").error()), "entities: is missing");
}

TEST(page, nested_without_end_is_read_without_end_of_the_stack) {
  const std::string deep(200'000, '[');
  EXPECT_FALSE(parse_page(deep));
  EXPECT_FALSE(parse_page(R"({"entities":)" + deep + std::string(200'000, ']') + "}"));
}

struct difference_case {
  const char* name;
  std::function<void(resource&)> change;
  std::vector<std::string> expected;
};

TEST(differences, are_told_one_by_one) {
  const difference_case rows[] = {
      {"none", [](resource&) {}, {}},
      {"order of sources", [](resource& r) { std::swap(r.sources[0], r.sources[1]); }, {}},
      {"a source twice", [](resource& r) { r.sources.push_back("audit"); }, {}},
      {"default port", [](resource& r) { r.endpoint = "https://NODE.example:443/v1/events"; }, {}},
      {"case of the status", [](resource& r) { r.status = "ACTIVE"; }, {}},
      {"nothing shown", [](resource& r) { r.status.clear(), r.retention_days = 0; }, {}},
      {"name", [](resource& r) { r.name = "old"; }, {"name is old, not analytics"}},
      {"endpoint",
       [](resource& r) { r.endpoint = "https://old.example/v1/events"; },
       {"endpoint is https://old.example/v1/events, not https://node.example/v1/events"}},
      {"path",
       [](resource& r) { r.endpoint = "https://node.example/v1/Events"; },
       {"endpoint is https://node.example/v1/Events, not https://node.example/v1/events"}},
      {"no endpoint",
       [](resource& r) { r.endpoint.clear(); },
       {"endpoint is none, not https://node.example/v1/events"}},
      {"status", [](resource& r) { r.status = "inactive"; }, {"status is inactive, not active"}},
      {"retention", [](resource& r) { r.retention_days = 7; }, {"retention is 7 days, not 30"}},
      {"sources",
       [](resource& r) { r.sources = {"audit", "g", "f", "e", "d", "c", "b", "h"}; },
       {"sources lack conversation:transcript", "sources have also b, c, d, e, f and 2 more"}},
      {"all",
       [](resource& r) { r = {"i", "n", "", {}, 1, "x", ""}; },
       {"name is n, not analytics", "endpoint is none, not https://node.example/v1/events",
        "sources lack audit, conversation:transcript", "status is x, not active",
        "retention is 1 days, not 30"}},
  };
  const specification wanted = testing::known_settings().wanted;
  for (const auto& row : rows) {
    resource found = as_wanted();
    row.change(found);
    EXPECT_THAT(differences(wanted, found), ::testing::ElementsAreArray(row.expected)) << row.name;
  }
}

}  // namespace
}  // namespace sluice::subscription
