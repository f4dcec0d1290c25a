// The rules of a node, compiled once: which destinations an event goes to, and why. Immutable, so that every
// router shares one copy without a lock. RE2 stays behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/route/metadata_conditions.hpp"
#include "actors/route/rule.hpp"
#include "messages/batch.hpp"
#include "messages/event.hpp"
#include "messages/result.hpp"

namespace sluice::route {

/// Bounds of a rule set; each is named in the error that refuses.
struct rule_limits {
  std::size_t rules = 1000;                             ///< at most `no_rule` - 1
  std::size_t pattern_bytes = 1024;                     ///< of one pattern
  std::size_t conditions = 64;                          ///< metadata conditions of one rule
  std::size_t targets = 64;                             ///< destinations of one rule
  std::int64_t pattern_memory_bytes = 2 * 1024 * 1024;  ///< program and automaton of one pattern
  std::int64_t set_memory_bytes = 64 * 1024 * 1024;     ///< program and automaton of all patterns together
};

/// Why one rule did or did not match one event, all rules looked at on their own.
struct rule_outcome {
  enum class kind : std::uint8_t {
    matched,
    pattern,  ///< the source does not match
    missing,  ///< the metadata has no `key`
    differs,  ///< the metadata has `found` under `key` where the rule wants `wanted`
  };
  kind what = kind::matched;
  std::string key, wanted, found;  ///< of the first condition that failed
  friend bool operator==(const rule_outcome&, const rule_outcome&) = default;
};

/// The whole decision on one event.
struct explanation {
  std::vector<rule_outcome> rules;  ///< one for each rule, in order
  std::uint16_t rule = no_rule;     ///< the first that matched
  std::vector<target> targets;      ///< where the event goes, in order; empty: dropped
};

/// Value of `key` in an event's metadata; of a key that occurs twice the first one counts. Null when it is
/// absent.
const std::string_view* find_metadata(std::span<const metadata_member> metadata,
                                      std::string_view key) noexcept;

/// Every member function may be called from any thread at once.
class rule_set {
 public:
  /// Fails with invalid_config; the place is `routes[N]` and the detail says what RE2 said.
  static result<rule_set> compile(std::vector<rule> rules, match_mode mode, const rule_limits& limits = {});
  rule_set(rule_set&&) noexcept;
  rule_set& operator=(rule_set&&) noexcept;
  ~rule_set();

  std::span<const rule> rules() const noexcept { return rules_; }
  match_mode mode() const noexcept { return mode_; }
  const metadata_conditions& conditions() const noexcept { return conditions_; }

  /// Numbers of the rules whose pattern `source` matches, ascending, into `out`; their metadata is not looked
  /// at. `scratch` is working memory, to be kept between calls. Linear in the source.
  void matching_source(std::string_view source, std::vector<int>& scratch,
                       std::vector<std::uint16_t>& out) const;

  /// For people: slow, and says of every rule what became of it.
  explanation explain(std::string_view source, std::span<const metadata_member> metadata) const;

 private:
  struct patterns;
  rule_set(std::vector<rule> rules, match_mode mode, std::unique_ptr<patterns> compiled);

  std::vector<rule> rules_;
  match_mode mode_;
  metadata_conditions conditions_;
  std::unique_ptr<patterns> patterns_;
};

}  // namespace sluice::route
