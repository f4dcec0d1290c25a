// How each stage is made from the configuration, and whom it is given to talk to.
#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <map>

#include "actors/audit/actor.hpp"
#include "actors/checkpoint/actor.hpp"
#include "actors/decode/actor.hpp"
#include "actors/ingest/actor.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/parts.hpp"
#include "actors/node/version.hpp"
#include "actors/route/actor.hpp"
#include "actors/telemetry/actor.hpp"

namespace sluice::node {
namespace {

/// Messages that an actor handles before its thread looks after the others (caf.md: without it one busy actor
/// starves the rest).
constexpr std::size_t actor_throughput = 50;

struct actor_config : caf::actor_system_config {
  explicit actor_config(unsigned workers) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{workers});
    set("scheduler.max-throughput", actor_throughput);
  }
};

audit::actions audit_actions(const config::audit_options& from) {
  const auto has = [&](config::audit_event e) {
    return std::ranges::find(from.events, e) != from.events.end();
  };
  return {has(config::audit_event::routed), has(config::audit_event::dropped),
          has(config::audit_event::quarantined), has(config::audit_event::delivered),
          has(config::audit_event::dead_lettered)};
}

using lane_list = std::vector<std::shared_ptr<deliver::lane>>;

lane_list lanes_of(const std::vector<served_lane>& all, const config::destination_options& d) {
  lane_list of;
  for (const served_lane& l : all)
    if (l.of == &d) of.push_back(l.lane);
  return of;
}

/// Of destinations that are not configured any more.
std::map<destination_id, lane_list> kept_lanes(const std::vector<served_lane>& all) {
  std::map<destination_id, lane_list> kept;
  for (const served_lane& l : all) {
    if (l.of == nullptr && l.lane->destination != checkpoint::dead_letters_id)
      kept[l.lane->destination].push_back(l.lane);
  }
  return kept;
}

/// 0 when no lane has an event.
std::int64_t oldest_received_ms(const lane_list& of) {
  std::int64_t oldest = 0;
  for (const auto& lane : of) {
    const auto received = lane->gauges.oldest_received_ms.load();
    if (received != 0 && (oldest == 0 || received < oldest)) oldest = received;
  }
  return oldest;
}

}  // namespace

