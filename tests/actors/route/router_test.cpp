// Goal: a router decides as a loop over the rules would, cached or not, in both modes, and splits events over
// lanes without taking one from a destination.
// Method: random rules and events against a naive loop of single RE2 matches; the edges as examples.
#include "actors/route/router.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace sluice::route {
namespace {

struct event {
  std::string source;
  std::vector<std::pair<std::string, std::string>> metadata;
};

decoded decode_of(const std::vector<event>& events) {
  decoded all;
  for (const event& e : events) {
    event_entry entry;
    entry.length = 1;
    all.entries.push_back(entry);
    all.texts.push_back({"id", e.source, static_cast<std::uint32_t>(all.metadata.size()),
                         static_cast<std::uint32_t>(e.metadata.size())});
    for (const auto& [key, value] : e.metadata) all.metadata.push_back({key, value});
  }
  return all;
}

struct decision {
  std::uint16_t rule = no_rule;
  std::vector<target> targets;
  friend bool operator==(const decision&, const decision&) = default;
};
std::ostream& operator<<(std::ostream& out, const decision& d) {
  out << "rule " << d.rule << " to";
  for (const target t : d.targets) out << ' ' << t.destination;
  return out;
}

decision naive(const std::vector<rule>& rules, match_mode mode, const event& e) {
  decision d;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const bool met = RE2::PartialMatch(e.source, rules[i].source) &&
                     std::ranges::all_of(rules[i].metadata, [&](const auto& wanted) {
                       const auto found = std::ranges::find(e.metadata, wanted.first,
                                                            &std::pair<std::string, std::string>::first);
                       return found != e.metadata.end() && found->second == wanted.second;
                     });
    if (!met) continue;
    if (d.rule == no_rule) d.rule = static_cast<std::uint16_t>(i);
    for (const destination_id to : rules[i].to) {
      if (std::ranges::find(d.targets, target{to, 0}) == d.targets.end()) d.targets.push_back({to, 0});
    }
    if (mode == match_mode::first) break;
  }
  return d;
}

std::vector<decision> decisions(router& by, decoded& events) {
  target_sets targets;
  const auto counts = by.apply(events, targets);
  std::vector<decision> out;
  EXPECT_TRUE(counts.has_value());
  if (!counts) return out;
  std::uint32_t dropped = 0;
  for (const event_entry& entry : events.entries) {
    const auto set = targets[entry.targets];
    out.push_back({entry.rule, {set.begin(), set.end()}});
    if (set.empty()) ++dropped;
  }
  EXPECT_EQ(*counts, (route_counts{static_cast<std::uint32_t>(out.size()) - dropped, dropped}));
  return out;
}

std::shared_ptr<const rule_set> compiled(std::vector<rule> rules, match_mode mode) {
  auto set = rule_set::compile(std::move(rules), mode);
  EXPECT_TRUE(set.has_value()) << (set ? "" : to_string(set.error()));
  return std::make_shared<const rule_set>(std::move(*set));
}

