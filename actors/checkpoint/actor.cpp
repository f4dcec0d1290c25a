#include "actors/checkpoint/actor.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::checkpoint {
namespace {

using namespace std::chrono_literals;
/// A quiet node writes its outcomes, and then its mark, this much later.
constexpr auto quiet_time = 100ms;
/// How often letters are looked at, a quiet time apart, before those that still wait in their lanes stay.
constexpr unsigned redrive_looks = 10;
/// How often backlogs are looked at for their age.
constexpr auto age_interval = 1s;

class checkpoint_stage : public checkpoint_actor::base {
 public:
  checkpoint_stage(caf::actor_config& config, actor_options options)
      : checkpoint_actor::base(config),
        options_(std::move(options)),
        stager_(std::in_place, *options_.log, *options_.window, *options_.state, options_.staging),
        links_(options_.link_window),
        queue_(options_.queue),
        audited_position_(options_.audited_position),
        started_(clock().now()),
        running_base_ms_(options_.state->running_ms()),
        committer_(std::make_unique<committer>(
            *options_.log, options_.workers,
            [to = caf::actor_cast<checkpoint_actor>(this)](commit_result_ptr ended) {
              caf::anon_send(to, durable_a{}, std::move(ended));
            })) {
    set_down_handler([this](caf::down_msg& down) {
      links_.drop([&](const producer_actor& p) { return p.address() == down.source; });
    });
    // The actor and the log know each other only through messages.
    watch_room();
    publish();
    if (std::ranges::any_of(options_.bounds, [](const backlog_bound& b) { return b.max_age.count() > 0; }))
      delayed_send(this, age_interval, relieve_a{});
  }

  const char* name() const override { return "checkpoint"; }

  behavior_type make_behavior() override {
    return {
        [this](open_a, epoch number, const producer_actor& producer) {
          monitor(producer);
          links_.open(number, producer);
          send(producer, grant_a{}, number, links_.window());
        },
        [this](push_a, epoch number, batch_group_ptr& group) {
          links_.pushed(number);
          stager_->push(number, std::move(group));
          turn();
        },
        [this](durable_a, const commit_result_ptr& ended) { committed(*ended); },
        [this](room_a) {
          watch_room();
          turn();
        },
        [this](offer_a, const offer_head& offer, const deliver_actor& from) {
          stager_->push(offer, [this, from, id = offer.offer] { send(from, offered_a{}, id); });
          turn();
        },
        [this](settle_a, const outcome_ptr& settled, const deliver_actor& from) {
          stager_->push(settled, [this, from] { send(from, settled_a{}); });
          turn();
        },
        [this](attach_a, const target& lane, const deliver_actor& serving) {
          serving_[lane] = serving;
          go_on_discarding(lane, serving);
        },
        [this](audited_a, group_number upto, position last, std::uint64_t length) {
          stager_->audited(upto, length);
          audited_position_ = last;
          // While every batch is refused, no commit would look again.
          if (stager_->holding()) relieve(now());
        },
        [this](relieve_a) {
          relieve(now());
          delayed_send(this, age_interval, relieve_a{});
        },
        [this](note_a, std::string& id) {
          stager_->push(control_head{.kind = control_kind::subscription_noted}, std::move(id));
          turn();
        },
        [this](order_a, const order_ptr& asked) { obey(asked); },
        [this](attach_a, const telemetry_actor& telemetry) {
          telemetry_ = telemetry;
          telemetry_ready_ = true;
        },
        [this](grant_a, epoch, std::uint32_t) {
          telemetry_ready_ = true;
          tell_telemetry();
        },
        [this](tick_a) {
          ticking_ = false;
          quiet_ = true;
          turn();
          quiet_ = draining_;
        },
        [this](drain_a) {
          draining_ = quiet_ = true;
          stager_->flush_audit();
          turn();
        },
    };
  }

  void on_exit() override {
    committer_.reset();  // waits for the write under way; the log is free for its stop then
    stager_->refuse_all(error{errc::stopping, "the node is stopping", {}, 0});
    stager_.reset();
    links_.clear();
    serving_.clear();
    telemetry_ = telemetry_actor{};
  }

 private:
  stager::moment now() const {
    const auto ran = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - started_).count();
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
    return {running_base_ms_ + static_cast<std::uint64_t>(ran), wall};
  }

  void watch_room() {
    options_.log->on_room([to = caf::actor_cast<checkpoint_actor>(this)] { caf::anon_send(to, room_a{}); });
  }

  void turn() {
    advance();
    for (const auto number : stager_->take_left()) {
      if (const auto* producer = links_.left(number)) send(*producer, grant_a{}, number, std::uint32_t{1});
    }
    queue_.set(stager_->batches());
  }

