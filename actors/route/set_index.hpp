// Finds a batch's target sets by what is in them, so that events that go to the same lanes share one set
// however many sets a batch has.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "messages/batch.hpp"

namespace sluice::route {

/// Beside the `target_sets` of one batch at a time. Keeps its memory between batches: 16 bytes for each of
/// twice the sets of the largest batch so far, at most 2 MiB. Not thread-safe.
class set_index {
 public:
  /// From now on for another batch, whose sets are only added through here.
  void start() noexcept {
    ++batch_;
    used_ = 0;
  }

  /// The index of the set in `sets`, added when it is new; 0 when there is no room. `set` is not empty. O(1).
  std::uint16_t intern(std::span<const target> set, target_sets& sets);

 private:
  struct place {
    std::uint64_t batch = 0;  // taken when it is the one under way
    std::uint32_t hash = 0;
    std::uint16_t index = 0;
  };

  void grow();

  std::vector<place> places_ = std::vector<place>(256);  // a power of two, at most half full
  std::uint64_t batch_ = 0;
  std::size_t used_ = 0;
};

}  // namespace sluice::route
