#include "actors/supervisor/actor.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <utility>

namespace sluice::supervisor {
namespace {

class supervisor_stage : public supervisor_actor::base {
 public:
  supervisor_stage(caf::actor_config& config, actor_options options)
      : supervisor_actor::base(config),
        options_(std::move(options)),
        decoders_(options_.decoders),
        routers_(options_.routers),
        deliveries_(options_.make.deliveries.size()) {
    set_down_handler([this](caf::down_msg& down) { died(down); });
    checkpoint_ = watched(options_.make.checkpoint());
    start_telemetry();
    for (std::size_t i = 0; i < deliveries_.size(); ++i) start_delivery(i);
    start_audit();
    for (auto& r : routers_) start_router(r);
    for (auto& d : decoders_) start_decoder(d);
    start_ingest();
    if (options_.make.subscription) start_subscription();
  }

  const char* name() const override { return "supervisor"; }

  behavior_type make_behavior() override {
    return {[this](drain_a) {
      draining_ = true;
      if (subscription_) send_exit(subscription_, caf::exit_reason::user_shutdown);
      for (const auto& d : deliveries_) send(d, drain_a{});
      drain_next();
    }};
  }

  // Whatever still lives goes with it, and the handles too.
  void on_exit() override {
    end(ingest_);
    for (auto& d : decoders_) end(d);
    for (auto& r : routers_) end(r);
    for (auto& d : deliveries_) end(d);
    end(subscription_);
    end(audit_);
    end(checkpoint_);
    end(telemetry_);
  }

 private:
  template <class Handle>
  Handle watched(Handle h) {
    monitor(h);
    return h;
  }
  template <class Handle>
  void end(Handle& h) {
    if (h) send_exit(h, caf::exit_reason::user_shutdown);
    h = Handle{};
  }
  template <class Producer, class Consumer>
  void link_up(const Producer& producer, const Consumer& consumer) {
    send(producer, attach_a{}, ++last_epoch_, caf::actor_cast<consumer_actor>(consumer));
  }

  void start_telemetry() {
    telemetry_ = watched(options_.make.telemetry());
    send(checkpoint_, attach_a{}, telemetry_);
    options_.telemetry_changed(telemetry_);
  }
  void start_delivery(std::size_t i) {
    const lane_factory& lane = options_.make.deliveries[i];
    deliveries_[i] = watched(lane.make(checkpoint_));
    send(checkpoint_, attach_a{}, lane.lane, deliveries_[i]);
  }
  void start_audit() { audit_ = watched(options_.make.audit(checkpoint_)); }
  void start_subscription() { subscription_ = watched(options_.make.subscription(checkpoint_)); }
  void start_router(relay_actor& r) {
    r = watched(options_.make.route());
    link_up(r, checkpoint_);
    for (const auto& d : decoders_) {
      if (d) link_up(d, r);
    }
  }
  void start_decoder(relay_actor& d) {
    d = watched(options_.make.decode());
    for (const auto& r : routers_) link_up(d, r);
    if (ingest_) link_up(ingest_, d);
  }
  void start_ingest() {
    ingest_ = watched(options_.make.ingest());
    for (const auto& d : decoders_) link_up(ingest_, d);
    options_.ingest_changed(ingest_);
    send(ingest_, submit_a{});  // what its predecessor left in the inbox
  }

  void died(const caf::down_msg& down) {
    if (draining_ || fatal_) {
      forget(down);
      return draining_ ? drain_next() : void();
    }
    const auto why = caf::to_string(down.reason);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    if (checkpoint_.address() == down.source) return forget(down), fatal("the checkpoint ended: " + why);
    if (!options_.budget.take(now)) return forget(down), fatal("stages die too often, the last: " + why);
    if (ingest_.address() == down.source) return note("ingest", why), start_ingest();
    if (audit_.address() == down.source) return note("audit", why), start_audit();
    if (telemetry_.address() == down.source) return note("telemetry", why), start_telemetry();
    if (subscription_ && subscription_.address() == down.source)
      return note("subscription", why), start_subscription();
    for (auto& d : decoders_) {
      if (d.address() == down.source) return note("decode", why), start_decoder(d);
    }
    for (auto& r : routers_) {
      if (r.address() == down.source) return note("route", why), start_router(r);
    }
    for (std::size_t i = 0; i < deliveries_.size(); ++i) {
      if (deliveries_[i].address() == down.source)
        return note("deliver", why, options_.make.deliveries[i].label), start_delivery(i);
    }
  }

  // Who is dead for good is not waited for.
  void forget(const caf::down_msg& down) {
    for (auto& d : deliveries_) {
      if (d && d.address() == down.source) d = deliver_actor{};
    }
    if (subscription_ && subscription_.address() == down.source) subscription_ = subscription_actor{};
    if (audit_ && audit_.address() == down.source) audit_ = audit_actor{};
    if (checkpoint_ && checkpoint_.address() == down.source) checkpoint_ = checkpoint_actor{};
  }

  // The subscription, which has nothing to finish, and the deliveries first; then the audit with what they
  // told the log, then the checkpoint with what all of them told it.
  void drain_next() {
    if (subscription_) return;
    if (std::ranges::any_of(deliveries_, [](const deliver_actor& d) { return static_cast<bool>(d); })) return;
    if (audit_) {
      if (!std::exchange(audit_draining_, true)) send(audit_, drain_a{});
    } else if (checkpoint_) {
      if (!std::exchange(checkpoint_draining_, true)) send(checkpoint_, drain_a{});
    } else {
      quit(caf::exit_reason::normal);
    }
  }

  void note(const std::string& stage, const std::string& why, const std::string& label = {}) {
    options_.counts->add(stage);
    options_.restarted(label.empty() ? stage : stage + " " + label, why);
  }

  void fatal(const std::string& why) {
    if (!std::exchange(fatal_, true)) options_.fatal(why);
  }

  actor_options options_;
  checkpoint_actor checkpoint_;
  telemetry_actor telemetry_;
  audit_actor audit_;
  subscription_actor subscription_;
  ingest_actor ingest_;
  std::vector<relay_actor> decoders_, routers_;
  std::vector<deliver_actor> deliveries_;
  epoch last_epoch_ = 0;
  bool draining_ = false, audit_draining_ = false, checkpoint_draining_ = false, fatal_ = false;
};

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, actor_options options) {
  return system.spawn<supervisor_stage>(std::move(options));
}

}  // namespace sluice::supervisor
