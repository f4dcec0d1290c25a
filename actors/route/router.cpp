// The routing of one batch. What the same batch asked before (a rule's target set, a union's) is not asked
// again.
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

router::router(std::shared_ptr<const rule_set> rules, std::size_t cached_sources)
    : rules_(std::move(rules)), cache_(cached_sources) {
  SLUICE_ASSERT(rules_ != nullptr);
  of_rule_.resize(rules_->rules().size());
  of_union_.resize(remembered_unions);
  of_key_.resize(rules_->conditions().keys());
  std::size_t destinations = 0;
  for (const rule& r : rules_->rules()) {
    for (const destination_id to : r.to)
      destinations = std::max<std::size_t>(destinations, to + std::size_t{1});
  }
  seen_.resize(destinations);
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

std::uint16_t router::targets_of_rule(std::size_t rule, target_sets& targets) {
  remembered_set& known = of_rule_[rule];
  if (known.batch == batch_) return known.index;
  targets_.clear();
  for (const destination_id to : rules_->rules()[rule].to) targets_.push_back({to, 0});
  known = {batch_, targets.intern(targets_)};  // at most one set a rule: fewer than target_sets holds
  return known.index;
}

std::uint16_t router::targets_of_all(target_sets& targets) {
  targets_.clear();
  std::uint64_t hash = 0;
  for (const std::uint16_t rule : matched_) {
    for (const destination_id to : rules_->rules()[rule].to) {
      if (seen_[to] == event_) continue;
      seen_[to] = event_;
      targets_.push_back({to, 0});
      hash = (hash + to + 1) * 0x9e3779b97f4a7c15U;
    }
  }
  remembered_set& known = of_union_[(hash >> 32) % remembered_unions];
  if (known.batch == batch_ && std::ranges::equal(targets[known.index], targets_)) return known.index;
  std::size_t index = 0;
  if (targets.size() < target_sets::sets_max) {
    index = targets.intern(targets_);
  } else {
    for (std::size_t i = 1; i < targets.size() && index == 0; ++i) {
      if (std::ranges::equal(targets[i], targets_)) index = i;
    }
    if (index == 0) return 0;
  }
  known = {batch_, static_cast<std::uint16_t>(index)};
  return known.index;
}

result<route_counts> router::apply(decoded& events, target_sets& targets) {
  SLUICE_ASSERT(targets.size() == 1);
  SLUICE_ASSERT(events.texts.size() == events.entries.size());
  ++batch_;
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
    entry.targets = stop_at_first ? targets_of_rule(entry.rule, targets) : targets_of_all(targets);
    if (entry.targets == 0) {
      return fail(errc::too_large,
                  "the events of the batch go to more than " + std::to_string(target_sets::sets_max - 1) +
                      " different combinations of destinations: send them in smaller batches");
    }
    ++counts.routed;
  }
  return counts;
}

}  // namespace sluice::route
