// What the checkpoint decides, without an actor: which events are new, which group they go into, what a
// finished or failed commit means for every batch that counted on it. Duplicates are decided here, in log
// order.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/checkpoint/delivery_messages.hpp"
#include "actors/checkpoint/rewritten_events.hpp"
#include "actors/checkpoint/segment_log.hpp"
#include "actors/credit.hpp"
#include "messages/batch.hpp"

namespace sluice::checkpoint {

/// Upper bounds (seconds) of the lag that is counted for each accepted event; one more bucket is +Inf.
inline constexpr std::array<double, 12> lag_bounds_s{0.01, 0.05, 0.1, 0.5,  1,     5,
                                                     10,   60,   300, 3600, 21600, 86400};

/// What one or more commits held, for telemetry; adds up.
struct commit_counts {
  std::uint64_t groups = 0, batches = 0, accepted = 0, dropped = 0, duplicates = 0, quarantined = 0;
  std::array<std::uint64_t, lag_bounds_s.size() + 1> lag_buckets{};
  double lag_sum_s = 0;
  double lag_max_s = 0;  ///< largest of the last batch that had timestamps
  commit_counts& operator+=(const commit_counts& more);
};

/// Not thread-safe: the checkpoint actor's own. The log belongs to whoever holds the job: `take` hands both
/// out, `completed` takes both back.
class stager {
 public:
  struct options {
    bool keep_whole = true;  ///< checkpoint.keep_dropped
    std::uint64_t outcome_reserve = 8ull
                                    << 20;  ///< of the last segment, kept for outcomes when the log is full
    std::size_t group_bytes = 4u << 20;     ///< a group is closed to further batches beyond it
  };
  struct moment {
    std::uint64_t running_ms = 0;
    std::int64_t wall_ms = 0;
  };
  /// A group on its way to the disk, and what depends on it.
  struct job {
    std::unique_ptr<group_builder> group;
    std::vector<std::byte> state;  ///< serialized when the commit rotates
  };
  enum class next : std::uint8_t {
    nothing,  ///< nothing to commit
    commit,   ///< `take` returned a job
    wait,     ///< records wait for a segment: `on_room` will tell
  };

  stager(segment_log& log, dedup_window& window, log_state& state, options o);

  /// Takes a group of batches; `take_left` tells `from` when the last of them was answered.
  void push(epoch from, batch_group_ptr group);
  /// `durable` is called when the commit that holds it ended well; until then it is kept, whatever fails.
  void push(outcome_ptr settled, std::function<void()> durable);
  void push(const offer_head& offer, std::function<void()> durable);
  void push(const control_head& control, std::string name, std::function<void()> durable = {});
  /// `ended` is called when the commit that holds them ended well, or with errc::log_full when they find no
  /// room that would not be needed for outcomes.
  void push(std::shared_ptr<const rewritten_events> events, std::function<void(const result<void>&)> ended);
  void audited(group_number upto, std::uint64_t file_length);
  /// From now on audit progress is reason enough for a commit: the node is about to stop.
  void flush_audit() noexcept { flush_audit_ = true; }

  /// Batches that are in here: neither answered nor, but for the job that is out, durable.
  std::size_t batches() const noexcept {
    return batches_.size() + open_.batches.size() + out_.batches.size();
  }

  /// Batches that route to these are refused with errc::backlog_full; to the dead letters goes what is
  /// quarantined.
  void refuse_destinations(std::vector<destination_id> full) { full_ = std::move(full); }

  /// Refuses every batch with `why` until called with nothing.
  void hold(std::optional<error> why) { held_ = std::move(why); }
  bool holding() const noexcept { return held_.has_value(); }

  /// True when something other than audit progress waits to be committed; `urgent` ignores outcomes, which
  /// may wait.
  bool pending() const noexcept;
  bool urgent() const noexcept;

  /// Decides what it can while a commit is under way, so that the next group is ready when it ends.
  void stage(moment now);
  /// The next group, when no job is out. Batches that find no room are refused here and now.
  next take(moment now, job& out);
  bool committing() const noexcept { return committing_; }

  /// The job's end. Answers every batch of it, applies it to the state, tells what telemetry should count. On
  /// errc::no_space the batches are refused and what was staged on top of them is decided again; any other
  /// error is final: everything that waits is answered errc::not_durable.
  void completed(const result<committed_group_ptr>& done, commit_counts& counts);

  /// Answers everything that waits, and what comes later, with `why`.
  void refuse_all(const error& why);

  /// Where the groups came from whose last batch has been answered since the last call, one entry a group: by
  /// a commit or by a refusal, so it is asked after every other call.
  std::vector<epoch> take_left() noexcept { return std::exchange(left_, {}); }

 private:
  struct held_group {  // a group of batches until its last one is answered
    epoch from;
    std::size_t remaining;
  };
  struct held_batch {
    std::unique_ptr<batch> what;
    std::shared_ptr<held_group> of;
    receipt said;
  };
  struct waiting {  // records of ours that must reach the disk
    outcome_ptr settled;
    std::optional<offer_head> offer;
    std::optional<std::pair<control_head, std::string>> control;
    std::function<void()> durable;
    std::shared_ptr<const rewritten_events> rewritten = {};
    std::function<void(const result<void>&)> ended = {};  // of `rewritten`
  };
  struct staged {
    std::unique_ptr<group_builder> group;
    std::vector<held_batch> batches;
    std::vector<waiting> records;
    dedup_window::sequence ids_begin = 0, ids_end = 0;
    commit_counts counts;
    bool audited = false;
  };
  bool append(staged& to, held_batch& b, moment now);
  bool append(staged& to, const waiting& w);
  bool goes_to_full(const batch& b) const;
  void open(staged& s, std::size_t bytes);
  void put_back(staged& s);
  void answer(held_batch& b, const result<receipt>& said);
  void refuse_batches(staged& s, const error& why);
  void refuse_rewritten(const error& why);
  void finish(held_batch& b);

  segment_log& log_;
  dedup_window& window_;
  log_state& state_;
  options options_;
  std::deque<held_batch> batches_;  // not decided yet; bounded by the lease and the links' windows
  std::deque<waiting> records_;     // bounded: one outcome and one offer a lane at a time, the id when it
                                    // changes, an order a connection of the admin listener
  std::optional<audited_head> audit_;
  staged open_, out_;
  std::vector<epoch> left_;
  std::vector<std::uint8_t> is_new_;
  std::vector<destination_id> full_;
  std::optional<error> refusing_, held_;
  std::size_t urgent_records_ = 0;
  bool committing_ = false, flush_audit_ = false;
};

}  // namespace sluice::checkpoint
