// From the configuration's destinations and the recovered state to the lanes that deliveries stand in.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/deliver/lane.hpp"
#include "actors/deliver/retry_schedule.hpp"
#include "actors/node/config/config.hpp"
#include "messages/result.hpp"

namespace sluice::node {

/// Commits what the log does not know yet: new destinations (they start behind the last event; one whose
/// `from` is `oldest` is owed a backfill), those that
/// are gone and hold nothing, and the base length of files that were there before. Blocking; before the log
/// has any other user.
result<void> declare_destinations(const config::config& from, checkpoint::segment_log& log,
                                  checkpoint::log_state& state, checkpoint::file_system& files,
                                  checkpoint::segment_log::moment when);

/// A lane, and what it serves.
struct served_lane {
  std::shared_ptr<deliver::lane> lane;
  /// Lives in the configuration; null: the dead letters, or a destination that is not configured any more.
  const config::destination_options* of = nullptr;
  std::size_t endpoint = 0;  ///< number among those of the destination

  /// How people know its endpoint: the destination, and the endpoint where there are several.
  std::string endpoint_label() const;
  /// How they know it: the lane too, where there are several.
  std::string label() const;
};

/// The lanes of the configured destinations, in their order, behind the built-in dead letters. Lanes that the
/// configuration has no more come too as long as they hold events, and send to endpoint i % endpoints like
/// all others. `clean`: the last stop was one, so that only requests of open offers can be on their way.
/// Last come the lanes of destinations that are not configured any more, as long as they hold events.
/// errc::invalid_config when a destination cannot serve what an earlier kind of it left.
result<std::vector<served_lane>> make_lanes(const config::config& from, checkpoint::segment_log& log,
                                            const checkpoint::log_state& state, bool clean,
                                            std::chrono::nanoseconds now);

/// When it is tried again after failures.
deliver::retry_options retry_of(const config::destination_options& from);

}  // namespace sluice::node
