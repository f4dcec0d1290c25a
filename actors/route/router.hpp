// What a route actor does to a batch: finds for each event its rule, its destinations and its lane of each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "actors/route/lane_split.hpp"
#include "actors/route/rule_set.hpp"
#include "actors/route/set_index.hpp"
#include "actors/route/source_cache.hpp"
#include "messages/batch.hpp"
#include "messages/result.hpp"

namespace sluice::route {

/// Of the valid events of a batch.
struct route_counts {
  std::uint32_t routed = 0;   ///< to at least one destination
  std::uint32_t dropped = 0;  ///< wanted by no rule
  friend bool operator==(const route_counts&, const route_counts&) = default;
};

/// One for each route actor: working memory and cache around the shared rules. Not thread-safe.
class router {
 public:
  /// Without a split every destination has one lane.
  explicit router(std::shared_ptr<const rule_set> rules, std::shared_ptr<const lane_split> split = nullptr,
                  std::size_t cached_sources = source_cache::entries_default);

  /// Sets `rule` and `targets` of every entry that is not quarantined; `targets` is empty before. Nothing is
  /// allocated an event whose source is in the cache. Fails with too_large when the events of one batch go to
  /// more different combinations of lanes than `target_sets` holds, which takes more events than that; the
  /// batch is then to be refused.
  result<route_counts> apply(decoded& events, target_sets& targets);

 private:
  /// A target set's index in the batch under way.
  struct remembered_set {
    std::uint64_t batch = 0;
    std::uint16_t index = 0;
  };
  struct remembered_value {
    std::uint64_t event = 0;
    std::uint32_t value = 0;
  };

  bool meets_conditions(std::size_t rule, std::span<const metadata_member> metadata);
  void add_target(destination_id to, std::string_view source, std::span<const metadata_member> metadata);
  /// The index of the event's targets, by one rule or by all that match; 0 when `targets` has no room.
  std::uint16_t targets_of_rule(std::size_t rule, std::string_view source,
                                std::span<const metadata_member> metadata, target_sets& targets);
  std::uint16_t targets_of_all(std::string_view source, std::span<const metadata_member> metadata,
                               target_sets& targets);

  std::shared_ptr<const rule_set> rules_;
  std::shared_ptr<const lane_split> split_;
  source_cache cache_;
  set_index sets_;
  std::uint64_t batch_ = 0;               ///< counts batches, so that what is remembered needs no clearing
  std::uint64_t event_ = 0;               ///< counts events, likewise
  std::vector<remembered_set> of_rule_;   ///< by rule
  std::vector<std::uint8_t> splits_;      ///< by rule: a destination of it has several lanes
  std::vector<std::uint64_t> turns_;      ///< by destination: see lane_split::lane_of
  std::vector<remembered_value> of_key_;  ///< by number of the metadata key
  std::vector<std::uint64_t> seen_;       ///< by destination: the event that last had it
  std::vector<std::uint16_t> matched_;
  std::vector<target> targets_;
  std::vector<int> scratch_;
};

}  // namespace sluice::route
