// What a reader of the log is done with: everything up to a position, and some ranges above it because
// several requests are in flight. A bare prefix would repeat, after a crash, everything behind one slow
// request.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "messages/position.hpp"

namespace sluice::checkpoint {

/// A set of settled positions. A value: regular, not thread-safe. Two are equal when they hold the same
/// positions.
class settled_ranges {
 public:
  /// Most ranges above the prefix.
  static constexpr std::size_t ranges_max = 1024;

  /// Everything up to and including `upto` is settled; 0: nothing is.
  explicit settled_ranges(position upto = 0) noexcept : upto_(upto) {}

  /// Adds positions, any of which may be settled already. False, and nothing changed, when that would take
  /// more than `ranges_max` ranges. An empty range changes nothing. O(log ranges) to find, O(ranges) to
  /// insert.
  [[nodiscard]] bool settle(position_range what);

  bool is_settled(position p) const noexcept;
  /// The last position of the prefix; the one after it is not settled.
  position upto() const noexcept { return upto_; }
  /// Above the prefix, ascending, with at least one unsettled position before and between them.
  std::span<const position_range> ranges() const noexcept { return ranges_; }

  friend bool operator==(const settled_ranges&, const settled_ranges&) = default;

 private:
  position upto_;
  std::vector<position_range> ranges_;
};

}  // namespace sluice::checkpoint
