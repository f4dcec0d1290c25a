// From the configuration's destinations and the recovered state to the lanes that deliveries stand in.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/deliver/lane.hpp"
#include "actors/node/config/config.hpp"
#include "messages/result.hpp"

namespace sluice::node {

/// Commits what the log does not know yet: new destinations (they start behind the last event) and the base
/// length of files that were there before. Blocking; before the log has any other user.
result<void> declare_destinations(const config::config& from, checkpoint::segment_log& log,
                                  checkpoint::log_state& state, checkpoint::file_system& files,
                                  checkpoint::segment_log::moment when);

/// One lane for each configured destination, in their order, behind the built-in dead letters. `clean`: the
/// last stop was one, so that only the request of an open offer can be on its way.
result<std::vector<std::shared_ptr<deliver::lane>>> make_lanes(const config::config& from,
                                                               checkpoint::segment_log& log,
                                                               const checkpoint::log_state& state, bool clean,
                                                               std::chrono::nanoseconds now);

}  // namespace sluice::node
