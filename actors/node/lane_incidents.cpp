#include "actors/node/lane_incidents.hpp"

#include <algorithm>

namespace sluice::node {

void lane_incidents::tell(lane_id lane, const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (what.empty()) {
    if (of_lane_.erase(lane) > 0 && of_lane_.empty()) say_({});
    return;
  }
  const bool known = std::ranges::any_of(of_lane_, [&](const auto& told) { return told.second == what; });
  of_lane_.insert_or_assign(lane, what);
  if (!known) say_(what);
}

void lane_incidents::forget(lane_id lane) {
  const std::lock_guard lock(mutex_);
  of_lane_.erase(lane);
}

}  // namespace sluice::node
