// The checkpoint stage: groups in, one commit under way, answers out. The decisions are the stager's.
#pragma once

#include <caf/actor_system.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actors/checkpoint/backlog_bound.hpp"
#include "actors/checkpoint/board.hpp"
#include "actors/checkpoint/committer.hpp"
#include "actors/interfaces.hpp"
#include "actors/stage_queues.hpp"

namespace sluice {

/// What telemetry is told of commits; adds up while telemetry is busy.
struct commit_sample {
  checkpoint::commit_counts counts;
  std::vector<double> commit_seconds;  ///< at most commit_seconds_max; further ones are not observed
  static constexpr std::size_t commit_seconds_max = 4096;
};

namespace checkpoint {

struct actor_options {
  segment_log* log = nullptr;  ///< outlives the actor
  dedup_window* window = nullptr;
  log_state* state = nullptr;
  stager::options staging;
  std::uint32_t link_window = 4;  ///< groups that a router may have on the way
  std::vector<backlog_bound> bounds;
  std::uint64_t audit_backlog =
      1ull << 30;                 ///< bytes of log that the audit may be behind before batches are refused
  position audited_position = 0;  ///< where the audit starts
  checkpoint::board* board = nullptr;
  stage_queue* queue = nullptr;  ///< outlives the actor; null: nobody counts
  /// Lets the lanes of a destination rest, or go on; thread-safe, called before whoever ordered it is
  /// answered.
  std::function<void(destination_id, bool)> pause;
  std::function<bool()> dead_letters_full;  ///< what a backlog gives up finds no room; thread-safe
  make_executor workers = make_worker;      ///< for what blocks
  std::function<void(const error&)>
      failed;  ///< called once when the log can take nothing any more; must only post
};

checkpoint_actor spawn_checkpoint(caf::actor_system& system, actor_options options);

}  // namespace checkpoint
}  // namespace sluice
