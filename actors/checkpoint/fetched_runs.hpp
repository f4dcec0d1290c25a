// What was read from the files lately, for readers that follow one another through the log: the lanes of a
// destination that catches up, and one that takes less than was read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// Holds at most `bytes_max` of buffers, the run that was used longest ago leaves first. Not thread-safe.
class fetched_runs {
 public:
  explicit fetched_runs(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// All data groups that are retained for `of` with number > `after` and <= `upto`, in order.
  struct run {
    group_number after = 0;
    group_number upto = 0;
    std::optional<destination_id> of = {};
    std::vector<committed_group_ptr> groups;
  };

  /// A run for `of` that goes on behind `after`: run.after <= after < run.upto; null: none. Valid until the
  /// next call.
  const run* find(group_number after, std::optional<destination_id> of);
  /// `groups` is what a fetch behind `after` for `of` gave: not empty. A run that is larger than all is not
  /// kept.
  void put(group_number after, std::optional<destination_id> of, std::vector<committed_group_ptr> groups);

 private:
  static std::size_t bytes_of(const run& r) noexcept;

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<run> runs_;  // the last used in front
};

/// Groups of an ascending sequence behind `after`: at least one when there is one, else up to `max_bytes`
/// together. With `of`, those that may hold events of the lane.
template <class Groups>
std::vector<committed_group_ptr> groups_behind(const Groups& groups, group_number after,
                                               std::size_t max_bytes, const std::optional<target>& of) {
  std::vector<committed_group_ptr> out;
  std::size_t bytes = 0;
  const auto number = [](const committed_group_ptr& g) { return g->header().number; };
  for (auto at = std::ranges::upper_bound(groups, after, {}, number); at != groups.end(); ++at) {
    if (of && !(*at)->may_hold(*of)) continue;
    if (!out.empty() && bytes + (*at)->bytes > max_bytes) break;
    bytes += (*at)->bytes;
    out.push_back(*at);
  }
  return out;
}

}  // namespace sluice::checkpoint
