// Delivery over HTTP: batches in the envelope, one request in flight, in order. An offer is durable before
// its first attempt and immutable after it; whatever changes the batch closes the offer first.
#include <algorithm>
#include <utility>

#include "actors/deliver/actors.hpp"
#include "actors/deliver/hand.hpp"
#include "actors/deliver/retry_after.hpp"
#include "actors/deliver/verdict.hpp"
#include "net/http/quoted.hpp"

namespace sluice::deliver {
namespace {

std::string describe(const net::http::attempt& what) {
  if (!what) return to_string(what.error().why);
  return net::http::describe_answer(what->status, what->body);
}

end_kind how_it_ended(const net::http::attempt& what) {
  if (what) return end_kind::answered;
  return what.error().sent ? end_kind::no_answer : end_kind::not_sent;
}

std::optional<endpoint::failure> how_it_failed(const net::http::attempt& what, std::int64_t wall_ms) {
  if (judge(what) != verdict::endpoint_failed) return std::nullopt;
  const std::chrono::sys_seconds wall(
      std::chrono::floor<std::chrono::seconds>(std::chrono::milliseconds(wall_ms)));
  return endpoint::failure{what ? parse_retry_after(what->retry_after, wall) : std::nullopt};
}

class http_stage : public stage {
 public:
  http_stage(caf::actor_config& config, stage_options options, http_options http)
      : stage(config, std::move(options)),
        http_(std::move(http)),
        retry_(http_.retry),
        hand_(std::min(http_.batch, my().endpoint->most()), http_.batch_bytes) {
    if (my().open_offer && my().open_offer->events > my().endpoint->most()) {
      // The limit was lowered since: its events are offered anew, fewer at a time.
      withdraw_offer();
    } else if (my().open_offer && !my().offer_durable) {
      // The offer of a predecessor that died may still be on its way into the log: an outcome behind it tells
      // when it is there.
      settle(outcome_upto(my().cursor, checkpoint::settlement::passed));
    }
  }

  // A request that hangs holds a handle of this actor, and this actor what sends it.
  void on_exit() override {
    http_.post = nullptr;
    stage::on_exit();
  }

 protected:
  bool wants() override {
    if (!hand_.batch().empty() && my().endpoint->circuit_open()) return false;
    const bool gathers_offer = my().open_offer && hand_.batch().empty();
    return hand_.wants(gathers_offer ? my().open_offer->events : 0);
  }

  void take(const lane_event& event) override {
    hand_.take(letter(event, {}, 0), now());
    note_oldest();
  }

  void pulled() override { next(); }
  bool busy() const override { return attempting_; }
  bool hand_empty() const override { return hand_.empty(); }

  void offered(std::uint64_t offer) override {
    if (!my().open_offer || my().open_offer->offer != offer) return;
    my().offer_durable = true;
    next();
  }

  void settled_durably() override {
    if (my().open_offer && !my().offer_durable && hand_.batch().empty()) offered(my().open_offer->offer);
  }

  void ticked() override {
    if (retrying_ && now() < retry_at_) return tick_in(retry_at_ - now());
    retrying_ = false;
    if (attempts_ > 0 && between_attempts() && expire()) return;
    pull();
  }

  void replied(attempt_result& result) override {
    attempting_ = false;
    my().gauges.took(std::chrono::duration<double>(now() - attempt_start_).count());
    const auto& what = result.what;
    last_answer_ = describe(what);
    ++attempts_;
    switch (judge(what)) {
      case verdict::delivered:
        return delivered();
      case verdict::endpoint_failed:
        return failed(what);
      case verdict::events_condemned:
        return condemned();
    }
  }

  // Between two attempts of a failing endpoint: what is in hand goes first, it is the oldest.
  void surrender() override {
    if (!between_attempts()) return;
    auto gone =
        hand_.give_up([this](const dead_letter& e) { return relief_wants(e.at, e.waiting_since_ms()); });
    if (gone.empty()) return;
    retrying_ = false;
    leave_behind(std::move(gone), relief_how(), std::string(relief_reason()));
  }

 private:
  bool between_attempts() const {
    const deliver::lane& l = *options_.lane;
    return !attempting_ && !giving_up() && (!l.open_offer || l.offer_durable);
  }

  void note_oldest() { my().gauges.oldest_received_ms = hand_.oldest_received_ms(); }

  // The next step, when none is under way: form a batch, offer it, or attempt it.
  void next() {
    if (attempting_ || retrying_ || giving_up() || draining() || paused()) return;
    if (hand_.batch().empty() && !form()) return;
    if (needs_offer() && !my().open_offer) return make_offer();
    if (my().open_offer && !my().offer_durable) return;
    attempt();
  }

  bool needs_offer() const { return http_.batch > 1; }

  bool form() {
    if (my().open_offer) {
      if (!my().offer_durable || !hand_.form_offered(my().open_offer->events)) return false;
      SLUICE_ASSERT(hand_.batch().back().at == my().open_offer->last);
      attempts_ = 0;
      return true;
    }
    if (const auto since = hand_.gathers_since(); since && now() < *since + http_.linger) {
      tick_in(*since + http_.linger - now());
      return false;
    }
    if (!hand_.isolating()) attempts_ = 0;
    return hand_.form();
  }

