// Delivery into a JetStream stream: a burst in flight, the next one gathers. No offers: each event has an id
// that stays, and the stream keeps the same id once within its window.
#include <algorithm>
#include <utility>

#include "actors/burst_result.hpp"
#include "actors/deliver/actors.hpp"
#include "actors/deliver/burst_window.hpp"

namespace sluice::deliver {
namespace {

using net::nats::acknowledgement;
using net::nats::burst_end;

const acknowledgement* find(const burst_end& what, acknowledgement::kind how) {
  const auto at = std::ranges::find(what.of, how, &acknowledgement::how);
  return at == what.of.end() ? nullptr : &*at;
}

end_kind how_it_ended(const burst_end& what) {
  if (!what.sent) return end_kind::not_sent;
  return find(what, acknowledgement::kind::unknown) ? end_kind::no_answer : end_kind::answered;
}

std::optional<endpoint::failure> how_it_failed(const burst_end& what) {
  if (!find(what, acknowledgement::kind::unknown)) return std::nullopt;
  return endpoint::failure{};
}

class nats_stage : public stage {
 public:
  nats_stage(caf::actor_config& config, stage_options options, nats_options nats)
      : stage(config, std::move(options)),
        nats_(std::move(nats)),
        subjects_(nats_.subject),
        retry_(nats_.retry),
        window_(std::min(nats_.max_in_flight, my().endpoint->most()), nats_.burst_bytes) {
    if (my().open_offer) withdraw_offer();  // of the kind that the destination was before
  }

  // A burst that hangs holds a handle of this actor, and this actor what sends it.
  void on_exit() override {
    nats_.publish = nullptr;
    stage::on_exit();
  }

 protected:
  bool wants() override {
    if (!window_.empty() && my().endpoint->circuit_open()) return false;
    return window_.wants();
  }

  void take(const lane_event& event) override {
    window_.take(letter(event, {}, 0));
    note_oldest();
  }

  void pulled() override { next(); }
  void ticked() override { pull(); }
  bool busy() const override { return publishing_; }
  bool hand_empty() const override { return window_.empty(); }

  void published(const burst_result& result) override {
    publishing_ = false;
    my().gauges.took(std::chrono::duration<double>(now() - burst_start_).count());
    window_.ended(result.what.of);
    if (const auto* unknown = find(result.what, acknowledgement::kind::unknown); unknown != nullptr) {
      my().gauges.endpoint_failed.fetch_add(1, std::memory_order_relaxed);
      failed(unknown->why);
    } else {
      auto& gauges = my().gauges;
      auto& counted = find(result.what, acknowledgement::kind::refused) ? gauges.condemned : gauges.delivered;
      counted.fetch_add(1, std::memory_order_relaxed);
      retry_.succeeded();
      recovered();
      last_failure_.clear();
    }
    if (!settle_front()) pull();
  }

  // What was refused is on its way to the dead letters before what the stream has behind it may leave.
  void settled_durably() override {
    if (draining() && !publishing_) settle_front();
  }

  // Between two bursts: what is in hand goes first, it is the oldest.
  void surrender() override {
    if (publishing_ || settle_front()) return;
    auto left = relief();
    auto gone = window_.give_up([&](const dead_letter& e) {
      if (!relief_wants(e.at, e.waiting_since_ms()) || !left.wants(e.at, e.waiting_since_ms())) return false;
      left.gave(e.event.size());
      return true;
    });
    if (!gone.empty()) leave_behind(std::move(gone), relief_how(), std::string(relief_reason()));
  }

 private:
  void note_oldest() { my().gauges.oldest_received_ms = window_.waiting_since_ms(); }
  bool failing() const noexcept { return !last_failure_.empty(); }

  // The next step, when none is under way.
  void next() {
    if (publishing_ || settle_front() || draining() || paused() || expire()) return;
    if (now() < retry_at_) return tick_in(retry_at_ - now());
    const std::size_t events = window_.next(failing() ? 1 : nats_.max_in_flight);
    if (events == 0) return;
    const auto places = ask(events);
    // Its first event may become too old meanwhile.
    if (!places) return failing() ? tick_in(nats_.retry.max) : void();
    publish(events, *places);
  }

  void publish(std::size_t events, endpoint::ticket places) {
    std::vector<net::nats::message> burst;
    burst.reserve(events);
    for (const dead_letter* e : window_.begin(events)) {
      burst.push_back({subjects_.make(e->event, e->id, e->source),
                       nats_.stable_id(my().name + " event " + std::to_string(e->origin)), e->event});
    }
    publishing_ = true;
    burst_start_ = now();
    nats_.publish(std::move(burst), [to = caf::actor_cast<deliver_actor>(this), at = my().endpoint,
                                     places](burst_end ended) {
      // Here and not in the actor, which may be dead.
      at->ended(places, how_it_ended(ended), how_it_failed(ended));
      caf::anon_send(to, reply_a{}, std::make_shared<burst_result>(burst_result{std::move(ended)}));
    });
    pull();  // the next burst gathers meanwhile
  }

  void failed(const std::string& why) {
    last_failure_ = why.empty() ? "no acknowledgement" : why;
    incident(last_failure_);
    const auto wait = retry_.failed(nats_.random());
    // Of an open circuit the endpoint says when it is tried again, and by whom.
    if (!my().endpoint->circuit_open()) retry_at_ = now() + wait;
  }

  // What stands at the front and is acknowledged leaves. True when letters are on their way to the store,
  // behind which it goes on.
  bool settle_front() {
    if (giving_up()) return true;
    if (auto gone = window_.leave_stored(); !gone.empty()) {
      auto what = outcome_upto(gone.back().at, checkpoint::settlement::delivered);
      what.head.events = static_cast<std::uint32_t>(gone.size());
      for (auto& e : gone) {
        what.head.attempts = std::max(what.head.attempts, e.attempts);
        if (options_.name_events)
          what.names.push_back({e.at, std::move(e.id), std::move(e.source), std::move(e.region)});
      }
      note_oldest();
      settle(std::move(what));
    }
    auto refused = window_.leave_refused();
    if (refused.empty()) return false;
    const std::string reason = refused.front().reason;
    leave_behind(std::move(refused), checkpoint::settlement::dead_lettered, reason);
    return true;
  }

  // Events that are older than retry.for leave for the dead letters once the first was tried. True when some
  // did.
  bool expire() {
    if (!failing() || !window_.front_failed()) return false;
    const auto oldest = wall_ms() - nats_.retry_for.count();
    auto old = window_.give_up([oldest](const dead_letter& e) { return e.waiting_since_ms() <= oldest; });
    if (old.empty()) return false;
    leave_behind(std::move(old), checkpoint::settlement::dead_lettered,
                 "older than retry.for, last: " + last_failure_);
    return true;
  }

  void leave_behind(std::vector<dead_letter> gone, checkpoint::settlement how, const std::string& reason) {
    for (auto& e : gone) {
      e.reason = reason;
      e.stored_ms = wall_ms();
    }
    const auto last = gone.back().at;
    note_oldest();
    give_up(std::move(gone), last, how, reason, 0);
  }

  nats_options nats_;
  subject_maker subjects_;
  retry_schedule retry_;
  burst_window window_;
  instant burst_start_{}, retry_at_{};
  std::string last_failure_;  // empty: the last burst was taken; otherwise one event at a time is tried
  bool publishing_ = false;
};

}  // namespace

deliver_actor spawn_nats(caf::actor_system& system, stage_options options, nats_options nats) {
  return system.spawn<nats_stage>(std::move(options), std::move(nats));
}

}  // namespace sluice::deliver
