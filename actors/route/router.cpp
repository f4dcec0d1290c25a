// The routing of one batch. A rule's target set is asked for once a batch, unless its events are split over
// lanes.
#include "actors/route/router.hpp"

#include <algorithm>
#include <bit>

#include "messages/assert.hpp"

namespace sluice::route {

source_cache::source_cache(std::size_t entries) {
  if (entries == 0) return;
  const std::size_t size = std::bit_ceil(std::max(entries, ways));
  mask_ = size - 1;
  hashes_.resize(size);
  slots_.resize(size);
}

router::router(std::shared_ptr<const rule_set> rules, std::shared_ptr<const lane_split> split,
               std::size_t cached_sources)
    : rules_(std::move(rules)),
      split_(split != nullptr ? std::move(split) : std::make_shared<const lane_split>()),
      cache_(cached_sources) {
  SLUICE_ASSERT(rules_ != nullptr);
  of_rule_.resize(rules_->rules().size());
  of_key_.resize(rules_->conditions().keys());
  std::size_t destinations = 0;
  for (const rule& r : rules_->rules()) {
    bool splits = false;
    for (const destination_id to : r.to) {
      destinations = std::max<std::size_t>(destinations, to + std::size_t{1});
      splits |= split_->splits(to);
    }
    splits_.push_back(splits ? 1 : 0);
  }
  seen_.resize(destinations);
  turns_.resize(destinations);
  matched_.reserve(rules_->rules().size());
}

bool router::meets_conditions(std::size_t rule, std::span<const metadata_member> metadata) {
  const metadata_conditions& conditions = rules_->conditions();
  for (const auto [key, wanted] : conditions.of(rule)) {
    remembered_value& known = of_key_[key];
    if (known.event != event_) {
      const std::string_view* text = find_metadata(metadata, conditions.key(key));
      known = {event_, text == nullptr ? metadata_conditions::no_value : conditions.value(key, *text)};
    }
    if (known.value != wanted) return false;
  }
  return true;
}

void router::add_target(destination_id to, std::string_view source,
                        std::span<const metadata_member> metadata) {
  targets_.push_back({to, split_->lane_of(to, source, metadata, turns_[to])});
}

std::uint16_t router::targets_of_rule(std::size_t rule, std::string_view source,
                                      std::span<const metadata_member> metadata, target_sets& targets) {
  remembered_set& known = of_rule_[rule];
  if (known.batch == batch_) return known.index;
  targets_.clear();
  for (const destination_id to : rules_->rules()[rule].to) add_target(to, source, metadata);
  const std::uint16_t index = sets_.intern(targets_, targets);
  if (splits_[rule] == 0) known = {batch_, index};
  return index;
}

std::uint16_t router::targets_of_all(std::string_view source, std::span<const metadata_member> metadata,
                                     target_sets& targets) {
  targets_.clear();
  for (const std::uint16_t rule : matched_) {
    for (const destination_id to : rules_->rules()[rule].to) {
      if (seen_[to] == event_) continue;
      seen_[to] = event_;
      add_target(to, source, metadata);
    }
  }
  return sets_.intern(targets_, targets);
}

result<route_counts> router::apply(decoded& events, target_sets& targets) {
  SLUICE_ASSERT(targets.size() == 1);
  SLUICE_ASSERT(events.texts.size() == events.entries.size());
  ++batch_;
  sets_.start();
  route_counts counts;
  const bool stop_at_first = rules_->mode() == match_mode::first;
  for (std::size_t i = 0; i < events.entries.size(); ++i) {
    event_entry& entry = events.entries[i];
    if (entry.quarantined()) continue;
    const event_text& text = events.texts[i];
    const auto metadata =
        std::span<const metadata_member>(events.metadata).subspan(text.metadata_first, text.metadata_count);
    ++event_;
    matched_.clear();
    const auto& candidates = cache_.rules_of(text.source, [&](std::vector<std::uint16_t>& out) {
      rules_->matching_source(text.source, scratch_, out);
    });
    for (const std::uint16_t rule : candidates) {
      if (!meets_conditions(rule, metadata)) continue;
      matched_.push_back(rule);
      if (stop_at_first) break;
    }
    if (matched_.empty()) {
      entry.rule = no_rule;
      entry.targets = 0;
      ++counts.dropped;
      continue;
    }
    entry.rule = matched_.front();
    entry.targets = stop_at_first ? targets_of_rule(entry.rule, text.source, metadata, targets)
                                  : targets_of_all(text.source, metadata, targets);
    if (entry.targets == 0) {
      return fail(errc::too_large,
                  "the events of the batch go to more than " + std::to_string(target_sets::sets_max - 1) +
                      " different combinations of destinations and lanes: send them in smaller batches");
    }
    ++counts.routed;
  }
  return counts;
}

}  // namespace sluice::route
