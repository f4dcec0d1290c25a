// Goal: /health keeps the contract's shape whatever an id is, and a subscription in trouble is told but does
// not make a node unhealthy that ingests. Method: the function, by cases.
#include "actors/node/health.hpp"

#include <gtest/gtest.h>

namespace sluice::node {
namespace {

using subscription::standing;

subscription::status standing_at(standing now, std::string id) {
  subscription::status s;
  s.id = std::move(id);
  s.now = now;
  s.last_error = "not for here";
  return s;
}

struct health_case {
  const char* name;
  standing now;
  const char* id;
  const char* body;
};

TEST(health, is_200_however_the_subscription_stands) {
  const health_case cases[] = {
      {"active", standing::active, "s-1", R"({"status":"healthy","subscription":"s-1"})"},
      {"not known yet", standing::unknown, "",
       R"({"status":"healthy","subscription":null,"subscription_status":"unknown"})"},
      {"noted before this start", standing::unknown, "s-1",
       R"({"status":"healthy","subscription":"s-1","subscription_status":"unknown"})"},
      {"repairing", standing::repairing, "s-1",
       R"({"status":"healthy","subscription":"s-1","subscription_status":"repairing"})"},
      {"failing", standing::failing, "",
       R"({"status":"healthy","subscription":null,"subscription_status":"failing"})"},
      {"hostile id", standing::active, "a\"b\\c\nd\xff\x7f",
       R"({"status":"healthy","subscription":"a\"b\\c\u000ad\ufffd\u007f"})"},
  };
  for (const health_case& each : cases) {
    SCOPED_TRACE(each.name);
    const auto now = standing_at(each.now, each.id);
    const auto said = health({}, &now);
    EXPECT_EQ(said.status, 200);
    EXPECT_EQ(said.body, each.body);
  }
}

TEST(health, without_a_section_has_no_subscription) {
  EXPECT_EQ(health({}, nullptr).body, R"({"status":"healthy","subscription":null})");
}

TEST(health, with_reasons_is_503_and_names_them_all) {
  const auto now = standing_at(standing::active, "s-1");
  const auto said = health({"starting", "the \"log\" failed"}, &now);
  EXPECT_EQ(said.status, 503);
  EXPECT_NE(said.body.find(R"("reasons":["starting","the \"log\" failed"]})"), std::string::npos)
      << said.body;
}

}  // namespace
}  // namespace sluice::node
