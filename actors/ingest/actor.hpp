// The ingest stage: what the sockets left in the inbox becomes groups for the decoders.
#pragma once

#include <caf/actor_system.hpp>
#include <cstddef>

#include "actors/ingest/inbox.hpp"
#include "actors/interfaces.hpp"
#include "actors/stage_queues.hpp"

namespace sluice::ingest {

struct actor_options {
  inbox* from = nullptr;  ///< outlives the actor; what a dead actor left in it its successor takes
  std::size_t group_bytes = 256u << 10;  ///< a group is closed when it holds that much
  stage_queue* queue = nullptr;          ///< outlives the actor; null: nobody counts
};

ingest_actor spawn_ingest(caf::actor_system& system, const actor_options& options);

}  // namespace sluice::ingest
