// RE2 behind the rules: one RE2::Set over the distinct patterns finds all that match in one pass; the single
// patterns are kept for explanations and for the day the set's automaton runs out of its memory.
#include "actors/route/rule_set.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <unordered_map>

#include "messages/assert.hpp"

namespace sluice::route {

struct rule_set::patterns {
  explicit patterns(const RE2::Options& options) : set(options, RE2::UNANCHORED) {}

  RE2::Set set;
  std::vector<std::unique_ptr<RE2>> single;       // by number of the distinct pattern
  std::vector<std::vector<std::uint16_t>> rules;  // the same: rules that have it, ascending
  std::vector<std::uint16_t> pattern_of;          // by rule
};

namespace {

/// RE2's own view of a text, which is not the standard's in every version of it.
re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options_with(std::int64_t memory_bytes) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_bytes);
  return options;
}

tl::unexpected<error> refuse(std::size_t rule, std::string detail) {
  return fail(errc::invalid_config, std::move(detail), "routes[" + std::to_string(rule) + "]");
}

result<void> check_bounds(const std::vector<rule>& rules, const rule_limits& limits) {
  if (rules.size() > limits.rules || rules.size() >= no_rule) {
    return fail(errc::invalid_config,
                std::to_string(rules.size()) + " rules; at most " + std::to_string(limits.rules), "routes");
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const rule& r = rules[i];
    if (r.source.size() > limits.pattern_bytes) {
      return refuse(i, "the pattern has " + std::to_string(r.source.size()) + " bytes; at most " +
                           std::to_string(limits.pattern_bytes));
    }
    if (r.metadata.size() > limits.conditions) {
      return refuse(i, std::to_string(r.metadata.size()) + " metadata conditions; at most " +
                           std::to_string(limits.conditions));
    }
    if (r.to.empty() || r.to.size() > limits.targets) {
      return refuse(i, std::to_string(r.to.size()) + " destinations; 1 to " + std::to_string(limits.targets));
    }
  }
  return {};
}

void drop_repeated(std::vector<destination_id>& to) {
  std::vector<destination_id> kept;
  for (const destination_id id : to) {
    if (std::ranges::find(kept, id) == kept.end()) kept.push_back(id);
  }
  to = std::move(kept);
}

}  // namespace

const std::string_view* find_metadata(std::span<const metadata_member> metadata,
                                      std::string_view key) noexcept {
  for (const metadata_member& m : metadata) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

rule_set::rule_set(std::vector<rule> rules, match_mode mode, std::unique_ptr<patterns> compiled)
    : rules_(std::move(rules)), mode_(mode), conditions_(rules_), patterns_(std::move(compiled)) {}
rule_set::rule_set(rule_set&&) noexcept = default;
rule_set& rule_set::operator=(rule_set&&) noexcept = default;
rule_set::~rule_set() = default;

result<rule_set> rule_set::compile(std::vector<rule> rules, match_mode mode, const rule_limits& limits) {
  if (auto fits = check_bounds(rules, limits); !fits) return tl::unexpected(fits.error());
  auto compiled = std::make_unique<patterns>(options_with(limits.set_memory_bytes));
  std::unordered_map<std::string, std::uint16_t> distinct;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    drop_repeated(rules[i].to);
    const auto [known, added] =
        distinct.try_emplace(rules[i].source, static_cast<std::uint16_t>(distinct.size()));
    if (added) {
      auto one = std::make_unique<RE2>(rules[i].source, options_with(limits.pattern_memory_bytes));
      if (!one->ok()) return refuse(i, "the pattern does not compile: " + one->error());
      std::string why;
      if (compiled->set.Add(rules[i].source, &why) != known->second)
        return refuse(i, "the pattern does not compile: " + why);
      compiled->single.push_back(std::move(one));
      compiled->rules.emplace_back();
    }
    compiled->rules[known->second].push_back(static_cast<std::uint16_t>(i));
    compiled->pattern_of.push_back(known->second);
  }
  if (!compiled->set.Compile()) {
    return fail(errc::invalid_config,
                "the patterns together need more than " + std::to_string(limits.set_memory_bytes) +
                    " bytes when compiled",
                "routes");
  }
  return rule_set(std::move(rules), mode, std::move(compiled));
}

void rule_set::matching_source(std::string_view source, std::vector<int>& scratch,
                               std::vector<std::uint16_t>& out) const {
  out.clear();
  scratch.clear();
  if (rules_.empty()) return;
  RE2::Set::ErrorInfo failure{RE2::Set::kNoError};
  if (!patterns_->set.Match(piece(source), &scratch, &failure)) {
    if (failure.kind == RE2::Set::kNoError) return;
    // The automaton of the set has outgrown its memory on this text: one pattern after the other, each of
    // which can fall back to a search that needs no automaton.
    scratch.clear();
    for (std::size_t i = 0; i < patterns_->single.size(); ++i) {
      if (RE2::PartialMatch(piece(source), *patterns_->single[i])) scratch.push_back(static_cast<int>(i));
    }
  }
  for (const int pattern : scratch) {
    const auto& of = patterns_->rules[static_cast<std::size_t>(pattern)];
    out.insert(out.end(), of.begin(), of.end());
  }
  std::ranges::sort(out);
}

explanation rule_set::explain(std::string_view source, std::span<const metadata_member> metadata) const {
  explanation all;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const rule& r = rules_[i];
    rule_outcome outcome;
    if (!RE2::PartialMatch(piece(source), *patterns_->single[patterns_->pattern_of[i]]))
      outcome.what = rule_outcome::kind::pattern;
    for (std::size_t c = 0; outcome.what == rule_outcome::kind::matched && c < r.metadata.size(); ++c) {
      const auto& [key, wanted] = r.metadata[c];
      const std::string_view* found = find_metadata(metadata, key);
      if (found != nullptr && *found == wanted) continue;
      outcome.what = found == nullptr ? rule_outcome::kind::missing : rule_outcome::kind::differs;
      outcome.key = key;
      outcome.wanted = wanted;
      if (found != nullptr) outcome.found = *found;
    }
    if (outcome.what == rule_outcome::kind::matched && (all.rule == no_rule || mode_ == match_mode::all)) {
      if (all.rule == no_rule) all.rule = static_cast<std::uint16_t>(i);
      for (const destination_id to : r.to) {
        if (std::ranges::find(all.targets, target{to, 0}) == all.targets.end())
          all.targets.push_back({to, 0});
      }
    }
    all.rules.push_back(std::move(outcome));
  }
  return all;
}

}  // namespace sluice::route
