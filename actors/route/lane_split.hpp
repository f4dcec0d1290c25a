// Which lane of a destination an event takes: one lane an event, the same one for all events of a key. So a
// key keeps its order while lanes deliver side by side.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/event.hpp"
#include "messages/position.hpp"

namespace sluice::route {

/// What the events of one destination are split by.
struct split_rule {
  enum class by : std::uint8_t {
    source,
    metadata,  ///< the member `key`; an event without it goes by its source
    turn,      ///< one lane after the other
  };
  lane_id lanes = 1;  ///< at least 1
  by what = by::source;
  std::string key = {};
  friend bool operator==(const split_rule&, const split_rule&) = default;
};

/// Never changes for a text, in whatever build: a key must find its lane again after a restart.
std::uint64_t stable_hash(std::string_view text) noexcept;

/// Immutable once it is shared: every router uses one copy without a lock.
class lane_split {
 public:
  /// A destination that is not told has one lane.
  void tell(destination_id to, split_rule rule);

  /// The events of `to` have more than one lane to go to.
  bool splits(destination_id to) const noexcept { return to < rules_.size() && rules_[to].lanes > 1; }

  /// The event's lane, below the rule's `lanes`. `turn` counts the events of `to` whose lane goes by turn.
  /// O(key).
  lane_id lane_of(destination_id to, std::string_view source, std::span<const metadata_member> metadata,
                  std::uint64_t& turn) const noexcept;

 private:
  std::vector<split_rule> rules_;  // by destination
};

}  // namespace sluice::route
