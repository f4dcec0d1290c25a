// Where things are in the log: the numbers that cursors, offers, ledgers and audit lines are made of.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

/// An event's number in the log: dense, from 1, never reused. 0 stands before the first event.
using position = std::uint64_t;

/// A group's number in the log: dense, from 1. One group is one write and one fdatasync.
using group_number = std::uint64_t;

/// Positions [first, last], both included; empty when last < first.
struct position_range {
  position first = 1;
  position last = 0;

  constexpr bool empty() const noexcept { return last < first; }
  constexpr std::uint64_t size() const noexcept { return empty() ? 0 : last - first + 1; }
  friend constexpr auto operator<=>(const position_range&, const position_range&) = default;
};

/// Durable number of a destination, given at its first appearance and never given again.
using destination_id = std::uint16_t;

/// Number of a lane within its destination: one for each endpoint, 0 where there is one.
using lane_id = std::uint16_t;

}  // namespace sluice
