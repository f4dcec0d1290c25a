// Goal: a fault is understood or refused by name, concerns the calls that it should, and is used up. Method:
// tables of bodies, and calls against a plan.
#include "actors/sandbox/fault_plan.hpp"

#include <gtest/gtest.h>

namespace sluice::sandbox {
namespace {

fault made(std::string_view text) {
  const auto parsed = parse_fault(json::parse(text));
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : to_string(parsed.error()));
  return parsed.value_or(fault{});
}

TEST(fault, is_read_whole) {
  const fault f = made(
      R"({"method":"POST","path":"/api","times":3,"status":503,"retry_after":7,"body":{"a":1},"delay_ms":20})");
  EXPECT_EQ(f.method, "POST");
  EXPECT_EQ(f.path, "/api");
  EXPECT_EQ(f.times, 3U);
  EXPECT_EQ(f.status, 503);
  EXPECT_EQ(f.retry_after, std::chrono::seconds(7));
  EXPECT_EQ(f.body, R"({"a":1})");
  EXPECT_EQ(f.delay, std::chrono::milliseconds(20));
  EXPECT_FALSE(f.loses_answer);
}

TEST(fault, may_be_short) {
  EXPECT_TRUE(made(R"({"path":"/","lose_answer":true})").loses_answer);
  EXPECT_EQ(made(R"({"path":"/","delay_ms":1})").times, 1U);
  EXPECT_EQ(made(R"({"path":"/","status":500,"body":"not json"})").body, "not json");
  EXPECT_EQ(made(R"({"path":"/","status":200,"body":"{}"})").status, 200);
}

TEST(fault, is_refused_by_the_member_that_is_wrong) {
  struct row {
    std::string_view text, place;
  };
  const row rows[] = {
      {"[]", "body"},
      {R"({"status":500})", "path"},
      {R"({"path":"api","status":500})", "path"},
      {R"({"path":"/"})", "body"},
      {R"({"path":"/","status":99})", "status"},
      {R"({"path":"/","status":"500"})", "status"},
      {R"({"path":"/","status":500,"times":0})", "times"},
      {R"({"path":"/","status":500,"retry_after":-1})", "retry_after"},
      {R"({"path":"/","delay_ms":0})", "delay_ms"},
      {R"({"path":"/","lose_answer":1})", "lose_answer"},
      {R"({"path":"/","lose_answer":true,"status":500})", "lose_answer"},
      {R"({"path":"/","delay_ms":5,"retry_after":1})", "status"},
      {R"({"path":"/","status":500,"stauts":1})", "stauts"},
  };
  for (const row& r : rows) {
    const auto parsed = parse_fault(json::parse(r.text));
    ASSERT_FALSE(parsed) << r.text;
    EXPECT_EQ(parsed.error().place, r.place) << r.text;
    EXPECT_FALSE(parsed.error().detail.empty()) << r.text;
  }
}

TEST(fault_plan, concerns_a_method_and_a_prefix_so_many_times) {
  fault_plan plan;
  ASSERT_TRUE(plan.add(made(R"({"method":"POST","path":"/api","status":500,"times":2})")));
  ASSERT_TRUE(plan.add(made(R"({"path":"/api/x","status":501})")));
  EXPECT_FALSE(plan.take("GET", "/api"));
  EXPECT_FALSE(plan.take("POST", "/oauth/token"));
  EXPECT_EQ(plan.take("POST", "/api/x")->status, 500);
  EXPECT_EQ(plan.take("GET", "/api/x/y")->status, 501);
  EXPECT_EQ(plan.take("POST", "/api")->status, 500);
  EXPECT_EQ(plan.size(), 0U);
  EXPECT_FALSE(plan.take("POST", "/api"));
}

TEST(fault_plan, is_bounded_and_can_be_emptied) {
  fault_plan plan;
  for (std::size_t i = 0; i < fault_plan::faults_max; ++i)
    ASSERT_TRUE(plan.add(fault{.path = "/", .status = 500}));
  EXPECT_FALSE(plan.add(fault{.path = "/", .status = 500}));
  plan.clear();
  EXPECT_FALSE(plan.take("GET", "/"));
}

}  // namespace
}  // namespace sluice::sandbox