  // Stages, and when nothing is under way starts a commit, or the mark of a quiet node.
  void advance() {
    if (failed_) return draining_ ? quit(caf::exit_reason::normal) : void();
    const auto moment = now();
    if (stager_->committing() || marking_) return stager_->stage(moment);
    if (stager_->urgent() || (quiet_ && stager_->pending())) {
      stager::job job;
      if (stager_->take(moment, job) == stager::next::commit) {
        unmarked_ = true;
        return committer_->commit(std::move(job), {moment.running_ms, moment.wall_ms});
      }
    } else if (quiet_ && unmarked_ && !draining_) {
      unmarked_ = false;
      marking_ = true;
      committer_->mark({moment.running_ms, moment.wall_ms});
    }
    // The stop group makes a mark needless.
    if (draining_ && !stager_->pending() && !stager_->committing() && !marking_)
      return quit(caf::exit_reason::normal);
    if (stager_->pending() || unmarked_) tick_later();
  }

  void tick_later() {
    if (std::exchange(ticking_, true)) return;
    delayed_send(this, quiet_time, tick_a{});
  }

  void committed(const commit_result& ended) {
    if (ended.was_mark) {
      marking_ = false;
      if (!ended.group) failed(ended.group.error());
      return turn();
    }
    stager_->completed(ended.group, sample_.counts);
    if (ended.group) {
      const auto moment = now();
      options_.window->expire(moment.running_ms);
      if (sample_.commit_seconds.size() < commit_sample::commit_seconds_max) {
        sample_.commit_seconds.push_back(std::chrono::duration<double>(ended.took).count());
      }
      options_.log->release(options_.state->needed_from(), options_.state->audited().upto + 1,
                            options_.state->needs());
      relieve(moment);
      publish();
      tell_telemetry();
    } else if (ended.group.error().code != errc::no_space) {
      failed(ended.group.error());
    }
    turn();
  }

  void failed(const error& why) {
    if (std::exchange(failed_, true)) return;
    unhealthy_ = to_string(why);
    stager_->refuse_all(error{errc::not_durable, "checkpoint persistence failed", {}, 0});
    publish();
    options_.failed(why);
  }

  std::uint64_t pinned(const destination_state& d) const {
    if (d.totals.pending() == 0) return 0;
    return backlog_from(d, d.needed_from(options_.state->next_position()));
  }
  std::uint64_t backlog_from(const destination_state& d, position from) const {
    return options_.log->backlog_bytes(d.id, from, d.totals.routed + d.totals.redriven);
  }

  // Asks destinations over their bound to give way, at most once a second each; `reject` refuses batches
  // instead, and so does `dead_letter` when the dead letters are full, which also take no further invalid
  // event then.
  void relieve(const stager::moment& moment) {
    std::vector<destination_id> full;
    const bool letters_full = options_.dead_letters_full && options_.dead_letters_full();
    if (letters_full && options_.state->find(dead_letters_id)->totals.pending() > 0)
      full.push_back(dead_letters_id);
    for (const auto& bound : options_.bounds) {
      const auto* d = options_.state->find(bound.destination);
      if (d == nullptr) continue;
      const backlog_size held{pinned(*d), d->totals.pending(),
                              bound.max_age.count() > 0 ? bound.oldest_received_ms() : 0};
      const auto wanted = relief_for(bound, held, moment.wall_ms);
      if (!wanted) continue;
      if (bound.then == when_full::reject || (bound.then == when_full::dead_letter && letters_full)) {
        full.push_back(bound.destination);
        continue;
      }
      auto& asked = asked_ms_[bound.destination];
      if (moment.running_ms < asked + 1000) continue;
      asked = moment.running_ms;
      ask_for_way(*d, bound, *wanted);
    }
    stager_->refuse_destinations(std::move(full));
    const auto behind = audited_position_ + 1 < options_.state->next_position()
                            ? options_.log->bytes_from(audited_position_ + 1)
                            : 0;
    stager_->hold(behind > options_.audit_backlog
                      ? std::optional(error{errc::backlog_full, "the audit is behind its bound", {}, 0})
                      : std::nullopt);
  }

  void ask_for_way(const destination_state& d, const backlog_bound& bound, relief wanted) {
    std::vector<lane_backlog> lanes;
    for (std::size_t i = 0; i < d.lanes.size(); ++i) {
      const lane_state& lane = d.lanes[i];
      if (lane.pending > 0) lanes.push_back({static_cast<lane_id>(i), lane.settled.upto() + 1, lane.pending});
    }
    // Its oldest event counts, whichever lane has it, so what leaves is counted in positions.
    if (d.lanes.size() > 1 && std::exchange(wanted.bytes, 0) > 0)
      wanted.upto = last_beyond(d, bound.max_bytes);
    for (const lane_relief& share : share_relief(wanted, std::move(lanes))) {
      if (const auto serving = serving_.find({d.id, share.lane}); serving != serving_.end())
        send(serving->second, relieve_a{}, share.wanted);
    }
  }

  /// The last position from which on a backlog takes more than `bytes`.
  position last_beyond(const destination_state& d, std::uint64_t bytes) const {
    position beyond = 0, within = options_.state->next_position();
    while (within - beyond > 1) {
      const position middle = beyond + (within - beyond) / 2;
      (backlog_from(d, middle) > bytes ? beyond : within) = middle;
    }
    return beyond;
  }

