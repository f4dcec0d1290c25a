// Goal: no planned subscription gets more than it carries, every source goes to exactly one, and what cannot
// be split is told instead of planned.
#include "actors/subscription/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "actors/subscription/specification.hpp"
#include "tests/actors/subscription/model_cloud.hpp"

namespace sluice::subscription {
namespace {

using ::testing::ElementsAre;

plan_options given(std::uint32_t rate, std::vector<source_rate> sources) {
  return {rate, std::move(sources), testing::known_settings().wanted};
}

/// `name 900/1: a b`
std::vector<std::string> shown(const plan_options& what) {
  const auto made = plan(what);
  std::vector<std::string> lines;
  if (!made) {
    for (const error& e : made.error()) lines.push_back(to_string(e));
    return lines;
  }
  for (const planned& one : *made) {
    lines.push_back(one.what.name + " " + std::to_string(one.rate) + "/" + std::to_string(one.endpoints) +
                    ":");
    for (const auto& source : one.what.sources) lines.back() += " " + source;
  }
  return lines;
}

TEST(plan, is_one_subscription_where_one_carries_it) {
  EXPECT_THAT(shown(given(900, {{"a"}, {"b"}})), ElementsAre("analytics 900/1: a b"));
  EXPECT_THAT(shown(given(952, {{"a"}})), ElementsAre("analytics 952/1: a"));
  EXPECT_THAT(shown(given(1000, {{"a"}})), ElementsAre("analytics 1000/2: a"));
}

TEST(plan, shares_what_is_not_known_equally) {
  EXPECT_THAT(shown(given(1001, {{"a"}, {"b"}})),
              ElementsAre("analytics-1 501/1: a", "analytics-2 500/1: b"));
  EXPECT_THAT(shown(given(2500, {{"a"}, {"b", 900}, {"c"}})),
              ElementsAre("analytics-1 900/1: b", "analytics-2 800/1: a", "analytics-3 800/1: c"));
}

TEST(plan, packs_and_spreads_evenly) {
  EXPECT_THAT(shown(given(2000, {{"a", 600}, {"b", 400}, {"c", 600}, {"d", 400}})),
              ElementsAre("analytics-1 1000/2: a b", "analytics-2 1000/2: c d"));
  EXPECT_THAT(shown(given(1200, {{"a", 300}, {"b", 300}, {"c", 300}, {"d", 300}})),
              ElementsAre("analytics-1 600/1: a c", "analytics-2 600/1: b d"));
  // Evenly it would take four.
  EXPECT_THAT(
      shown(
          given(2700, {{"a", 500}, {"b", 500}, {"c", 400}, {"d", 400}, {"e", 300}, {"f", 300}, {"g", 300}})),
      ElementsAre("analytics-1 1000/2: a b", "analytics-2 800/1: c d", "analytics-3 900/1: e f g"));
}

TEST(plan, keeps_what_the_subscriptions_share) {
  const auto made = plan(given(1500, {{"a"}, {"b"}}));
  ASSERT_TRUE(made);
  for (const planned& one : *made) {
    EXPECT_TRUE(check(one.what).empty());
    EXPECT_EQ(one.what.endpoint, "https://node.example/v1/events");
    EXPECT_EQ(one.what.retention_days, 30u);
  }
}

TEST(plan, says_what_cannot_be_split) {
  EXPECT_THAT(
      shown(given(4500, {{"a", 1500}, {"b", 3000}})),
      ElementsAre("sources: a alone brings 1500 events/s, more than the 1000 that one subscription carries, "
                  "and cannot be split: every subscription to it would get all of its events. Name narrower "
                  "kinds in its place, each with its rate",
                  "sources: b alone brings 3000 events/s, more than the 1000 that one subscription carries, "
                  "and cannot be split: every subscription to it would get all of its events. Name narrower "
                  "kinds in its place, each with its rate"));
  EXPECT_THAT(
      shown(given(4500, {{"a"}, {"b"}, {"c", 900}})),
      ElementsAre("sources: an equal share is 1800 events/s for each of a, b, more than the 1000 that one "
                  "subscription carries; give each its rate as SOURCE=RATE, or name narrower kinds"));
}

TEST(plan, says_what_does_not_add_up) {
  EXPECT_THAT(shown(given(100, {{"a", 60}, {"b", 50}})),
              ElementsAre("rate: is 100, but the rates of the sources add up to 110"));
  EXPECT_THAT(shown(given(100, {{"a", 60}})),
              ElementsAre("rate: is 100, but the rates of the sources add up to 60"));
  EXPECT_THAT(shown(given(100, {{"a", 100}, {"b"}})),
              ElementsAre("rate: leaves nothing for b; give each a rate of its own"));
  EXPECT_THAT(shown(given(0, {})), ElementsAre("rate: is 0; allowed is 1 to 1000000",
                                               "sources: are none; at least one is needed"));
  plan_options long_name = given(10, {{"a"}});
  long_name.base.name = std::string(252, 'n');
  EXPECT_THAT(shown(long_name),
              ElementsAre("name: leaves no room for a number behind it; at most 251 bytes"));
  EXPECT_THAT(shown(given(10, {{"a"}, {"a", 5}})), ElementsAre("sources: has a twice; each once"));
}

TEST(source_rate, is_read_from_its_last_equals_sign) {
  EXPECT_EQ(parse_source_rate("conversation:transcript").value(), (source_rate{"conversation:transcript"}));
  EXPECT_EQ(parse_source_rate("a=900").value(), (source_rate{"a", 900}));
  EXPECT_EQ(parse_source_rate("a=b=1").value(), (source_rate{"a=b", 1}));
  for (const char* const bad : {"", "=5", "a=", "a=0", "a=-1", "a=1.5", "a=1000001", "a=99999999999"})
    EXPECT_FALSE(parse_source_rate(bad)) << bad;
}

RC_GTEST_PROP(plan, carries_every_source_once_within_the_limit, ()) {
  plan_options what = given(0, {});
  const auto rates =
      *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(1, 1001));
  for (const std::uint32_t rate : rates) {
    what.sources.push_back({"s" + std::to_string(what.sources.size()), rate});
    what.rate += rate;
  }
  RC_PRE(!rates.empty());
  const auto made = plan(what);
  RC_ASSERT(made.has_value());
  std::set<std::string> seen;
  std::uint32_t total = 0;
  for (const planned& one : *made) {
    std::uint32_t rate = 0;
    for (const auto& source : one.what.sources) {
      RC_ASSERT(seen.insert(source).second);
      rate += rates.at(std::stoul(source.substr(1)));
    }
    RC_ASSERT(rate == one.rate);
    RC_ASSERT(rate <= events_per_second_max);
    RC_ASSERT(one.what.sources.size() <= sources_max);
    RC_ASSERT(one.endpoints * 952 >= one.rate);
    total += rate;
  }
  RC_ASSERT(total == what.rate);
  RC_ASSERT(seen.size() == rates.size());
  RC_ASSERT(made->size() <= 2 * ((what.rate + 999) / 1000));
}

}  // namespace
}  // namespace sluice::subscription
