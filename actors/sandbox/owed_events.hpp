// What the node has acknowledged, and therefore owes to the destinations that its rules name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/sandbox/event_maker.hpp"
#include "actors/sandbox/newest_map.hpp"

namespace sluice::sandbox {

/// Which events a destination should get: those of sources that begin so, with these values where they are
/// given.
struct selection {
  std::string source_prefix;
  std::string region;    ///< empty: any
  std::string priority;  ///< empty: any
  bool has(const event_class& of) const {
    return of.source.starts_with(source_prefix) && (region.empty() || of.region == region) &&
           (priority.empty() || of.priority == priority);
  }
};

/// Remembers the newest `entries_max`. Pure, not thread-safe.
class owed_events {
 public:
  static constexpr std::size_t entries_max = 2'000'000;

  owed_events() : events_(entries_max) {}

  /// Once an event; a repeated acknowledgement changes nothing.
  void acknowledge(identity what, const event_class& of);
  /// What is known of an event, or null.
  const event_class* find(identity what) const noexcept;
  /// Calls `what` for each event of the selection, in no order.
  void each(const selection& of, const std::function<void(identity)>& what) const;

  std::size_t size() const noexcept { return events_.size(); }
  std::uint64_t forgotten() const noexcept { return events_.forgotten(); }

 private:
  newest_map<std::uint32_t> events_;  // to an index of classes_
  std::vector<event_class> classes_;  // sources × regions × priorities: some thousands at most
  std::map<event_class, std::uint32_t> numbers_;
};

}  // namespace sluice::sandbox
