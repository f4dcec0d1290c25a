#include "actors/deliver/stage.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::deliver {
namespace {

/// Groups are taken from the log in bites of about this much.
constexpr std::size_t bite_bytes = 1u << 20;
/// Outcomes that name more events than this wait for their turn instead of growing.
constexpr std::size_t names_max = 50'000;
/// Events given up at once when a backlog is over its bound.
constexpr std::size_t relief_events_max = 1000;
constexpr std::size_t reason_bytes_max = 1024;
constexpr auto store_retry = std::chrono::seconds(1);

}  // namespace

stage::stage(caf::actor_config& config, stage_options options)
    : deliver_actor::base(config),
      options_(std::move(options)),
      taken_(options_.lane->scan_behind),
      scanned_(options_.lane->scanned),
      last_event_(options_.lane->cursor) {
  // Before the checkpoint says it again, so that nothing of it is attempted.
  relief_.upto = options_.lane->discard_upto;
  if (relief_.upto != 0) relief_.how = checkpoint::settlement::discarded;
  const auto to = caf::actor_cast<deliver_actor>(this);
  reader_ = options_.feed->add_reader([to] { caf::anon_send(to, ready_a{}); },
                                      target{my().destination, my().number});
  caf::anon_send(to, ready_a{});
}

void stage::on_exit() {
  my().endpoint->abandon(my().number);
  store_worker_.reset();
  reader_.reset();
  options_.checkpoint = checkpoint_actor{};
}

deliver_actor::behavior_type stage::make_behavior() {
  return {
      [this](ready_a) { pull(); },
      [this](chunk_a, const log_chunk_ptr& chunk) {
        fetching_ = false;
        if (!chunk->groups) {
          // Damage stops this destination, in a clear state; it is never skipped.
          broken_ = true;
          return incident("cannot read the log: " + to_string(chunk->groups.error()));
        }
        bool more = true;
        for (const auto& group : *chunk->groups) {
          if (more) read(*group, more);
        }
        if (more && !broken_) return pull();
        collecting_ ? collect_relief() : pulled();
      },
      [this](offered_a, std::uint64_t offer) {
        offered(offer);
        if (!relief_.done()) pull();  // what it must give up waited for the offer
      },
      [this](settled_a) {
        --outcomes_out_;
        if (outcomes_out_ == 0 && next_outcome_) send_outcome();
        settled_durably();
        if (!relief_.done()) pull();
        end_when_drained();
      },
      [this](written_a, const work_result_ptr& result) {
        storing_ ? letters_stored(*result) : written(*result);
        end_when_drained();
      },
      [this](reply_a, const attempt_result_ptr& result) {
        replied(*result);
        end_when_drained();
      },
      [this](reply_a, const burst_result_ptr& result) {
        published(*result);
        end_when_drained();
      },
      [this](relieve_a, const checkpoint::relief& wanted) {
        // What an operator gives up goes on until it is done; the bound asks again.
        if (relief_.how == checkpoint::settlement::discarded && !relief_.done() && wanted.how != relief_.how)
          return;
        relief_ = wanted;
        pull();
      },
      [this](tick_a) {
        tick_at_.reset();
        std::exchange(retry_store_, false) ? store_letters() : ticked();
      },
      [this](drain_a) {
        draining_ = true;
        end_when_drained();
      },
  };
}

// What is in hand and not under way is read again by the next process.
void stage::end_when_drained() {
  if (draining_ && !busy() && !storing_ && outcomes_out_ == 0 && !next_outcome_)
    quit(caf::exit_reason::normal);
}

void stage::pull() {
  if (draining_ || fetching_ || broken_ || surrendered_) return;
  if (!relief_.done() && !hand_empty()) {
    surrender();
    if (surrendered_ || !hand_empty()) return pulled();
  }
  if (!relief_.done() && my().open_offer && !my().offer_durable) return pulled();
  collecting_ = !relief_.done();
  bool more = room() || looks_ahead();
  while (more) {
    auto tail = options_.feed->next(*reader_, scanned_, bite_bytes);
    if (tail.found == checkpoint::log_feed::where::wait) break;
    if (tail.found == checkpoint::log_feed::where::file) {
      fetching_ = true;
      options_.feed->fetch(*reader_, scanned_, bite_bytes,
                           [to = caf::actor_cast<deliver_actor>(this)](auto groups) {
                             auto chunk = std::make_shared<log_chunk>(log_chunk{std::move(groups)});
                             caf::anon_send(to, chunk_a{}, std::move(chunk));
                           });
      return;
    }
    for (const auto& group : tail.groups) {
      if (more) read(*group, more);
    }
  }
  collecting_ ? collect_relief() : pulled();
}

bool stage::room() {
  if (!collecting_) return !paused() && wants();
  return !relief_.done() && relief_letters_.size() < relief_events_max;
}

