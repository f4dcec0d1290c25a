// The pipeline from the inbox to a fake checkpoint, made and mended by the real supervisor: what tests of
// deaths and credit work on.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/decode/actor.hpp"
#include "actors/ingest/actor.hpp"
#include "actors/route/actor.hpp"
#include "actors/stage_queues.hpp"
#include "actors/supervisor/actor.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_stages.hpp"

namespace sluice::testing {

class pipeline_fixture : public actor_fixture {
 public:
  static constexpr std::size_t decoders = 2, routers = 2, deliveries = 2;

  explicit pipeline_fixture(supervisor::restart_budget budget = {1'000'000, std::chrono::hours(1)}) {
    supervisor::actor_options options;
    options.make.telemetry = [this] { return made("telemetry", system.spawn<fake_telemetry>()); };
    options.make.checkpoint = [this] { return made("checkpoint", system.spawn<fake_checkpoint>(script)); };
    options.make.audit = [this](const checkpoint_actor&) {
      return made("audit", system.spawn<fake_audit>());
    };
    for (std::size_t i = 0; i < deliveries; ++i) {
      options.make.deliveries.push_back(
          {{1, static_cast<lane_id>(i)}, "lane " + std::to_string(i), [this](const checkpoint_actor&) {
             return made("deliver", system.spawn<fake_delivery>());
           }});
    }
    options.make.decode = [this] {
      decode::actor_options o;
      o.key = &key_;
      o.queue = &queues.decode;
      return made("decode", decode::spawn_decode(system, o));
    };
    options.make.route = [this] {
      route::actor_options o;
      o.rules = rules_;
      o.queue = &queues.route;
      return made("route", route::spawn_route(system, o));
    };
    options.make.ingest = [this] {
      return made("ingest", ingest::spawn_ingest(system, {.from = &inbox, .queue = &queues.ingest}));
    };
    options.make.subscription = [this](const checkpoint_actor&) {
      return made("subscription", system.spawn<fake_subscription>());
    };
    options.decoders = decoders;
    options.routers = routers;
    options.budget = budget;
    options.counts = &restarts;
    options.ingest_changed = [this](const ingest_actor& to) { ingest = to; };
    options.telemetry_changed = [this](const telemetry_actor&) { ++telemetries; };
    options.fatal = [this](const std::string& why) { fatal.push_back(why); };
    options.restarted = [this](const std::string& stage, const std::string&) { restarted.push_back(stage); };
    supervisor = supervisor::spawn_supervisor(system, std::move(options));
    run();
  }
  ~pipeline_fixture() {
    end(supervisor);
    for (auto& [stage, all] : alive) {
      for (auto& one : all) caf::anon_send_exit(one, caf::exit_reason::kill);
    }
    alive.clear();
    supervisor = supervisor_actor{};
    ingest = ingest_actor{};
    run();
    inbox.drain_into([](std::unique_ptr<batch>) {});
  }

  /// Puts a request into the inbox and wakes the ingest actor of now, as a socket does. Its number.
  std::size_t submit(std::string_view body = R"({"events":[{"id":"1","source":"s"}]})") {
    if (inbox.push(answers.request(body))) caf::anon_send(ingest, submit_a{});
    return answers.requests() - 1;
  }
  /// The actors of a stage that were made, the newest last; some may have died.
  const std::vector<caf::actor>& all(const std::string& stage) { return alive[stage]; }
  std::size_t times_made(const std::string& stage) { return alive[stage].size(); }
  void kill_newest(const std::string& stage) {
    caf::anon_send_exit(alive[stage].back(), caf::exit_reason::kill);
  }
  void let_go() { caf::anon_send(checkpoint_now(), room_a{}); }
  checkpoint_actor checkpoint_now() { return caf::actor_cast<checkpoint_actor>(alive["checkpoint"].back()); }

  answer_book answers;  // before everything that may answer
  checkpoint_script script;
  ingest::inbox inbox;
  stage_queues queues;
  supervisor::restart_counts restarts;
  ingest_actor ingest;
  int telemetries = 0;
  std::vector<std::string> fatal, restarted;
  std::map<std::string, std::vector<caf::actor>> alive;
  std::vector<std::string> ended;  ///< stages, in the order of their ends
  supervisor_actor supervisor;

 private:
  template <class Handle>
  Handle made(const char* stage, Handle one) {
    alive[stage].push_back(caf::actor_cast<caf::actor>(one));
    caf::actor_cast<caf::abstract_actor*>(one)->attach_functor([this, stage] { ended.emplace_back(stage); });
    return one;
  }
  template <class Handle>
  void end(const Handle& one) {
    if (one) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    run();
  }

  decode::identity_key key_{decode::identity_key::secret{}};
  std::shared_ptr<const route::rule_set> rules_ = std::make_shared<const route::rule_set>(
      route::rule_set::compile({{"^s", {}, {1}}}, route::match_mode::first).value());
};

}  // namespace sluice::testing
