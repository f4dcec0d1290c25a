// The newest committed groups, in memory, bounded by the capacity of their buffers.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// Not thread-safe.
class tail_ring {
 public:
  /// Holds at most `bytes_max` of buffers; `last` is the newest data group that is not in it.
  tail_ring(std::size_t bytes_max, group_number last) : bytes_max_(bytes_max), floor_(last), last_(last) {}

  void push(committed_group_ptr group);
  /// Groups behind `after`, which is >= floor(): at least one when there is one, else up to `max_bytes`
  /// together. With `of`, those that may hold events of the lane.
  std::vector<committed_group_ptr> behind(group_number after, std::size_t max_bytes,
                                          const std::optional<target>& of = {}) const;

  group_number floor() const noexcept {
    return floor_;
  }  ///< the newest data group that has left, or never was in
  group_number last() const noexcept { return last_; }  ///< the newest data group

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  group_number floor_;
  group_number last_;
  std::deque<committed_group_ptr> groups_;
};

}  // namespace sluice::checkpoint