// Small alphabets, so that patterns, keys and values meet.
rc::Gen<std::string> pattern() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "b", ":", "^a", "b$", ".*", "[ab]", "(a|b:)", "^", "$", "a+", "b?", "\\b")),
                      [](const std::vector<std::string>& parts) {
                        std::string all;
                        for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 4); ++i)
                          all += parts[i];
                        return all;
                      });
}
rc::Gen<std::vector<std::pair<std::string, std::string>>> metadata() {
  return rc::gen::resize(3, rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
                                rc::gen::pair(rc::gen::element<std::string>("region", "tier", ""),
                                              rc::gen::element<std::string>("x", "y", ""))));
}
rc::Gen<std::vector<rule>> rules() {
  const auto to = rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<destination_id>>(
                                         rc::gen::inRange<destination_id>(0, 6))));
  return rc::gen::resize(12, rc::gen::container<std::vector<rule>>(
                                 rc::gen::map(rc::gen::tuple(pattern(), metadata(), to), [](const auto& t) {
                                   return rule{std::get<0>(t), std::get<1>(t), std::get<2>(t)};
                                 })));
}
rc::Gen<std::vector<event>> events() {
  const auto source =
      rc::gen::resize(6, rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b', ':'))));
  return rc::gen::container<std::vector<event>>(
      rc::gen::map(rc::gen::pair(source, metadata()), [](const auto& p) {
        return event{p.first, p.second};
      }));
}

RC_GTEST_PROP(router, decides_as_a_loop_over_the_rules_does, ()) {
  const auto some_rules = *rules();
  const auto mode = *rc::gen::element(match_mode::first, match_mode::all);
  const auto set = compiled(some_rules, mode);
  router cached(set), tiny(set, nullptr, 1), uncached(set, nullptr, 0);
  for (int batch = 0; batch < 3; ++batch) {
    const auto some_events = *events();
    std::vector<decision> expected;
    for (const event& e : some_events) {
      expected.push_back(naive(some_rules, mode, e));
      std::vector<metadata_member> members;
      for (const auto& [key, value] : e.metadata) members.push_back({key, value});
      const auto why = set->explain(e.source, members);
      RC_ASSERT(decision({why.rule, why.targets}) == expected.back());
    }
    for (router* by : {&cached, &tiny, &uncached}) {
      auto decoded_events = decode_of(some_events);
      RC_ASSERT(decisions(*by, decoded_events) == expected);
    }
  }
}

TEST(router, leaves_quarantined_events_alone_and_counts_the_others) {
  router by(compiled({{"^a", {}, {3}}}, match_mode::first));
  const std::vector<event> some = {{"a", {}}, {"b", {}}, {"a", {}}};
  auto events = decode_of(some);
  events.entries[2].why = static_cast<std::uint8_t>(quarantine::id_missing);
  events.entries[2].targets = 77;
  target_sets targets;
  const auto counts = by.apply(events, targets);
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(*counts, (route_counts{1, 1}));
  EXPECT_EQ(events.entries[2].targets, 77);
  EXPECT_EQ(events.entries[1].rule, no_rule);
  EXPECT_EQ(targets.size(), 2U) << "the set of one rule is kept once";
}

TEST(router, without_rules_everything_is_dropped) {
  router by(compiled({}, match_mode::all));
  const std::vector<event> some = {{"a", {}}};
  auto events = decode_of(some);
  EXPECT_EQ(decisions(by, events), (std::vector<decision>{{}}));
}

TEST(router, forgets_nothing_that_matters_when_more_sources_come_than_fit) {
  const auto set = compiled({{"7$", {}, {1}}, {"^s1", {}, {2}}}, match_mode::all);
  router small(set, nullptr, 8), uncached(set, nullptr, 0);
  std::vector<event> some;
  for (int i = 0; i < 500; ++i) some.push_back({std::string("s").append(std::to_string(i % 100)), {}});
  auto first = decode_of(some);
  auto second = decode_of(some);
  EXPECT_EQ(decisions(small, first), decisions(uncached, second));
}

TEST(router, routes_a_source_that_is_too_long_for_the_cache) {
  router by(compiled({{"z$", {}, {1}}}, match_mode::first));
  const std::vector<event> some = {{std::string(600, 'a') + "z", {}}, {std::string(600, 'a'), {}}};
  auto events = decode_of(some);
  EXPECT_EQ(decisions(by, events), (std::vector<decision>{{0, {{1, 0}}}, {}}));
}

TEST(router, refuses_a_batch_with_too_many_combinations_of_destinations) {
  // 17 rules that match on their own: 131071 combinations.
  std::vector<rule> independent;
  for (std::uint16_t i = 0; i < 17; ++i)
    independent.push_back({std::string(1, static_cast<char>('a' + i)), {}, {i}});
  router by(compiled(independent, match_mode::all));
  std::vector<event> some;
  for (unsigned bits = 1; bits <= target_sets::sets_max; ++bits) {
    std::string source;
    for (unsigned i = 0; i < 17; ++i) {
      if ((bits >> i & 1U) != 0) source += static_cast<char>('a' + i);
    }
    some.push_back({source, {}});
  }
  {
    const std::vector<event> fit(some.begin(), some.end() - 1);
    auto events = decode_of(fit);
    events.entries.push_back(events.entries.front());  // a known combination still fits
    events.texts.push_back(events.texts.front());
    EXPECT_EQ(decisions(by, events).size(), target_sets::sets_max);
  }
  auto events = decode_of(some);
  target_sets targets;
  const auto counts = by.apply(events, targets);
  ASSERT_FALSE(counts.has_value());
  EXPECT_EQ(counts.error().code, errc::too_large);
}

std::shared_ptr<const lane_split> split_of(const std::map<destination_id, split_rule>& rules) {
  auto split = std::make_shared<lane_split>();
  for (const auto& [to, rule] : rules) split->tell(to, rule);
  return split;
}

split_rule any_split() {
  split_rule rule;
  rule.lanes = *rc::gen::inRange<lane_id>(1, 9);
  rule.what = *rc::gen::element(split_rule::by::source, split_rule::by::metadata, split_rule::by::turn);
  if (rule.what == split_rule::by::metadata) rule.key = *rc::gen::element<std::string>("region", "tier", "");
  return rule;
}

std::string key_of(const split_rule& rule, const event& e) {
  if (rule.what == split_rule::by::metadata) {
    for (const auto& [key, value] : e.metadata)
      if (key == rule.key) return value;
  }
  return e.source;
}

// The laws of lanes: an event is in exactly one lane of each destination that it goes to without lanes, the
// lane is one that is there, and a key has one lane, in every batch and by every router.
RC_GTEST_PROP(router, gives_an_event_one_lane_of_each_destination_and_a_key_its_own, ()) {
  const auto some_rules = *rules();
  const auto mode = *rc::gen::element(match_mode::first, match_mode::all);
  std::map<destination_id, split_rule> splits;
  for (destination_id to = 0; to < 6; ++to) splits[to] = any_split();
  const auto set = compiled(some_rules, mode);
  router one(set, split_of(splits)), other(set, split_of(splits), 1);
  std::map<std::pair<destination_id, std::string>, lane_id> lane_of_key;
  for (int batch = 0; batch < 3; ++batch) {
    const auto some_events = *events();
    for (router* by : {&one, &other}) {
      auto decoded_events = decode_of(some_events);
      const auto decided = decisions(*by, decoded_events);
      for (std::size_t i = 0; i < some_events.size(); ++i) {
        auto without_lanes = decided[i];
        for (target& t : without_lanes.targets) {
          RC_ASSERT(t.lane < splits[t.destination].lanes);
          if (splits[t.destination].what != split_rule::by::turn) {
            const auto key = std::pair(t.destination, key_of(splits[t.destination], some_events[i]));
            RC_ASSERT(lane_of_key.try_emplace(key, t.lane).first->second == t.lane);
          }
          t.lane = 0;
        }
        RC_ASSERT(without_lanes == naive(some_rules, mode, some_events[i]));
      }
    }
  }
}

TEST(router, takes_the_lanes_in_turn_where_nothing_has_to_keep_its_order) {
  const auto split = split_of({{1, {.lanes = 4, .what = split_rule::by::turn}}});
  router by(compiled({{"^a", {}, {1}}, {"^b", {}, {2}}}, match_mode::first), split);
  std::vector<event> some;
  for (int i = 0; i < 100; ++i) some.push_back({i % 2 == 0 ? "a" : "b", {}});
  auto events = decode_of(some);
  std::map<target, int> counts;
  for (const decision& d : decisions(by, events)) ++counts[d.targets.at(0)];
  EXPECT_EQ(counts,
            (std::map<target, int>{{{1, 0}, 13}, {{1, 1}, 13}, {{1, 2}, 12}, {{1, 3}, 12}, {{2, 0}, 50}}));
}

TEST(router, shares_a_set_between_events_of_the_same_lanes_however_many_there_are) {
  // Two destinations that are split by different keys: every pair of lanes occurs, twice.
  const auto split = split_of({{1, {.lanes = 64, .what = split_rule::by::metadata, .key = "x"}},
                               {2, {.lanes = 64, .what = split_rule::by::metadata, .key = "y"}}});
  router by(compiled({{"", {}, {1, 2}}}, match_mode::first), split);
  std::vector<event> some;
  for (int i = 0; i < 60'000; ++i)
    some.push_back({"a", {{"x", std::to_string(i % 300)}, {"y", std::to_string(i / 300)}}});
  auto events = decode_of(some);
  target_sets targets;
  ASSERT_TRUE(by.apply(events, targets).has_value());
  std::set<std::vector<target>> distinct;
  for (std::size_t i = 1; i < targets.size(); ++i) distinct.insert({targets[i].begin(), targets[i].end()});
  EXPECT_EQ(distinct.size() + 1, targets.size()) << "a set occurs twice";
  EXPECT_GT(distinct.size(), 3500U);
  EXPECT_LE(distinct.size(), 4096U);
}

}  // namespace
}  // namespace sluice::route
