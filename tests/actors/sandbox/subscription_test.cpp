// Goal: a body is taken as it stands or refused by the member that is wrong. Method: one good body, and a
// table of ways to spoil it.
#include "actors/sandbox/subscription.hpp"

#include <gtest/gtest.h>

#include "actors/sandbox/subscription_store.hpp"

namespace sluice::sandbox {
namespace {

const json good = json::parse(R"({
  "name": "analytics", "destination": {"type": "http", "endpoint": "https://node.example/v1/events"},
  "filter": {"eventSources": ["conversation:transcript", "user:presence"]}, "retentionPeriodDays": 30})");

TEST(subscription, is_read_and_shown_alike) {
  const auto draft = parse_subscription(to_text(good));
  ASSERT_TRUE(draft) << to_string(draft.error());
  EXPECT_EQ(draft->active, std::nullopt);
  subscription_store store;
  json expected = good;
  expected["status"] = "active";
  expected["createdDate"] = "now";
  json shown = to_json(store.create(*draft, "id", "now"));
  EXPECT_EQ(shown["id"], "id");
  shown.erase("id");
  EXPECT_EQ(json::parse(shown.dump()), json::parse(expected.dump()));
}

TEST(subscription, takes_what_is_allowed) {
  const auto with = [](const char* pointer, json value) {
    json body = good;
    body[json::json_pointer(pointer)] = std::move(value);
    return to_text(body);
  };
  for (const char* endpoint : {"http://127.0.0.1:8080/v1/events", "http://localhost/", "http://[::1]:8080/",
                               "https://10.0.0.1/x?y=1", "http://127.9.9.9/"})
    EXPECT_TRUE(parse_subscription(with("/destination/endpoint", endpoint))) << endpoint;
  EXPECT_TRUE(parse_subscription(with("/retentionPeriodDays", 1)));
  EXPECT_TRUE(parse_subscription(with("/retentionPeriodDays", 365)));
  EXPECT_TRUE(parse_subscription(with("/name", std::string(256, 'n'))));
  EXPECT_EQ(parse_subscription(with("/status", "inactive"))->active, false);
}

TEST(subscription, is_refused_by_the_member_that_is_wrong) {
  struct row {
    const char* pointer;
    json value;
    std::string_view place;
  };
  const row rows[] = {
      {"/name", "", "name"},
      {"/name", std::string(257, 'n'), "name"},
      {"/name", 7, "name"},
      {"/destination", nullptr, "destination"},
      {"/destination/type", "sqs", "destination.type"},
      {"/destination/endpoint", "http://node.example/", "destination.endpoint"},
      {"/destination/endpoint", "http://127.0.0.1.example/", "destination.endpoint"},
      {"/destination/endpoint", "ftp://127.0.0.1/", "destination.endpoint"},
      {"/destination/endpoint", "", "destination.endpoint"},
      {"/filter", 1, "filter.eventSources"},
      {"/filter/eventSources", json::array(), "filter.eventSources"},
      {"/filter/eventSources", {1}, "filter.eventSources"},
      {"/filter/eventSources", {""}, "filter.eventSources"},
      {"/filter/eventSources", std::vector<std::string>(101, "x"), "filter.eventSources"},
      {"/retentionPeriodDays", 0, "retentionPeriodDays"},
      {"/retentionPeriodDays", 366, "retentionPeriodDays"},
      {"/retentionPeriodDays", 1.5, "retentionPeriodDays"},
      {"/retentionPeriodDays", "30", "retentionPeriodDays"},
      {"/status", "paused", "status"},
  };
  for (const row& r : rows) {
    json body = good;
    body[json::json_pointer(r.pointer)] = r.value;
    const auto parsed = parse_subscription(to_text(body));
    ASSERT_FALSE(parsed) << body;
    EXPECT_EQ(parsed.error().place, r.place) << body;
  }
  EXPECT_EQ(parse_subscription("{").error().place, "body");
  EXPECT_EQ(parse_subscription("[]").error().place, "body");
}

}  // namespace
}  // namespace sluice::sandbox