supervisor::factories application::parts::factories() {
  supervisor::factories make;
  make.telemetry = [this] {
    telemetry::sources from;
    from.checkpoint = &board;
    from.sockets = &edge;
    from.queues = &queues;
    for (const served_lane& l : lanes) from.lanes.push_back(l.lane);
    from.in_flight_bytes = [this] { return budget.used(); };
    from.restarts = [this] { return restarts.get(); };
    from.dead_letters = [this] {
      std::vector<std::pair<std::string, std::uint64_t>> counts;
      for (const served_lane& l : lanes) {
        if (counts.empty() || counts.back().first != l.lane->name)
          counts.emplace_back(l.lane->name, letters->count(l.lane->name));
      }
      return counts;
    };
    from.subscription = shown_subscription();
    from.version = version;
    return telemetry::spawn_telemetry(*actors, std::move(from));
  };
  make.checkpoint = [this] {
    checkpoint::actor_options options;
    options.log = log.get();
    options.window = window.get();
    options.state = &state;
    options.staging.keep_whole = configured.checkpoint.keep_dropped == config::kept_dropped::whole;
    options.board = &board;
    options.queue = &queues.checkpoint;
    options.dead_letters_full = [this] { return letters->full(); };
    options.audit_backlog = configured.audit.backlog;
    options.audited_position = audited->last;
    options.pause = [this](destination_id of, bool paused) {
      for (const served_lane& l : lanes)
        if (l.lane->destination == of) l.lane->paused = paused;
    };
    const auto bound_by = [&](const config::backlog_options& b, const lane_list& of) {
      checkpoint::backlog_bound bound{of.front()->destination, b.max_bytes, when_full(b.when_full)};
      bound.max_events = b.max_events.value_or(checkpoint::backlog_bound::unlimited);
      bound.max_age = b.max_age.value_or(std::chrono::milliseconds::zero());
      bound.oldest_received_ms = [of] { return oldest_received_ms(of); };
      options.bounds.push_back(std::move(bound));
    };
    for (const auto& d : configured.destinations) bound_by(d.backlog, lanes_of(lanes, d));
    for (const auto& [gone, of] : kept_lanes(lanes)) bound_by({}, of);
    options.failed = [this](const error& why) {
      log_error("checkpoint", to_string(why));
      ended("the log takes nothing any more: " + to_string(why));
    };
    const auto made = checkpoint::spawn_checkpoint(*actors, std::move(options));
    orders.connect(
        [made](checkpoint::order_ptr asked) { caf::anon_send(made, order_a{}, std::move(asked)); });
    return made;
  };
  // While nobody changes the state; what comes later the audit learns from the log.
  std::map<destination_id, std::string> names;
  for (const auto& d : state.destinations()) names[d.id] = d.name;
  make.audit = [this, names](const checkpoint_actor& to) {
    audit::actor_options options;
    options.at = audited;
    options.feed = &log->feed();
    options.files = files.get();
    options.path = configured.audit.path;
    options.which = audit_actions(configured.audit);
    options.names = names;
    options.checkpoint = to;
    options.incident = [](const std::string& what) {
      what.empty() ? log_info("audit", "goes on") : log_warning("audit", what);
    };
    return audit::spawn_audit(*actors, std::move(options));
  };
  for (std::size_t i = 0; i < lanes.size(); ++i)
    make.deliveries.push_back(
        {{lanes[i].lane->destination, lanes[i].lane->number}, lanes[i].label(), delivery(i)});
  make.decode = [this] {
    decode::actor_options options;
    options.limits.max_events = configured.ingest.max_events;
    options.queue = &queues.decode;
    options.key = key.get();
    options.reject_invalid = configured.ingest.on_invalid_event == config::invalid_event::reject;
    return decode::spawn_decode(*actors, options);
  };
  make.route = [this] {
    route::actor_options options;
    options.rules = rules;
    options.split = event_split;
    options.queue = &queues.route;
    return route::spawn_route(*actors, options);
  };
  make.ingest = [this] {
    return ingest::spawn_ingest(*actors, {.from = &gate->inbox(), .queue = &queues.ingest});
  };
  if (organisation) {
    make.subscription = [this](const checkpoint_actor& to) {
      return subscription::spawn_subscription(*actors, organisation->options([to](std::string id) {
        caf::anon_send(to, note_a{}, std::move(id));
      }));
    };
  }
  return make;
}

void application::parts::run_actors() {
  actors_config = std::make_unique<actor_config>(scale.actor_threads);
  actors = std::make_unique<caf::actor_system>(*actors_config);
  supervisor::actor_options options;
  options.make = factories();
  options.decoders = scale.decoders;
  options.routers = scale.routers;
  options.counts = &restarts;
  options.ingest_changed = [this](const ingest_actor& ingest) {
    gate->connect_ingest([ingest] { caf::anon_send(ingest, submit_a{}); });
  };
  options.telemetry_changed = [this](const telemetry_actor& telemetry) {
    gate->connect_scrape([telemetry](std::function<void(std::string)> respond) {
      caf::anon_send(telemetry, scrape_a{},
                     std::make_shared<scrape_request>(scrape_request{std::move(respond)}));
    });
  };
  options.fatal = [this](const std::string& why) {
    gate->unhealthy(why);
    ended(why);
  };
  options.restarted = [](const std::string& what, const std::string& why) {
    log_warning("supervisor", what + " ended and was started again: " + why);
  };
  supervisor = supervisor::spawn_supervisor(*actors, std::move(options));
}

}  // namespace sluice::node
