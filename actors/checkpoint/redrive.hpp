// Dead letters of one destination on their way back into its lanes.
#pragma once

#include <memory>
#include <vector>

#include "actors/checkpoint/log_state.hpp"
#include "actors/checkpoint/rewritten_events.hpp"

namespace sluice::checkpoint {

struct redrive {
  /// Where a lane gave an event up.
  struct given_up {
    lane_id lane = 0;
    position at = 0;
  };
  rewritten_events events;        ///< at most redrive_events_max
  std::vector<given_up> letters;  ///< beside the events' entries
};
using redrive_ptr = std::shared_ptr<redrive>;

/// Whether the giving up of every event is durable. A letter is stored before that is written: until then its
/// event waits in its lane.
bool all_settled(const redrive& what, const destination_state& of);
/// Leaves out every event that still waits in its lane.
void keep_settled(redrive& what, const destination_state& of);

}  // namespace sluice::checkpoint