  void make_offer() {
    checkpoint::offer_head offer;
    offer.destination = my().destination;
    offer.lane = my().number;
    offer.events = static_cast<std::uint32_t>(hand_.batch().size());
    offer.offer = ++my().last_offer;
    offer.first = my().cursor + 1;
    offer.last = hand_.batch().back().at;
    my().open_offer = offer;
    my().offer_durable = false;
    flush_outcomes();
    send(options_.checkpoint, offer_a{}, offer, caf::actor_cast<deliver_actor>(this));
  }

  // The offer is durable before there are places, so that the commit costs nothing of the limit.
  void attempt() {
    const auto places = ask(hand_.batch().size());
    // Its events may become too old meanwhile.
    if (!places) return attempts_ > 0 ? tick_in(http_.retry.max) : void();
    std::vector<std::string_view> slices;
    slices.reserve(hand_.batch().size());
    for (const auto& e : hand_.batch()) slices.push_back(e.event);
    attempting_ = true;
    attempt_start_ = now();
    auto request = http_.make_request(http_.stable_id(name_of_attempt()), slices);
    if (http_.counts_arrival)
      request.arrived = [at = my().endpoint, places = *places] { at->arrived(places); };
    http_.post(std::move(request), [to = caf::actor_cast<deliver_actor>(this), at = my().endpoint,
                                    places = *places, wall_ms = options_.wall_ms](net::http::attempt ended) {
      // Here and not in the actor, which may be dead.
      at->ended(places, how_it_ended(ended), how_it_failed(ended, wall_ms()));
      caf::anon_send(to, reply_a{}, std::make_shared<attempt_result>(attempt_result{std::move(ended)}));
    });
    pull();  // the next batch gathers meanwhile
  }

  // Offers are numbered by lane, events by the log: whatever lane has an event, its name is the same.
  std::string name_of_attempt() const {
    const deliver::lane& l = *options_.lane;
    if (!l.open_offer) return l.name + " event " + std::to_string(hand_.batch().front().origin);
    const std::string lane = l.number == 0 ? "" : " lane " + std::to_string(l.number);
    return l.name + lane + " offer " + std::to_string(l.open_offer->offer);
  }

  void delivered() {
    retry_.succeeded();
    recovered();
    my().gauges.delivered.fetch_add(1, std::memory_order_relaxed);
    auto gone = hand_.delivered();
    auto what = outcome_upto(gone.back().at, checkpoint::settlement::delivered);
    what.head.events = static_cast<std::uint32_t>(gone.size());
    what.head.attempts = attempts_;
    what.head.offer = close_offer();
    if (options_.name_events) {
      for (auto& e : gone)
        what.names.push_back({e.at, std::move(e.id), std::move(e.source), std::move(e.region)});
    }
    note_oldest();
    settle(std::move(what));
    pull();
  }

  void failed(const net::http::attempt& what) {
    my().gauges.endpoint_failed.fetch_add(1, std::memory_order_relaxed);
    incident(last_answer_);
    const auto wait = retry_.failed(http_.random(), how_it_failed(what, wall_ms())->retry_after);
    // Of an open circuit the endpoint says when it is tried again, and by whom.
    if (my().endpoint->circuit_open()) return pull();
    retrying_ = true;
    retry_at_ = now() + wait;
    tick_in(wait);
  }

  void condemned() {
    my().gauges.condemned.fetch_add(1, std::memory_order_relaxed);
    auto gone = hand_.condemned();
    if (!gone.empty())
      return leave_behind(std::move(gone), checkpoint::settlement::dead_lettered, last_answer_);
    withdraw_offer();
    next();
  }

  void leave_behind(std::vector<dead_letter> gone, checkpoint::settlement how, const std::string& reason) {
    for (auto& e : gone) {
      e.reason = reason;
      e.attempts += attempts_;
      e.stored_ms = wall_ms();
    }
    const auto last = gone.back().at;
    give_up(std::move(gone), last, how, reason, close_offer());
    note_oldest();
  }

  // Events that are older than retry.for leave for the dead letters, the others are offered anew. True when
  // some did.
  bool expire() {
    if (hand_.batch().empty()) return false;
    const auto oldest = wall_ms() - http_.retry_for.count();
    auto old = hand_.give_up([oldest](const dead_letter& e) { return e.waiting_since_ms() <= oldest; });
    if (old.empty()) return false;
    leave_behind(std::move(old), checkpoint::settlement::dead_lettered,
                 "older than retry.for, last: " + last_answer_);
    return true;
  }

  http_options http_;
  retry_schedule retry_;
  hand hand_;
  instant attempt_start_{}, retry_at_{};
  std::string last_answer_;
  std::uint32_t attempts_ = 0;
  bool attempting_ = false, retrying_ = false;
};

}  // namespace

deliver_actor spawn_http(caf::actor_system& system, stage_options options, http_options http) {
  return system.spawn<http_stage>(std::move(options), std::move(http));
}

}  // namespace sluice::deliver
