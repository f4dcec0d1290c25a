// The audit stage: a reader of the log that writes a line for each event and action, none lost or doubled by
// a crash when it goes to a file.
#pragma once

#include <caf/actor_system.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "actors/audit/narrator.hpp"
#include "actors/checkpoint/log_feed.hpp"
#include "actors/deliver/file_sink.hpp"
#include "actors/interfaces.hpp"
#include "actors/worker.hpp"

namespace sluice::audit {

/// Where the audit stands; outlives its actor.
struct progress {
  group_number upto = 0;  ///< every group up to it has its lines durable
  position last = 0;      ///< the last position in those groups
  std::uint64_t file_length = 0;
};

struct actor_options {
  std::shared_ptr<progress> at;
  checkpoint::log_feed* feed = nullptr;      ///< outlives the actor
  checkpoint::file_system* files = nullptr;  ///< outlives the actor
  std::string path;                          ///< `-`: standard output
  actions which;
  std::map<destination_id, std::string> names;
  checkpoint_actor checkpoint;
  make_executor workers = make_worker;                    ///< for what blocks
  std::function<void(const std::string& what)> incident;  ///< once an incident; empty text when it is over
};

audit_actor spawn_audit(caf::actor_system& system, actor_options options);

}  // namespace sluice::audit