// A destination that rests takes nothing, but its bound and its metrics ask how old its oldest event is.
bool stage::looks_ahead() const {
  return !collecting_ && paused() && hand_empty() && front_ <= options_.lane->cursor;
}

void stage::note_front(const lane_event& event) {
  if (!hand_empty()) return;
  front_ = event.at;
  my().gauges.oldest_received_ms = event.waiting_since_ms;
}

// A group that is left in the middle is read again from its start: `taken_` tells what is behind.
void stage::read(const checkpoint::committed_group& group, bool& more) {
  const auto whole = scan_lane(group, my().destination, my().number, taken_, [this](const lane_event& event) {
    if (!room() || (collecting_ && !relief_.wants(event.at, event.waiting_since_ms))) {
      note_front(event);
      return false;
    }
    taken_ = last_event_ = event.at;
    if (collecting_) {
      relief_.gave(event.slice.size());
      relief_letters_.push_back(letter(event, std::string(relief_reason()), 0));
    } else {
      take(event);
    }
    return true;
  });
  if (!whole) {
    broken_ = true;
    more = false;
    return incident("cannot read the log: " + to_string(whole.error()));
  }
  more = *whole;
  if (!*whole) return;
  scanned_ = group.header().number;
  mark_scanned();
  if (group.header().events > 0) {
    taken_ = std::max(taken_, group.header().first_position + group.header().events - 1);
  }
}

void stage::collect_relief() {
  collecting_ = false;
  if (relief_letters_.empty()) {
    // What came behind it was met and not taken: without reading on nothing would wake this lane again.
    relief_ = {};
    return pull();
  }
  const auto last = relief_letters_.back().at;
  // With an empty hand an open offer is one that a predecessor left: its events are the first to go.
  give_up_counted(std::exchange(relief_letters_, {}), last, relief_how(), std::string(relief_reason()),
                  close_offer());
}

std::uint64_t stage::close_offer() {
  const auto number = my().open_offer ? my().open_offer->offer : 0;
  my().open_offer.reset();
  my().offer_durable = false;
  return number;
}

void stage::withdraw_offer() {
  auto close = outcome_upto(my().cursor, checkpoint::settlement::passed);
  close.head.offer = close_offer();
  settle(std::move(close));
}

std::string_view stage::relief_reason() const noexcept {
  return relief_.how == checkpoint::settlement::discarded ? "discarded by an operator"
                                                          : "backlog is over its bound";
}

void stage::give_up(std::vector<dead_letter> letters, position last, checkpoint::settlement how,
                    const std::string& reason, std::uint64_t offer) {
  for (const auto& l : letters) relief_.gave(l.event.size());  // whatever it goes for, the backlog shrinks
  give_up_counted(std::move(letters), last, how, reason, offer);
}

void stage::give_up_counted(std::vector<dead_letter> letters, position last, checkpoint::settlement how,
                            const std::string& reason, std::uint64_t offer) {
  SLUICE_ASSERT(!surrendered_);
  my().endpoint->abandon(my().number);
  surrendered_ = surrendered{std::move(letters), last, how, reason, offer};
  if (how == checkpoint::settlement::dead_lettered) return store_letters();
  letters_stored({});
}

void stage::store_letters() {
  if (!store_worker_) store_worker_ = options_.workers("dead-letters");
  storing_ = true;
  store_worker_->run([store = options_.letters, &letters = surrendered_->letters,
                      to = caf::actor_cast<deliver_actor>(this)] {
    caf::anon_send(to, written_a{}, std::make_shared<work_result>(work_result{store->append(letters)}));
  });
}

void stage::letters_stored(const work_result& result) {
  storing_ = false;
  if (!result.done) {
    incident("cannot store dead letters: " + to_string(result.done.error()));
    retry_store_ = true;
    return tick_in(store_retry);
  }
  auto given = std::move(*surrendered_);
  surrendered_.reset();
  auto what = outcome_upto(given.last, given.how);
  what.reason = given.reason;
  what.head.reason_bytes =
      static_cast<std::uint16_t>(std::min<std::size_t>(what.reason.size(), reason_bytes_max));
  what.reason.resize(what.head.reason_bytes);
  what.head.offer = given.offer;
  what.head.events = static_cast<std::uint32_t>(given.letters.size());
  for (auto& l : given.letters) {
    what.head.attempts = std::max(what.head.attempts, l.attempts);
    if (options_.name_events)
      what.names.push_back({l.at, std::move(l.id), std::move(l.source), std::move(l.region)});
  }
  settle(std::move(what));
  pull();
}

