// Goal: rules that cannot hold are refused with their number and a reason, and explanations say what decided.
// Method: tables of rules and events against the compiled set.
#include "actors/route/rule_set.hpp"

#include <gtest/gtest.h>

namespace sluice::route {
namespace {

using kind = rule_outcome::kind;

TEST(rule_set, refuses_with_the_rules_number_and_the_reason) {
  const std::string long_pattern(1025, 'a');
  struct row {
    const char* name;
    std::vector<rule> rules;
    const char* expected;
  };
  std::vector<std::pair<std::string, std::string>> many(65, {"k", "v"});
  const std::vector<row> table = {
      {"parenthesis",
       {{"ok", {}, {1}}, {"a(b", {}, {1}}},
       "routes[1]: the pattern does not compile: missing ): a(b"},
      {"look-ahead is not RE2",
       {{"a(?=b)", {}, {1}}},
       "routes[0]: the pattern does not compile: invalid perl operator: (?="},
      {"too long", {{long_pattern, {}, {1}}}, "routes[0]: the pattern has 1025 bytes; at most 1024"},
      {"nowhere to go", {{"a", {}, {}}}, "routes[0]: 0 destinations; 1 to 64"},
      {"too many conditions", {{"a", many, {1}}}, "routes[0]: 65 metadata conditions; at most 64"},
      {"too many rules", std::vector<rule>(1001, rule{"a", {}, {1}}), "routes: 1001 rules; at most 1000"},
  };
  for (const row& r : table) {
    const auto set = rule_set::compile(r.rules, match_mode::first);
    ASSERT_FALSE(set.has_value()) << r.name;
    EXPECT_EQ(set.error().code, errc::invalid_config) << r.name;
    EXPECT_EQ(to_string(set.error()), r.expected) << r.name;
  }
}

TEST(rule_set, refuses_a_pattern_that_needs_more_than_its_memory) {
  const auto set = rule_set::compile({{"((a{100}){10}){1}[[:word:]]{900}", {}, {1}}}, match_mode::first,
                                     rule_limits{.pattern_memory_bytes = 64 * 1024});
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().place, "routes[0]");
}

TEST(rule_set, refuses_patterns_that_are_too_large_together) {
  std::vector<rule> rules;
  for (int i = 0; i < 200; ++i) rules.push_back({std::to_string(i) + "x[a-z]{100}", {}, {1}});
  const auto set = rule_set::compile(rules, match_mode::first, rule_limits{.set_memory_bytes = 64 * 1024});
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().detail, "the patterns together need more than 65536 bytes when compiled");
}

TEST(rule_set, finds_a_pattern_anywhere_unless_it_is_anchored) {
  const auto set = rule_set::compile({{"^conversation:", {}, {1}},
                                      {"script", {}, {1}},
                                      {"^script", {}, {1}},
                                      {"script$", {}, {1}},
                                      {"", {}, {1}}},
                                     match_mode::first);
  ASSERT_TRUE(set.has_value());
  std::vector<int> scratch;
  std::vector<std::uint16_t> found;
  set->matching_source("conversation:transcript", scratch, found);
  EXPECT_EQ(found, (std::vector<std::uint16_t>{0, 1, 3, 4}));
}

TEST(rule_set, explains_every_rule) {
  const auto set = rule_set::compile({{"^interaction:", {}, {1}},
                                      {"^conversation:", {{"region", "us-east-1"}}, {2}},
                                      {"^conversation:", {{"tier", "gold"}}, {3}},
                                      {"^conversation:", {{"region", "eu-west-1"}}, {4, 2}},
                                      {"transcript", {}, {5, 2}}},
                                     match_mode::first);
  ASSERT_TRUE(set.has_value());
  const std::vector<metadata_member> metadata = {{"region", "eu-west-1"}};
  const auto why = set->explain("conversation:transcript", metadata);
  const std::vector<rule_outcome> expected = {{kind::pattern, "", "", ""},
                                              {kind::differs, "region", "us-east-1", "eu-west-1"},
                                              {kind::missing, "tier", "gold", ""},
                                              {kind::matched, "", "", ""},
                                              {kind::matched, "", "", ""}};
  EXPECT_EQ(why.rules, expected);
  EXPECT_EQ(why.rule, 3);
  EXPECT_EQ(why.targets, (std::vector<target>{{4, 0}, {2, 0}}));
}

TEST(rule_set, explains_the_union_when_all_matches_count) {
  const auto set =
      rule_set::compile({{"a", {}, {4, 2}}, {"z", {}, {9}}, {"a", {}, {5, 2, 5}}}, match_mode::all);
  ASSERT_TRUE(set.has_value());
  const auto why = set->explain("a", {});
  EXPECT_EQ(why.rule, 0);
  EXPECT_EQ(why.targets, (std::vector<target>{{4, 0}, {2, 0}, {5, 0}}));
}

TEST(rule_set, takes_the_first_of_a_key_that_occurs_twice) {
  const std::vector<metadata_member> metadata = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  ASSERT_NE(find_metadata(metadata, "a"), nullptr);
  EXPECT_EQ(*find_metadata(metadata, "a"), "1");
  EXPECT_EQ(find_metadata(metadata, "c"), nullptr);
}

}  // namespace
}  // namespace sluice::route
