// Goal: a router decides as a loop over the rules would, cached or not, in both modes.
// Method: random rules and events against a naive loop of single RE2 matches; the edges as examples.
#include "actors/route/router.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <deque>

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
  router cached(set), tiny(set, 1), uncached(set, 0);
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
  router small(set, 8), uncached(set, 0);
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
  // 13 rules that match on their own: 8191 combinations.
  std::vector<rule> independent;
  for (std::uint16_t i = 0; i < 13; ++i)
    independent.push_back({std::string(1, static_cast<char>('a' + i)), {}, {i}});
  router by(compiled(independent, match_mode::all));
  std::vector<event> some;
  for (unsigned bits = 1; bits < 8192; ++bits) {
    std::string source;
    for (unsigned i = 0; i < 13; ++i) {
      if ((bits >> i & 1U) != 0) source += static_cast<char>('a' + i);
    }
    some.push_back({source, {}});
  }
  {
    const std::vector<event> fit(some.begin(), some.begin() + 4095);
    auto events = decode_of(fit);
    events.entries.push_back(events.entries.front());  // a known combination still fits
    events.texts.push_back(events.texts.front());
    EXPECT_EQ(decisions(by, events).size(), 4096U);
  }
  auto events = decode_of(some);
  target_sets targets;
  const auto counts = by.apply(events, targets);
  ASSERT_FALSE(counts.has_value());
  EXPECT_EQ(counts.error().code, errc::too_large);
}

}  // namespace
}  // namespace sluice::route
