// The route stage: each event gets its rule and its targets.
#pragma once

#include <caf/actor_system.hpp>
#include <cstdint>
#include <memory>

#include "actors/interfaces.hpp"
#include "actors/route/lane_split.hpp"
#include "actors/route/rule_set.hpp"
#include "actors/stage_queues.hpp"

namespace sluice::route {

struct actor_options {
  std::shared_ptr<const rule_set> rules;
  std::shared_ptr<const lane_split> split;  ///< null: every destination has one lane
  stage_queue* queue = nullptr;             ///< outlives the actor; null: nobody counts
  std::uint32_t link_window = 4;            ///< groups on the way here from one producer
};

relay_actor spawn_route(caf::actor_system& system, const actor_options& options);

}  // namespace sluice::route
