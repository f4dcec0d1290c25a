// The telemetry stage: owns the metrics registry, takes samples from the checkpoint, renders scrapes.
#pragma once

#include <caf/actor_system.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/checkpoint/actor.hpp"
#include "actors/checkpoint/board.hpp"
#include "actors/deliver/lane.hpp"
#include "actors/interfaces.hpp"
#include "actors/stage_queues.hpp"
#include "actors/subscription/board.hpp"
#include "actors/telemetry/edge.hpp"

namespace sluice {

/// A scrape under way: answered once with the Prometheus text format, or dropped when telemetry ends.
struct scrape_request {
  std::function<void(std::string text)> respond;
};

namespace telemetry {

/// Where the numbers come from; all of it outlives the actor.
struct sources {
  const sluice::checkpoint::board* checkpoint = nullptr;
  const edge* sockets = nullptr;
  const stage_queues* queues = nullptr;
  std::vector<std::shared_ptr<deliver::lane>> lanes;
  std::function<std::size_t()> in_flight_bytes;
  std::function<std::vector<std::pair<std::string, std::uint64_t>>()> restarts;      ///< by stage
  std::function<std::vector<std::pair<std::string, std::uint64_t>>()> dead_letters;  ///< by destination
  const subscription::board* subscription = nullptr;  ///< null: the node only listens
  std::string version;
};

telemetry_actor spawn_telemetry(caf::actor_system& system, sources from);

}  // namespace telemetry
}  // namespace sluice
