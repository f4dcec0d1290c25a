// The supervisor: makes every stage, links producers to consumers, restarts what dies, ends them in the right
// order. It alone knows the shape of the pipeline; the stages know only their neighbours' protocols.
#pragma once

#include <atomic>
#include <caf/actor_system.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/supervisor/restart_budget.hpp"

namespace sluice::supervisor {

/// Restarts by stage, for metrics. Thread-safe.
class restart_counts {
 public:
  void add(const std::string& stage) {
    const std::lock_guard lock(mutex_);
    ++counts_[stage];
  }
  std::vector<std::pair<std::string, std::uint64_t>> get() const {
    const std::lock_guard lock(mutex_);
    return {counts_.begin(), counts_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;  // bounded by the number of stages
};

/// How the delivery of a lane is made, and how people know it.
struct lane_factory {
  target lane;
  std::string label;
  std::function<deliver_actor(const checkpoint_actor&)> make;
};

/// How each stage is made. Called again, with the same meaning, when one has died.
struct factories {
  std::function<telemetry_actor()> telemetry;
  std::function<checkpoint_actor()> checkpoint;
  std::function<audit_actor(const checkpoint_actor&)> audit;
  std::vector<lane_factory> deliveries;
  std::function<relay_actor()> decode, route;
  std::function<ingest_actor()> ingest;
  std::function<subscription_actor(const checkpoint_actor&)> subscription;  ///< empty: the node only listens
};

struct actor_options {
  factories make;
  std::size_t decoders = 1, routers = 1;
  restart_budget budget{20, std::chrono::seconds(60)};
  restart_counts* counts = nullptr;  ///< outlives the actor
  /// The handles that the sockets' side uses, new or again. Called on the supervisor's turn.
  std::function<void(const ingest_actor&)> ingest_changed;
  std::function<void(const telemetry_actor&)> telemetry_changed;
  /// The node must end: the checkpoint died, or the budget is used up. Called once; must only post.
  std::function<void(const std::string& why)> fatal;
  /// `what` names the stage and, of a delivery, the lane.
  std::function<void(const std::string& what, const std::string& why)> restarted;
};

supervisor_actor spawn_supervisor(caf::actor_system& system, actor_options options);

}  // namespace sluice::supervisor
