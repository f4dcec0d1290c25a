// Goal: each attempt's request says the same about the events, and proves who sent it and when. Method: whole
// requests against tables, signatures against those that the Standard Webhooks specification prints.
#include "actors/deliver/request_maker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::deliver {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using views = std::vector<std::string_view>;

net::signature::secret secret(std::string_view text) { return *net::signature::secret::parse(text); }

// Secret, id, time, body and signature of the specification's own libraries.
constexpr std::string_view known_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string known_id = "msg_p5jXN8AQM9LWM0D4loKWxJek", known_body = R"({"test": 2432232314})";
constexpr std::int64_t known_time = 1614265330;
const std::string known_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(request_maker, sends_what_the_seed_sent_and_a_key_that_stays) {
  request_maker maker({});
  const std::string event = R"({"id":"1"})";
  const auto what = maker.make("msg_1", views{event}, 1);
  EXPECT_EQ(what.method, net::http::method::post);
  EXPECT_EQ(what.target, "");
  EXPECT_EQ(what.content_type, "application/json");
  EXPECT_EQ(what.body, R"({"events":[{"id":"1"}]})");
  EXPECT_THAT(what.fields, ElementsAre(Pair("webhook-id", "msg_1"), Pair("Idempotency-Key", "msg_1")));
}

TEST(request_maker, names_the_format) {
  const std::string event = R"({"id":"1","source":"s"})";
  const std::vector<std::pair<format, std::string>> table = {
      {format::envelope, "application/json"},
      {format::event, "application/json"},
      {format::cloudevents, "application/cloudevents+json"},
      {format::cloudevents_batch, "application/cloudevents-batch+json"},
  };
  for (const auto& [of, expected] : table) {
    EXPECT_EQ(request_maker({.format = of}).make("msg_1", views{event}, 1).content_type, expected);
  }
}

TEST(request_maker, signs_as_the_specification_does) {
  request_maker maker({.format = format::event, .secrets = {secret(known_secret)}});
  EXPECT_THAT(
      maker.make(known_id, views{known_body}, known_time).fields,
      ElementsAre(Pair("webhook-id", known_id), Pair("Idempotency-Key", known_id),
                  Pair("webhook-timestamp", "1614265330"), Pair("webhook-signature", known_signature)));
}

TEST(request_maker, signs_with_each_secret_while_they_change) {
  const auto newer = secret("a secret that is new");
  request_maker both({.format = format::event, .secrets = {newer, secret(known_secret)}});
  request_maker alone({.format = format::event, .secrets = {newer}});
  const auto what = both.make(known_id, views{known_body}, known_time);
  EXPECT_EQ(what.fields.back().second,
            alone.make(known_id, views{known_body}, known_time).fields.back().second + " " + known_signature);
}

TEST(request_maker, signs_each_attempt_at_its_time) {
  request_maker maker({.secrets = {secret(known_secret)}});
  const auto first = maker.make("msg_1", views{known_body}, 1),
             second = maker.make("msg_1", views{known_body}, 2);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(first.fields[0], second.fields[0]);
  EXPECT_EQ(first.fields[1], second.fields[1]);
  EXPECT_NE(first.fields[2], second.fields[2]);
  EXPECT_NE(first.fields[3], second.fields[3]);
}

TEST(request_maker, adds_the_static_fields) {
  request_maker maker({.fields = {{"X-Tenant", "a"}, {"X-Other", "b"}}});
  EXPECT_THAT(maker.make("msg_1", views{known_body}, 1).fields,
              ElementsAre(Pair("X-Tenant", "a"), Pair("X-Other", "b"), Pair("webhook-id", "msg_1"),
                          Pair("Idempotency-Key", "msg_1")));
}

TEST(free_field, is_none_that_somebody_else_writes) {
  for (const char* const name :
       {"Host", "content-length", "Content-Type", "TRANSFER-ENCODING", "Authorization", "webhook-id",
        "Webhook-Signature", "Idempotency-Key", "te", "Connection"})
    EXPECT_FALSE(is_free_field(name)) << name;
  for (const char* const name : {"X-Api-Key", "User-Agent", "Accept", "hos", "hosts", ""})
    EXPECT_TRUE(is_free_field(name)) << name;
}

}  // namespace
}  // namespace sluice::deliver
