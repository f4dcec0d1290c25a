// Delivery over HTTP: batches in the envelope, one request in flight, in order. An offer is durable before
// its first attempt and immutable after it; whatever changes the batch closes the offer first.
#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/deliver/actors.hpp"
#include "actors/deliver/isolation.hpp"
#include "actors/deliver/retry_after.hpp"
#include "actors/deliver/verdict.hpp"

namespace sluice::deliver {
namespace {

/// First bytes of an answer that a dead letter's reason quotes.
constexpr std::size_t answer_bytes_quoted = 200;

std::string describe(const net::http::attempt& what) {
  if (!what) return to_string(what.error().why);
  std::string text = "answer " + std::to_string(what->status);
  if (what->body.empty()) return text;
  text += ": ";
  for (const char c : what->body.substr(0, answer_bytes_quoted)) text += c >= ' ' && c < 127 ? c : ' ';
  return text;
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
      : stage(config, std::move(options)), http_(std::move(http)), retry_(http_.retry) {
    // The offer of a predecessor that died may still be on its way into the log: an outcome behind it tells
    // when it is there.
    if (my().open_offer && !my().offer_durable)
      settle(outcome_upto(my().cursor, checkpoint::settlement::passed));
  }

  // A request that hangs holds a handle of this actor, and this actor what sends it.
  void on_exit() override {
    http_.post = nullptr;
    stage::on_exit();
  }

 protected:
  bool wants() override {
    if (!current_.empty() && my().endpoint->circuit_open()) return false;
    const auto events =
        my().open_offer ? std::max<std::size_t>(http_.batch, my().open_offer->events) : http_.batch;
    const bool gathering =
        my().open_offer && current_.empty();  // an offer's events are fixed, whatever they weigh
    return queue_.size() < events && (gathering || queue_bytes_ < http_.batch_bytes);
  }

  void take(const lane_event& event) override {
    queue_bytes_ += event.slice.size();
    queue_.push_back(letter(event, {}, 0));
    note_oldest();
  }

  void pulled() override { next(); }
  bool busy() const override { return attempting_; }
  bool hand_empty() const override { return queue_.empty() && current_.empty() && rest_.empty(); }

  void offered(std::uint64_t offer) override {
    if (!my().open_offer || my().open_offer->offer != offer) return;
    my().offer_durable = true;
    next();
  }

  void settled_durably() override {
    if (my().open_offer && !my().offer_durable && current_.empty()) offered(my().open_offer->offer);
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
    put_rest_back();
    // What the relief does not want stays: behind it, in its order.
    const auto wanted = [this](const dead_letter& e) { return relief_wants(e.at, e.received_ms); };
    if (current_.empty()) {
      while (!queue_.empty() && wanted(queue_.front())) {
        queue_bytes_ -= queue_.front().event.size();
        current_.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      if (current_.empty()) return;
    } else {
      const auto kept = std::ranges::find_if_not(current_, wanted);
      if (kept == current_.begin()) return;
      put_back_from(kept);
    }
    retrying_ = false;
    give_up_current(relief_how(), std::string(relief_reason()));
  }

 private:
  bool between_attempts() const {
    const deliver::lane& l = *options_.lane;
    return !attempting_ && !giving_up() && (!l.open_offer || l.offer_durable);
  }

  void note_oldest() {
    my().gauges.oldest_received_ms = !current_.empty() ? current_.front().received_ms
                                     : !rest_.empty()  ? rest_.front().received_ms
                                     : !queue_.empty() ? queue_.front().received_ms
                                                       : 0;
  }

  // The next step, when none is under way: form a batch, offer it, or attempt it.
  void next() {
    if (attempting_ || retrying_ || giving_up() || draining() || paused()) return;
    if (current_.empty() && !form()) return;
    if (needs_offer() && !my().open_offer) return make_offer();
    if (my().open_offer && !my().offer_durable) return;
    attempt();
  }

  bool needs_offer() const { return http_.batch > 1; }

  bool form() {
    std::size_t events = 0;
    if (my().open_offer) {
      if (!my().offer_durable) return false;
      events = my().open_offer->events;
      if (queue_.size() < events) return false;
      SLUICE_ASSERT(queue_[events - 1].at == my().open_offer->last);
    } else if (isolation_) {
      const auto range = isolation_->next();
      current_.assign(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(range.end - range.begin));
      return true;
    } else {
      std::size_t bytes = 0;
      while (events < queue_.size() && events < http_.batch && (events == 0 || bytes < http_.batch_bytes)) {
        bytes += queue_[events++].event.size();
      }
      events = std::min(events, my().endpoint->most());
    }
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(events);
    current_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    for (const auto& e : current_) queue_bytes_ -= e.event.size();
    attempts_ = 0;
    return !current_.empty();
  }

  void make_offer() {
    checkpoint::offer_head offer;
    offer.destination = my().destination;
    offer.lane = my().number;
    offer.events = static_cast<std::uint32_t>(current_.size());
    offer.offer = ++my().last_offer;
    offer.first = my().cursor + 1;
    offer.last = current_.back().at;
    my().open_offer = offer;
    my().offer_durable = false;
    flush_outcomes();
    send(options_.checkpoint, offer_a{}, offer, caf::actor_cast<deliver_actor>(this));
  }

  // The offer is durable before there are places, so that the commit costs nothing of the limit.
  void attempt() {
    const auto places = ask(current_.size());
    // Its events may become too old meanwhile.
    if (!places) return attempts_ > 0 ? tick_in(http_.retry.max) : void();
    std::vector<std::string_view> slices;
    slices.reserve(current_.size());
    for (const auto& e : current_) slices.push_back(e.event);
    attempting_ = true;
    attempt_start_ = now();
    http_.post(http_.make_request(http_.stable_id(name_of_attempt()), slices),
               [to = caf::actor_cast<deliver_actor>(this), at = my().endpoint, places = *places,
                wall_ms = options_.wall_ms](net::http::attempt ended) {
                 // Here and not in the actor, which may be dead.
                 at->ended(places, how_it_ended(ended), how_it_failed(ended, wall_ms()));
                 caf::anon_send(to, reply_a{},
                                std::make_shared<attempt_result>(attempt_result{std::move(ended)}));
               });
    pull();  // the next batch gathers meanwhile
  }

  // Offers are numbered by lane, events by the log: whatever lane has an event, its name is the same.
  std::string name_of_attempt() const {
    const deliver::lane& l = *options_.lane;
    if (!l.open_offer) return l.name + " event " + std::to_string(current_.front().at);
    const std::string lane = l.number == 0 ? "" : " lane " + std::to_string(l.number);
    return l.name + lane + " offer " + std::to_string(l.open_offer->offer);
  }

  void delivered() {
    retry_.succeeded();
    recovered();
    my().gauges.delivered.fetch_add(1, std::memory_order_relaxed);
    auto what = outcome_upto(current_.back().at, checkpoint::settlement::delivered);
    what.head.events = static_cast<std::uint32_t>(current_.size());
    what.head.attempts = attempts_;
    what.head.offer = close_offer();
    if (options_.name_events) {
      for (auto& e : current_) what.names.push_back({e.at, e.id, e.source, e.region});
    }
    leave_isolation(&isolation::delivered);
    current_.clear();
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
    if (current_.size() == 1) {
      leave_isolation(nullptr);
      return give_up_current(checkpoint::settlement::dead_lettered, last_answer_);
    }
    auto close = outcome_upto(my().cursor, checkpoint::settlement::passed);
    close.head.offer = close_offer();
    settle(std::move(close));
    if (isolation_) {
      isolation_->condemned();
    } else {
      rest_.assign(std::make_move_iterator(current_.begin()), std::make_move_iterator(current_.end()));
      isolation_.emplace(rest_.size());
    }
    current_.clear();
    next();
  }

  // What was tried leaves the front of the rest; `how` is the isolation's step, null for a condemned single
  // event.
  void leave_isolation(void (isolation::*how)()) {
    if (!isolation_) return;
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(current_.size()));
    if (how != nullptr) {
      ((*isolation_).*how)();
    } else {
      isolation_->condemned();
    }
    if (isolation_->done()) isolation_.reset();
  }

  void put_rest_back() {
    if (!isolation_) return;
    // `current_` is a copy of the front of the rest.
    const auto behind = rest_.begin() + static_cast<std::ptrdiff_t>(current_.size());
    for (auto e = rest_.end(); e != behind;) {
      --e;
      queue_bytes_ += e->event.size();
      queue_.push_front(std::move(*e));
    }
    rest_.clear();
    isolation_.reset();
  }

  void put_back_from(std::vector<dead_letter>::iterator first) {
    for (auto e = current_.end(); e != first;) {
      --e;
      queue_bytes_ += e->event.size();
      queue_.push_front(std::move(*e));
    }
    current_.erase(first, current_.end());
  }

  void give_up_current(checkpoint::settlement how, const std::string& reason) {
    for (auto& e : current_) {
      e.reason = reason;
      e.attempts = attempts_;
      e.stored_ms = wall_ms();
    }
    const auto last = current_.back().at;
    give_up(std::exchange(current_, {}), last, how, reason, close_offer());
    note_oldest();
  }

  // Events that are older than retry.for leave for the dead letters, the others are offered anew. True when
  // some did.
  bool expire() {
    const auto oldest = wall_ms() - http_.retry_for.count();
    const auto young =
        std::ranges::find_if(current_, [&](const dead_letter& e) { return e.received_ms > oldest; });
    if (young == current_.begin() || current_.empty()) return false;
    put_rest_back();
    put_back_from(young);
    give_up_current(checkpoint::settlement::dead_lettered, "older than retry.for, last: " + last_answer_);
    return true;
  }

  http_options http_;
  retry_schedule retry_;
  std::deque<dead_letter> queue_;  // taken, not in a batch; bounded by `wants`
  std::size_t queue_bytes_ = 0;
  std::vector<dead_letter> current_;  // the batch that is offered or attempted
  std::deque<dead_letter> rest_;      // of a condemned batch, in isolation; `current_` is a copy of its front
  std::optional<isolation> isolation_;
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
