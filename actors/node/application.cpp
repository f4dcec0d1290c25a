#include "actors/node/application.hpp"

#include <sys/random.h>

#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <cstdlib>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "actors/node/config/units.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/parts.hpp"

namespace sluice::node {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// How long the peers of the last answers may take to read them.
constexpr auto last_answers = 500ms;

void draw_random(std::span<std::byte> into) {
  while (!into.empty()) {
    const auto n = ::getrandom(into.data(), into.size(), 0);
    SLUICE_ASSERT(n > 0);
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

template <class Condition>
bool wait_until(clock::time_point deadline, Condition holds) {
  while (!holds()) {
    if (clock::now() >= deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// What the log knows better than the store: events that still wait in their lanes, and letters that were
/// redriven.
deliver::letter_predicate no_letters(const checkpoint::log_state& state) {
  std::set<deliver::letter_key> redriven;
  for (const checkpoint::leaving_letter& l : state.leaving())
    redriven.insert({state.destinations()[l.destination].name, l.origin, l.generation});
  std::vector<const checkpoint::destination_state*> behind;
  for (const checkpoint::destination_state& d : state.destinations())
    if (d.needed_from(checkpoint::destination_need::nothing) != checkpoint::destination_need::nothing)
      behind.push_back(&d);
  return [behind = std::move(behind), redriven = std::move(redriven)](const deliver::dead_letter& letter) {
    return redriven.contains(letter.key()) ||
           std::ranges::any_of(behind, [&](const checkpoint::destination_state* d) {
             return d->name == letter.destination && !d->is_settled(letter.lane, letter.at);
           });
  };
}

}  // namespace

application::application(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

result<void> application::parts::prepare() {
  serve_admin();
  gate = std::make_unique<gateway>(gateway::options{&edge, &board, shown_subscription(), &api});
  io = std::make_unique<net::runtime>(scale.io_threads);
  if (!configured.genesys) return {};
  auto made = genesys::make(*configured.genesys, *io, subscribed);
  if (!made) return fail(made.error());
  organisation = std::move(*made);
  return {};
}

result<void> application::parts::listen() {
  const bool split = configured.admin.listen && *configured.admin.listen != configured.ingest.listen;
  net::http::server_options options;
  options.address = configured.ingest.listen.address;
  options.port = configured.ingest.listen.port;
  options.limits.body_bytes = configured.ingest.max_body;
  options.limits.connections = configured.ingest.connections;
  if (const auto& tls = configured.ingest.tls; tls.enabled()) {
    auto loaded = net::tls::server_context::load(tls.certificate, tls.key);
    if (!loaded) return fail(loaded.error());
    options.tls = std::move(*loaded);
  }
  const bool serves_admin = !split && config::is_loopback(configured.ingest.listen);
  const auto for_admin = [&] {
    options.keep = admin::kept_fields;
    options.tell_peer = true;
  };
  if (serves_admin) for_admin();
  auto made = net::http::server::listen(*io, options, budget, gate->ingestion(serves_admin));
  if (!made) return fail(made.error());
  ingestion = std::move(*made);
  ingestion->start();
  if (!split) return {};
  for_admin();
  options.tls = nullptr;
  options.limits.body_bytes = admin::body_bytes_max;
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
  const deliver::dead_letter_options where{c.dead_letters(), configured.dead_letters.max_bytes};
  auto store = deliver::dead_letter_store::open(*files, where, no_letters(state));
  if (!store) return fail(store.error());
  letters = std::move(*store);
  letter_requests.connect(*letters);
  if (organisation) organisation->recovered(state.subscription());
  log_info("checkpoint", "recovered " + std::to_string(recovered.segments) + " segments, " +
                             std::to_string(recovered.identities) + " identities, " +
                             (recovered.clean ? "after a clean stop" : "after a crash"));
  return {};
}

result<std::unique_ptr<application>> application::start(const config::config& from,
                                                        std::function<void(const std::string&)> ended) {
  std::unique_ptr<application> node(new application(std::make_unique<parts>(from, std::move(ended))));
  auto& p = *node->parts_;
  if (auto done = p.prepare(); !done) return fail(done.error());
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
  p.senders.clear();
  p.publishers.clear();
  p.organisation.reset();
  p.gate->connect_ingest({});
  p.gate->connect_scrape({});
  p.orders.connect({});
  p.letter_requests.disconnect();
  p.actors.reset();
  // Whatever was whole before this is in the inbox then, and answered 503 while the sockets still live.
  if (p.ingestion) p.ingestion->refuse_unfinished();
  p.gate->inbox().drain_into([](std::unique_ptr<batch>) {});
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
