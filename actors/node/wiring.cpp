// How each stage is made from the configuration, and whom it is given to talk to.
#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>

#include "actors/audit/actor.hpp"
#include "actors/checkpoint/actor.hpp"
#include "actors/decode/actor.hpp"
#include "actors/deliver/actors.hpp"
#include "actors/ingest/actor.hpp"
#include "actors/node/config/rules.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/lanes.hpp"
#include "actors/node/parts.hpp"
#include "actors/node/version.hpp"
#include "actors/route/actor.hpp"
#include "actors/telemetry/actor.hpp"

namespace sluice::node {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

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

checkpoint::when_full when_full(config::backlog_full from) {
  switch (from) {
    case config::backlog_full::dead_letter:
      return checkpoint::when_full::dead_letter;
    case config::backlog_full::reject:
      return checkpoint::when_full::reject;
    case config::backlog_full::drop_oldest:
      return checkpoint::when_full::drop_oldest;
  }
  return checkpoint::when_full::dead_letter;
}

audit::actions audit_actions(const config::audit_options& from) {
  const auto has = [&](config::audit_event e) {
    return std::ranges::find(from.events, e) != from.events.end();
  };
  return {has(config::audit_event::routed), has(config::audit_event::dropped),
          has(config::audit_event::quarantined), has(config::audit_event::delivered),
          has(config::audit_event::dead_lettered)};
}

}  // namespace

result<void> application::parts::make_deliveries() {
  const checkpoint::segment_log::moment now{state.running_ms(), wall_ms()};
  if (auto declared = declare_destinations(configured, *log, state, *files, now); !declared) return declared;
  for (const auto& d : state.destinations()) {
    const bool named =
        d.id == checkpoint::dead_letters_id ||
        std::ranges::any_of(configured.destinations, [&](const auto& c) { return c.name == d.name; });
    if (!named && d.totals.pending() > 0) {
      log_warning("deliver", "destination " + d.name + " is not configured any more; " +
                                 std::to_string(d.totals.pending()) + " events of it are kept");
    }
  }
  auto compiled =
      config::compile_rules(configured, [this](std::string_view name) { return state.find(name)->id; });
  if (!compiled) return fail(compiled.error());
  rules = std::move(*compiled);
  auto made = make_lanes(configured, *log, state, recovered.clean, clock::now().time_since_epoch());
  if (!made) return fail(made.error());
  lanes = std::move(*made);
  clients.resize(lanes.size());
  const auto believed = net::tls::client_context::make({});
  if (!believed) return fail(believed.error());
  for (std::size_t i = 0; i < configured.destinations.size(); ++i) {
    const auto& d = configured.destinations[i];
    if (d.kind != config::destination_kind::http) continue;
    auto origin = net::http::parse_url(d.url);
    if (!origin) return fail(origin.error());
    net::http::client_options options;
    options.origin = std::move(*origin);
    options.tls = *believed;
    options.connect_time = options.request_time = d.timeout;
    clients[i + 1] = std::make_shared<net::http::client>(*io, std::move(options));
  }
  audited->upto = state.audited().upto;
  audited->file_length = state.audited().file_length;
  return {};
}

std::function<deliver_actor(const checkpoint_actor&)> application::parts::delivery(std::size_t i) {
  return [this, i](const checkpoint_actor& to) {
    deliver::stage_options options;
    options.lane = lanes[i];
    options.feed = &log->feed();
    options.checkpoint = to;
    options.letters = letters.get();
    options.name_events =
        audit_actions(configured.audit).delivered || audit_actions(configured.audit).dead_lettered;
    options.incident = [](const std::string& destination, const std::string& what) {
      what.empty() ? log_info("deliver", destination + ": goes on")
                   : log_warning("deliver", destination + ": " + what);
    };
    if (i == 0) return deliver::spawn_dead_letters(*actors, std::move(options));
    const auto& d = configured.destinations[i - 1];
    options.when_full = when_full(d.backlog.when_full);
    const deliver::retry_options retry{d.retry.initial, d.retry.max, 15min};
    if (d.kind == config::destination_kind::discard)
      return deliver::spawn_discard(*actors, std::move(options));
    if (d.kind == config::destination_kind::file) {
      return deliver::spawn_file(*actors, std::move(options), {files.get(), d.path, retry});
    }
    deliver::http_options http;
    http.post = [client = clients[i]](deliver::http_request what,
                                      std::function<void(net::http::attempt)> done) {
      net::http::outgoing out;
      out.fields.emplace_back("webhook-id", std::move(what.id));
      out.body = std::move(what.body);
      client->send(std::move(out), std::move(done));
    };
    http.batch = d.batch;
    http.timeout = d.timeout;
    http.retry = retry;
    http.retry_for = d.retry.give_up_after;
    http.random = [engine = std::mt19937_64(std::random_device()())]() mutable {
      return std::uniform_real_distribution<double>(0, 1)(engine);
    };
    http.stable_id = [this](const std::string& of) {
      const auto hash = key->bytes_identity(of);
      char text[48];
      std::snprintf(text, sizeof text, "msg_%016llx%016llx", static_cast<unsigned long long>(hash.high),
                    static_cast<unsigned long long>(hash.low));
      return std::string(text);
    };
    return deliver::spawn_http(*actors, std::move(options), std::move(http));
  };
}

supervisor::factories application::parts::factories() {
  supervisor::factories make;
  make.telemetry = [this] {
    telemetry::sources from;
    from.checkpoint = &board;
    from.sockets = &edge;
    from.queues = &queues;
    from.lanes = lanes;
    from.in_flight_bytes = [this] { return budget.used(); };
    from.restarts = [this] { return restarts.get(); };
    from.dead_letters = [this] {
      std::vector<std::pair<std::string, std::uint64_t>> counts;
      for (const auto& l : lanes) counts.emplace_back(l->name, letters->count(l->name));
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
    for (std::size_t i = 0; i < configured.destinations.size(); ++i) {
      const auto& b = configured.destinations[i].backlog;
      options.bounds.push_back({lanes[i + 1]->destination, b.max_bytes, when_full(b.when_full)});
    }
    options.failed = [this](const error& why) {
      log_error("checkpoint", to_string(why));
      ended("the log takes nothing any more: " + to_string(why));
    };
    return checkpoint::spawn_checkpoint(*actors, std::move(options));
  };
  make.audit = [this](const checkpoint_actor& to) {
    std::map<destination_id, std::string> names;
    for (const auto& l : lanes) names[l->destination] = l->name;
    audit::actor_options options;
    options.at = audited;
    options.feed = &log->feed();
    options.files = files.get();
    options.path = configured.audit.path;
    options.which = audit_actions(configured.audit);
    options.names = std::move(names);
    options.checkpoint = to;
    options.incident = [](const std::string& what) {
      what.empty() ? log_info("audit", "goes on") : log_warning("audit", what);
    };
    return audit::spawn_audit(*actors, std::move(options));
  };
  for (std::size_t i = 0; i < lanes.size(); ++i)
    make.deliveries.emplace_back(lanes[i]->destination, delivery(i));
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
  options.restarted = [](const std::string& stage, const std::string& why) {
    log_warning("supervisor", stage + " ended and was started again: " + why);
  };
  supervisor = supervisor::spawn_supervisor(*actors, std::move(options));
}

}  // namespace sluice::node
