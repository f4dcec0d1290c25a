// What every kind of delivery has in common: it pulls its events from the log by its own cursor and tells the
// checkpoint what it settled, one outcome under way, further ones merged into the next. Kinds say how an
// event leaves.
#pragma once

#include <caf/all.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint/actor.hpp"
#include "actors/checkpoint/log_feed.hpp"
#include "actors/deliver/dead_letters.hpp"
#include "actors/deliver/lane.hpp"
#include "actors/deliver/lane_scan.hpp"
#include "actors/interfaces.hpp"
#include "actors/worker.hpp"

namespace sluice {

/// Groups that the log's reader thread read for a laggard.
struct log_chunk {
  result<std::vector<checkpoint::committed_group_ptr>> groups;
};

/// How work on a stage's own thread ended.
struct work_result {
  result<void> done;
};

namespace deliver {

/// What deliveries of all kinds are given.
struct stage_options {
  std::shared_ptr<deliver::lane> lane;
  checkpoint::log_feed* feed = nullptr;  ///< outlives the actor
  checkpoint_actor checkpoint;
  bool name_events = true;               ///< outcomes name their events, for audit lines
  dead_letter_store* letters = nullptr;  ///< outlives the actor
  /// Called once an incident, when the delivery cannot go on for now, and when it goes on again (empty text).
  std::function<void(const std::string& destination, const std::string& what)> incident;
  make_executor workers = make_worker;  ///< for what blocks
  /// Unix milliseconds, for ages and outcomes. What waits and what is limited goes by the actor system's
  /// clock.
  std::function<std::int64_t()> wall_ms = [] {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  };
};

class stage : public deliver_actor::base {
 public:
  stage(caf::actor_config& config, stage_options options);
  const char* name() const override { return "deliver"; }
  behavior_type make_behavior() override;
  void on_exit() override;

 protected:
  /// The kind can take one more event now. Asked before each.
  virtual bool wants() = 0;
  /// Takes an event; copies what it needs.
  virtual void take(const lane_event& event) = 0;
  /// The log was read as far as `wants` and the tail allowed.
  virtual void pulled() = 0;
  /// Nothing that was taken waits to be settled.
  virtual bool hand_empty() const = 0;
  /// The backlog is over its bound and the hand is not empty: a kind that is between two attempts of a
  /// failing endpoint, or paused, gives up what it holds (see `give_up`), or puts it back (see `put_back`) to
  /// be given up from the log; the others are about to empty their hand anyway.
  virtual void surrender() {}
  /// A write or an attempt is under way.
  virtual bool busy() const = 0;
  virtual void written(const work_result&) {}
  virtual void replied(attempt_result&) {}
  virtual void published(const burst_result&) {}
  virtual void offered(std::uint64_t) {}
  virtual void settled_durably() {}
  virtual void ticked() {}

  /// Reads on from where it stopped.
  void pull();
  /// Everything up to `last` is settled: moves the cursor and tells the checkpoint. Merged with what waits
  /// when the settlement is the same and nothing tells the two apart.
  void settle(checkpoint::outcome what);
  /// What was taken and is not settled will be read again: the kind has forgotten it, and nothing of it is
  /// under way.
  void put_back();
  /// Sends what waits now, so that it stands in the log before whatever is sent next.
  void flush_outcomes();
  /// Gives events up for good: into the dead letters first, when that is `how`, then as one outcome up to
  /// `last` that closes `offer` (0: none). One at a time; `pull` follows when it is done.
  void give_up(std::vector<dead_letter> letters, position last, checkpoint::settlement how,
               const std::string& reason, std::uint64_t offer);
  /// What `surrender` gives up is settled in this way, for this reason.
  checkpoint::settlement relief_how() const noexcept { return relief_.how; }
  std::string_view relief_reason() const noexcept;
  /// Whether the next event has to go.
  bool relief_wants(position at, std::int64_t since_ms) noexcept { return relief_.wants(at, since_ms); }
  /// What is still to give up.
  const checkpoint::relief& relief() const noexcept { return relief_; }
  bool giving_up() const noexcept { return surrendered_.has_value(); }
  bool draining() const noexcept { return draining_; }
  /// An operator lets the destination rest: no attempt begins, `ticked` is called when it goes on. What `ask`
  /// does not cover looks here itself.
  bool paused() const noexcept { return options_.lane->paused.load(); }
  dead_letter letter(const lane_event& event, std::string reason, std::uint32_t attempts) const;
  /// A request of so many events may begin; or, empty, `ticked` is called when it is worth asking again. A
  /// paused destination's may not.
  std::optional<endpoint::ticket> ask(std::size_t events);
  /// `ticked` is called in `wait` at the latest; it looks itself whether its time has come.
  void tick_in(std::chrono::nanoseconds wait);
  void incident(const std::string& what);  ///< one line when it begins or changes
  void recovered();

  instant now() const { return clock().now().time_since_epoch(); }
  std::int64_t wall_ms() const { return options_.wall_ms(); }
  checkpoint::outcome outcome_upto(position last, checkpoint::settlement how) const;
  static checkpoint::outcome::name named(const lane_event& event);
  deliver::lane& my() noexcept { return *options_.lane; }
  /// Closes the offer, if one is open, with nothing settled: its events will be offered anew.
  void withdraw_offer();
  /// Number of the open offer, which is none from here on; 0 without one.
  std::uint64_t close_offer();

  stage_options options_;
  position taken_ = 0;  ///< the last event that was taken, or the end of the last group read

 private:
  void read(const checkpoint::committed_group& group, bool& more);
  void send_outcome();
  void mark_scanned();
  bool room();
  bool looks_ahead() const;
  void note_front(const lane_event& event);
  void end_when_drained();
  void collect_relief();
  void give_up_counted(std::vector<dead_letter> letters, position last, checkpoint::settlement how,
                       const std::string& reason, std::uint64_t offer);
  void store_letters();
  void letters_stored(const work_result& result);

  struct surrendered {
    std::vector<dead_letter> letters;
    position last;
    checkpoint::settlement how;
    std::string reason;
    std::uint64_t offer;
  };
  std::optional<surrendered> surrendered_;
  std::vector<dead_letter> relief_letters_;
  checkpoint::relief relief_;  // still to give up
  bool collecting_ = false, storing_ = false, retry_store_ = false;
  std::unique_ptr<executor> store_worker_;

  struct mark {
    position event;      // once it is settled …
    group_number group;  // … everything up to this group is done with
  };
  group_number scanned_ = 0;
  position last_event_ = 0;
  position front_ = 0;      // the event that is next, as long as nothing of the lane is in hand; 0: not known
  std::deque<mark> marks_;  // bounded by the events that the kind takes ahead
  std::unique_ptr<checkpoint::log_feed::reader> reader_;
  checkpoint::outcome_ptr next_outcome_;
  bool fetching_ = false;
  bool broken_ = false;
  bool draining_ = false;
  std::uint32_t outcomes_out_ = 0;  // not yet durable
  std::string incident_;
  std::optional<instant> tick_at_;
};

}  // namespace deliver
}  // namespace sluice