  void obey(const order_ptr& asked) {
    if (failed_) return asked->done(fail(errc::not_durable, "the log takes nothing any more"));
    if (asked->what == order_kind::discard_letters) return note_discarded_letters(asked);
    const auto* const d = options_.state->find(asked->destination);
    if (d == nullptr || d->id == dead_letters_id)
      return asked->done(fail(errc::not_found, "no such destination"));
    asked->what == order_kind::redrive ? redrive_letters(asked, *d) : change(asked, *d);
  }

  // What stands as it is asked for already is not written again.
  void change(const order_ptr& asked, const destination_state& d) {
    const auto waiting = d.totals.pending();
    const bool stands =
        asked->what == order_kind::discard ? waiting == 0 : d.paused == (asked->what == order_kind::pause);
    if (stands) return obeyed(*asked, waiting);
    control_head control{.kind = record_of(asked->what), .destination = d.id};
    if (asked->what == order_kind::discard) control.at = options_.state->next_position() - 1;
    stager_->push(control, asked->who.substr(0, order_who_bytes_max),
                  [this, asked, waiting] { obeyed(*asked, waiting); });
    turn();
  }

  // Of destinations that are gone too, and of the quarantined events.
  void note_discarded_letters(const order_ptr& asked) {
    if (asked->destination >= options_.state->destinations().size())
      return asked->done(fail(errc::not_found, "no such destination"));
    const control_head control{
        .kind = record_of(asked->what), .destination = asked->destination, .value = asked->letters};
    stager_->push(control, asked->who.substr(0, order_who_bytes_max),
                  [asked] { asked->done(asked->letters); });
    turn();
  }

  // A lane tells soon what it gave up.
  void redrive_letters(const order_ptr& asked, const destination_state& d) {
    if (!all_settled(*asked->redriven, d) && ++asked->looks <= redrive_looks)
      return delayed_send(this, quiet_time, order_a{}, asked);
    keep_settled(*asked->redriven, d);
    auto& events = asked->redriven->events;
    if (events.entries.empty()) return asked->done(std::uint64_t{0});
    events.kind = rewrite_kind::redrive;
    events.who = asked->who.substr(0, order_who_bytes_max);
    events.received_ms = now().wall_ms;
    stager_->push(std::shared_ptr<const rewritten_events>(asked->redriven, &events),
                  [asked](const result<void>& ended) {
                    if (!ended) return asked->done(fail(ended.error()));
                    asked->done(asked->redriven->events.entries.size());
                  });
    turn();
  }

  void obeyed(const order& asked, std::uint64_t waiting) {
    if (asked.what != order_kind::discard) options_.pause(asked.destination, asked.what == order_kind::pause);
    for (const auto& [lane, serving] : serving_) {
      if (lane.destination != asked.destination) continue;
      if (asked.what == order_kind::resume) send(serving, tick_a{});
      if (asked.what == order_kind::discard) go_on_discarding(lane, serving);
    }
    publish();
    asked.done(waiting);
  }

  // A discard stands in the log: whoever serves the lane, also after a restart, goes on with it.
  void go_on_discarding(const target& lane, const deliver_actor& serving) {
    const auto* const d = options_.state->find(lane.destination);
    if (d == nullptr || d->discard_upto == 0) return;
    send(serving, relieve_a{}, relief{.upto = d->discard_upto, .how = settlement::discarded});
  }

  void publish() {
    const auto moment = now();
    board_view view;
    view.totals = options_.state->totals();
    for (const auto& d : options_.state->destinations()) {
      view.destinations.push_back({d.id, d.name, d.totals, pinned(d), d.removed, d.paused});
    }
    view.log = options_.log->counts();
    view.dedup_ids = options_.window->size();
    view.dedup_effective_window_seconds =
        static_cast<double>(options_.window->effective_window_ms(moment.running_ms)) / 1e3;
    view.unhealthy = unhealthy_;
    options_.board->put(std::move(view));
  }

  // One sample on its way; what comes meanwhile adds up, so that a busy telemetry never holds a queue.
  void tell_telemetry() {
    if (!telemetry_ready_ || !telemetry_ || sample_.counts.groups == 0) return;
    telemetry_ready_ = false;
    send(telemetry_, sample_a{}, std::make_shared<commit_sample>(std::exchange(sample_, {})));
  }

  actor_options options_;
  std::optional<stager> stager_;  // none once it has ended
  debt_ledger<producer_actor> links_;
  stage_queue::share queue_;
  position audited_position_;
  const caf::actor_clock::time_point started_;
  const std::uint64_t running_base_ms_;
  commit_sample sample_;
  std::map<target, deliver_actor> serving_;
  std::unordered_map<destination_id, std::uint64_t> asked_ms_;
  std::string unhealthy_;
  telemetry_actor telemetry_;
  bool telemetry_ready_ = true;
  bool ticking_ = false, quiet_ = false, unmarked_ = false, marking_ = false, failed_ = false,
       draining_ = false;
  std::unique_ptr<committer> committer_;  // holds a handle to this actor until it exits
};

}  // namespace

checkpoint_actor spawn_checkpoint(caf::actor_system& system, actor_options options) {
  return system.spawn<checkpoint_stage>(std::move(options));
}

}  // namespace sluice::checkpoint
