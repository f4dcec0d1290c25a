// The decode stage: bodies become indexed events, or a 400.
#pragma once

#include <caf/actor_system.hpp>
#include <cstdint>

#include "actors/decode/decoder.hpp"
#include "actors/interfaces.hpp"
#include "actors/stage_queues.hpp"

namespace sluice::decode {

struct actor_options {
  decode_limits limits;
  const identity_key* key = nullptr;  ///< outlives the actor
  bool reject_invalid = false;        ///< an invalid event refuses its batch instead of being quarantined
  stage_queue* queue = nullptr;       ///< outlives the actor; null: nobody counts
  std::uint32_t link_window = 4;      ///< groups on the way here from one producer
};

relay_actor spawn_decode(caf::actor_system& system, const actor_options& options);

}  // namespace sluice::decode
