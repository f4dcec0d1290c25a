// Finds a lane's events in a group of the log.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "actors/checkpoint/group.hpp"
#include "messages/position.hpp"

namespace sluice::deliver {

/// One event of the lane; the views live as long as the group.
struct lane_event {
  position at = 0;
  std::int64_t waiting_since_ms = 0;  ///< Unix milliseconds: went into the lane
  std::string_view slice;
  std::string_view id, source, region;  ///< escaped as they came
  const event_entry* entry = nullptr;
  /// What is known of it from before, when it was written again; else null.
  const checkpoint::rewritten_event* before = nullptr;
};

/// Calls `take` for each event of (destination, lane) in `group` behind `after`, in order, until it returns
/// false. Destination 0 is the dead letters: its events are the quarantined ones. True when the group was
/// read to its end. An error when the group contradicts its own format.
result<bool> scan_lane(const checkpoint::committed_group& group, destination_id destination, lane_id lane,
                       position after, const std::function<bool(const lane_event&)>& take);

}  // namespace sluice::deliver
