// What a node consists of, and the steps that bring it up: how each part is made is in wiring.cpp and
// deliveries.cpp, when it begins and ends in application.cpp.
#pragma once

#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/audit/actor.hpp"
#include "actors/checkpoint/segment_log.hpp"
#include "actors/decode/identity.hpp"
#include "actors/deliver/actors.hpp"
#include "actors/deliver/dead_letters.hpp"
#include "actors/deliver/sender.hpp"
#include "actors/node/admin/api.hpp"
#include "actors/node/admin/dead_letters.hpp"
#include "actors/node/admin/letter_orders.hpp"
#include "actors/node/admin/orders.hpp"
#include "actors/node/application.hpp"
#include "actors/node/config/scale.hpp"
#include "actors/node/gateway.hpp"
#include "actors/node/genesys.hpp"
#include "actors/node/lane_incidents.hpp"
#include "actors/node/lanes.hpp"
#include "actors/route/lane_split.hpp"
#include "actors/route/rule_set.hpp"
#include "actors/stage_queues.hpp"
#include "actors/supervisor/actor.hpp"
#include "actors/telemetry/edge.hpp"
#include "net/http/client.hpp"
#include "net/http/server.hpp"
#include "net/nats/publisher.hpp"

namespace sluice::node {

inline std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

checkpoint::when_full when_full(config::backlog_full from);

// In the order of making; destroyed the other way round.
struct application::parts {
  config::config configured;
  config::scale scale;
  std::function<void(const std::string&)> ended;
  std::atomic<bool> failed = false;  // the node cannot go on: nothing that waits for the log will come
  telemetry::edge edge;
  checkpoint::board board;
  subscription::board subscribed;
  stage_queues queues;
  supervisor::restart_counts restarts;
  net::byte_budget budget;
  admin::order_desk orders;
  std::unique_ptr<admin::redrive_orders> redrives;  // one at a time
  admin::api api;
  std::unique_ptr<gateway> gate;
  std::unique_ptr<net::runtime> io;  // outlives the actors: late answers post to it
  std::unique_ptr<net::http::server> ingestion, admin;
  std::unique_ptr<checkpoint::file_system> files = checkpoint::make_posix_file_system();
  std::unique_ptr<checkpoint::dedup_window> window;
  checkpoint::log_state state;
  checkpoint::recovery_report recovered;
  std::unique_ptr<checkpoint::segment_log> log;
  std::unique_ptr<deliver::dead_letter_store> letters;
  admin::letter_desk letter_requests;  // of the admin API, to `letters`
  std::unique_ptr<decode::identity_key> key;
  std::vector<served_lane> lanes;
  std::vector<std::shared_ptr<lane_incidents>> troubles;  // beside `lanes`; one an endpoint
  std::vector<deliver::sender> senders;                   // beside `lanes`; empty where the kind is not http
  std::vector<std::unique_ptr<net::nats::publisher>> publishers;  // likewise; null where it is not nats
  std::unique_ptr<genesys> organisation;                          // null: the node only listens
  std::shared_ptr<audit::progress> audited = std::make_shared<audit::progress>();
  std::shared_ptr<const route::rule_set> rules;
  std::shared_ptr<const route::lane_split> event_split;
  std::unique_ptr<caf::actor_system_config> actors_config;
  std::unique_ptr<caf::actor_system> actors;
  supervisor_actor supervisor;
  bool stopped = false;

  explicit parts(const config::config& from, std::function<void(const std::string&)> when_ended)
      : configured(from),
        scale(config::resolve(from.scale, config::usable_processors())),
        ended([this, tell = std::move(when_ended)](const std::string& why) {
          failed = true;
          tell(why);
        }),
        budget(from.ingest.in_flight),
        api(admin::guard(from.admin.token)) {}

  result<void> prepare();
  result<void> listen();
  result<void> recover();
  result<void> make_deliveries();
  result<void> backfill_new(checkpoint::segment_log::moment now);
  void serve_admin();
  void run_actors();
  deliver::stage_options delivery_options(std::size_t lane, const checkpoint_actor& to);
  deliver::http_options http_delivery(std::size_t lane);
  deliver::nats_options nats_delivery(std::size_t lane);
  /// Never the same for another text or another log.
  std::string stable_id(const std::string& of) const;
  std::function<deliver_actor(const checkpoint_actor&)> delivery(std::size_t lane);
  supervisor::factories factories();
  subscription::board* shown_subscription() { return configured.genesys ? &subscribed : nullptr; }
};

}  // namespace sluice::node
