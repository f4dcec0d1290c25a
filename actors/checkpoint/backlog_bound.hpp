// What a destination's backlog may hold, and by how much it has to give way when it holds more.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "actors/checkpoint/delivery_messages.hpp"
#include "actors/checkpoint/format.hpp"

namespace sluice::checkpoint {

/// What happens to a destination whose backlog passes its bound.
enum class when_full : std::uint8_t { dead_letter, reject, drop_oldest };

struct backlog_bound {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  destination_id destination = 0;
  std::uint64_t max_bytes = 5ull << 30;  ///< as segment_log::backlog_bytes counts them
  when_full then = when_full::dead_letter;
  std::uint64_t max_events = unlimited;
  std::chrono::milliseconds max_age{};  ///< since an event was accepted; 0: unlimited
  /// Unix milliseconds at which the oldest unsettled event was accepted, 0 without one; thread-safe. Asked
  /// only where there is a max_age.
  std::function<std::int64_t()> oldest_received_ms = {};
};

/// What a backlog holds at a moment.
struct backlog_size {
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  std::int64_t oldest_received_ms = 0;  ///< 0: none, or not asked
};

/// What has to leave so that `held` keeps to its bound at `wall_ms` (Unix milliseconds); nothing when it
/// does.
std::optional<relief> relief_for(const backlog_bound& bound, const backlog_size& held, std::int64_t wall_ms);

/// What a lane holds of its destination's backlog: at least one event.
struct lane_backlog {
  lane_id lane = 0;
  position oldest = 0;  ///< no event of the lane before it is unsettled
  std::uint64_t events = 0;
};

struct lane_relief {
  lane_id lane = 0;
  relief wanted;
};

/// The part of each lane in what a destination has to give up, none where it is nothing. Events leave the
/// lane with the oldest first; what is bound by age or position, each lane that has such events.
std::vector<lane_relief> share_relief(const relief& wanted, std::vector<lane_backlog> lanes);

}  // namespace sluice::checkpoint
