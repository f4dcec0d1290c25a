#include "actors/node/application.hpp"

#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "actors/audit/actor.hpp"
#include "actors/checkpoint/actor.hpp"
#include "actors/decode/actor.hpp"
#include "actors/deliver/actors.hpp"
#include "actors/ingest/actor.hpp"
#include "actors/node/config/rules.hpp"
#include "actors/node/config/scale.hpp"
#include "actors/node/gateway.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/lanes.hpp"
#include "actors/node/version.hpp"
#include "actors/route/actor.hpp"
#include "actors/supervisor/actor.hpp"
#include "actors/telemetry/actor.hpp"
#include "net/http/client.hpp"
#include "net/http/server.hpp"

namespace sluice::node {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Messages that an actor handles before its thread looks after the others (caf.md: without it one busy actor
/// starves the rest).
constexpr std::size_t actor_throughput = 50;

/// How long the peers of the last answers may take to read them.
constexpr auto last_answers = 500ms;

void draw_random(std::span<std::byte> into) {
  while (!into.empty()) {
    const auto n = ::getrandom(into.data(), into.size(), 0);
    SLUICE_ASSERT(n > 0);
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

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

template <class Condition>
bool wait_until(clock::time_point deadline, Condition holds) {
  while (!holds()) {
    if (clock::now() >= deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace

// In the order of making; destroyed the other way round.
struct application::parts {
  config::config configured;
  config::scale scale;
  std::function<void(const std::string&)> ended;
  std::atomic<bool> failed = false;  // the node cannot go on: nothing that waits for the log will come
  telemetry::edge edge;
  checkpoint::board board;
  stage_queues queues;
  supervisor::restart_counts restarts;
  net::byte_budget budget;
  std::unique_ptr<gateway> gate;
  std::unique_ptr<net::runtime> io;  // outlives the actors: late answers post to it
  std::unique_ptr<net::http::server> ingestion, admin;
  std::unique_ptr<checkpoint::file_system> files = checkpoint::make_posix_file_system();
  std::unique_ptr<checkpoint::dedup_window> window;
  checkpoint::log_state state;
  checkpoint::recovery_report recovered;
  std::unique_ptr<checkpoint::segment_log> log;
  std::unique_ptr<deliver::dead_letter_store> letters;
  std::unique_ptr<decode::identity_key> key;
  std::vector<std::shared_ptr<deliver::lane>> lanes;
  std::vector<std::shared_ptr<net::http::client>> clients;  // beside `lanes`; null where the kind is not http
  std::shared_ptr<audit::progress> audited = std::make_shared<audit::progress>();
  std::shared_ptr<const route::rule_set> rules;
  std::unique_ptr<actor_config> actors_config;
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
        budget(from.ingest.in_flight) {}

  result<void> listen();
  result<void> recover();
  result<void> make_deliveries();
  void run_actors();
  std::function<deliver_actor(const checkpoint_actor&)> delivery(std::size_t lane);
  supervisor::factories factories();
};

application::application(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

result<void> application::parts::listen() {
  gate = std::make_unique<gateway>(gateway::options{&edge, &board});
  io = std::make_unique<net::runtime>(scale.io_threads);
  const bool split = configured.admin.listen && *configured.admin.listen != configured.ingest.listen;
  net::http::server_options options;
  options.address = configured.ingest.listen.address;
  options.port = configured.ingest.listen.port;
  options.limits.body_bytes = configured.ingest.max_body;
  options.limits.connections = configured.ingest.connections;
  auto made = net::http::server::listen(*io, options, budget, gate->ingestion(!split));
  if (!made) return fail(made.error());
  ingestion = std::move(*made);
  ingestion->start();
  if (!split) return {};
  options.address = configured.admin.listen->address;
  options.port = configured.admin.listen->port;
  made = net::http::server::listen(*io, options, budget, gate->admin());
  if (!made) return fail(made.error());
  admin = std::move(*made);
  admin->start();
  return {};
}

result<void> application::parts::recover() {
  const auto& c = configured.checkpoint;
  window = std::make_unique<checkpoint::dedup_window>(static_cast<std::size_t>(c.dedup.max_ids),
                                                      static_cast<std::uint64_t>(c.dedup.window.count()));
  checkpoint::log_options options;
  options.directory = c.directory;
  options.max_bytes = c.max_bytes;
  options.retention_ms = static_cast<std::uint64_t>(c.retention.count());
  options.tail_bytes = c.tail;
  auto opened = checkpoint::segment_log::open(*files, options, draw_random, *window, state, recovered);
  if (!opened) return fail(opened.error());
  log = std::move(*opened);
  key = std::make_unique<decode::identity_key>(log->secret());
  auto store =
      deliver::dead_letter_store::open(*files, {c.dead_letters(), configured.dead_letters.max_bytes});
  if (!store) return fail(store.error());
  letters = std::move(*store);
  log_info("checkpoint", "recovered " + std::to_string(recovered.segments) + " segments, " +
                             std::to_string(recovered.identities) + " identities, " +
                             (recovered.clean ? "after a clean stop" : "after a crash"));
  return {};
}

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
  for (std::size_t i = 0; i < configured.destinations.size(); ++i) {
    const auto& d = configured.destinations[i];
    if (d.kind != config::destination_kind::http) continue;
    auto origin = net::http::parse_url(d.url);
    if (!origin) return fail(origin.error());
    net::http::client_options options;
    options.origin = std::move(*origin);
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

result<std::unique_ptr<application>> application::start(const config::config& from,
                                                        std::function<void(const std::string&)> ended) {
  std::unique_ptr<application> node(new application(std::make_unique<parts>(from, std::move(ended))));
  auto& p = *node->parts_;
  if (auto done = p.listen(); !done) return fail(done.error());
  if (auto done = p.recover(); !done) return fail(done.error());
  if (auto done = p.make_deliveries(); !done) return fail(done.error());
  p.run_actors();
  p.gate->enter(phase::running);
  log_info("node", "ready on " + from.ingest.listen.address + ":" + std::to_string(p.ingestion->port()));
  return node;
}

bool application::stop() {
  auto& p = *parts_;
  if (std::exchange(p.stopped, true)) return true;
  p.gate->enter(phase::stopping);
  const auto start = clock::now();
  const auto timeout = p.configured.shutdown.timeout;
  bool whole = true;
  if (p.actors) {
    whole &= wait_until(start + timeout / 2, [&] { return p.gate->under_way() == 0; });
    if (!p.failed) caf::anon_send(p.supervisor, drain_a{});
    const auto all_ended = [&] { return p.actors->registry().running() == 0; };
    // What hangs (a receiver that does not answer) is left: its offer is open, and goes out again at the next
    // start.
    if (p.failed || !wait_until(start + timeout * 4 / 5, all_ended)) {
      whole = false;
      caf::anon_send_exit(p.supervisor, caf::exit_reason::user_shutdown);
    }
    p.supervisor = supervisor_actor{};
    if (!wait_until(start + timeout, all_ended)) {
      // An actor that does not even end cannot be waited for; everything that was answered is on the disk.
      log_error("node", "a stage did not end in time; the process ends without it");
      std::_Exit(0);
    }
  }
  return whole;
}

application::~application() {
  auto& p = *parts_;
  stop();
  if (p.ingestion) p.ingestion->stop_accepting();
  p.clients.clear();
  p.gate->connect_ingest({});
  p.gate->connect_scrape({});
  p.actors.reset();
  p.gate->inbox().drain_into([](std::unique_ptr<batch>) {});  // answered 503 while the sockets still live
  if (p.ingestion) p.ingestion->refuse_unfinished();
  if (p.log) {
    const auto when = checkpoint::segment_log::moment{p.state.running_ms(), wall_ms()};
    if (auto ended = p.log->stop(when); !ended)
      log_warning("checkpoint", "at the stop: " + to_string(ended.error()));
  }
  if (p.ingestion)
    wait_until(clock::now() + last_answers, [&] { return p.ingestion->counts().connections == 0; });
  p.ingestion.reset();
  p.admin.reset();
  p.io.reset();
}

}  // namespace sluice::node