dead_letter stage::letter(const lane_event& event, std::string reason, std::uint32_t attempts) const {
  dead_letter l;
  l.at = l.origin = event.at;
  l.lane = options_.lane->number;
  l.destination = options_.lane->name;
  l.reason = std::move(reason);
  l.attempts = attempts;
  l.received_ms = event.waiting_since_ms;
  if (event.before != nullptr) {
    l.origin = event.before->origin;
    l.generation = event.before->generation;
    l.attempts += event.before->attempts;
    l.received_ms = event.before->received_ms;
    l.redriven_ms = event.waiting_since_ms;
    l.first_stored_ms = event.before->first_stored_ms;
  }
  l.stored_ms = wall_ms();
  l.id = event.id;
  l.source = event.source;
  l.region = event.region;
  l.event = event.slice;
  return l;
}

// A successor reads again every group that holds an event which is taken but not settled.
void stage::mark_scanned() {
  if (last_event_ <= my().cursor) {
    my().scanned = scanned_;
  } else if (!marks_.empty() && marks_.back().event == last_event_) {
    marks_.back().group = scanned_;
  } else {
    marks_.push_back({last_event_, scanned_});
  }
}

void stage::put_back() {
  SLUICE_ASSERT(hand_empty() && !busy() && !fetching_);
  taken_ = my().scan_behind;
  scanned_ = my().scanned;
  last_event_ = my().cursor;
  marks_.clear();
}

void stage::settle(checkpoint::outcome what) {
  my().cursor = std::max(my().cursor, what.head.last);
  my().scan_behind = std::max(my().scan_behind, my().cursor);
  if (front_ != 0 && front_ <= my().cursor) {
    front_ = 0;
    if (hand_empty()) my().gauges.oldest_received_ms = 0;
  }
  while (!marks_.empty() && marks_.front().event <= my().cursor) {
    my().scanned = marks_.front().group;
    marks_.pop_front();
  }
  const auto mergeable = [&] {
    const auto& n = *next_outcome_;
    return n.head.how == what.head.how && n.head.offer == 0 && what.head.offer == 0 &&
           n.reason == what.reason && n.head.attempts == what.head.attempts &&
           n.names.size() + what.names.size() <= names_max;
  };
  if (next_outcome_ && !mergeable()) {
    // The checkpoint keeps what it is given: a second outcome under way costs a slot, not an answer.
    send_outcome();
  }
  if (next_outcome_) {
    auto& n = *next_outcome_;
    n.head.last = what.head.last;
    n.head.events += what.head.events;
    n.head.file_length = what.head.file_length;
    n.head.wall_ms = what.head.wall_ms;
    n.names.insert(n.names.end(), std::make_move_iterator(what.names.begin()),
                   std::make_move_iterator(what.names.end()));
  } else {
    next_outcome_ = std::make_shared<checkpoint::outcome>(std::move(what));
  }
  if (outcomes_out_ == 0) send_outcome();
}

void stage::send_outcome() {
  ++outcomes_out_;
  send(options_.checkpoint, settle_a{}, std::exchange(next_outcome_, nullptr),
       caf::actor_cast<deliver_actor>(this));
}

void stage::flush_outcomes() {
  if (next_outcome_) send_outcome();
}

std::optional<endpoint::ticket> stage::ask(std::size_t events) {
  if (paused()) return std::nullopt;
  const auto said = my().endpoint->ask(
      my().number, events, [to = caf::actor_cast<deliver_actor>(this)] { caf::anon_send(to, tick_a{}); });
  if (said.not_before) tick_in(std::max<std::chrono::nanoseconds>(*said.not_before - now(), {}));
  return said.granted;
}

// One tick is under way at most, unless an earlier one is wanted.
void stage::tick_in(std::chrono::nanoseconds wait) {
  const auto at = now() + wait;
  if (tick_at_ && *tick_at_ <= at) return;
  tick_at_ = at;
  delayed_send(this,
               std::chrono::duration_cast<std::chrono::microseconds>(wait) + std::chrono::microseconds(1),
               tick_a{});
}

void stage::incident(const std::string& what) {
  if (incident_ == what) return;
  incident_ = what;
  options_.incident(my().name, what);
}

void stage::recovered() {
  if (incident_.empty()) return;
  incident_.clear();
  options_.incident(my().name, {});
}

checkpoint::outcome stage::outcome_upto(position last, checkpoint::settlement how) const {
  checkpoint::outcome what;
  what.head.destination = options_.lane->destination;
  what.head.lane = options_.lane->number;
  what.head.how = how;
  what.head.first = options_.lane->cursor + 1;
  what.head.last = last;
  what.head.file_length = options_.lane->file_length;
  what.head.wall_ms = wall_ms();
  return what;
}

checkpoint::outcome::name stage::named(const lane_event& event) {
  return {event.at, std::string(event.id), std::string(event.source), std::string(event.region)};
}

}  // namespace sluice::deliver
