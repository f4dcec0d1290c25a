// A log with destinations that lag behind, and the model: what each lane is owed, in plain lists.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/actors/checkpoint/log_run.hpp"

namespace sluice::test {

/// An event as its destination must get it.
struct owed_event {
  position at = 0;
  std::string slice;
  friend bool operator==(const owed_event&, const owed_event&) = default;
};
using owed_events = std::deque<owed_event>;
using owed_by_lane = std::map<target, owed_events>;

/// A delivery that has reached a group and an event: reads on to the end of the log. Errors are those of the
/// feed.
struct delivery_run {
  target lane;
  group_number after = 0;
  position behind = 0;
  owed_events got = {};
  result<void> read_on(checkpoint::log_feed& feed, std::size_t bite = 8 << 10);
};

/// Destination 0 is the dead letters, 1 is busy (one lane), 2 is slow (two lanes). Not thread-safe.
class spill_run {
 public:
  static constexpr target letters{0, 0}, busy{1, 0}, slow{2, 0}, slow_too{2, 1};

  spill_run(checkpoint::file_system& files, std::uint64_t seed, checkpoint::log_setup setup = small_setup())
      : base(files, seed, setup) {
    base.options.max_bytes = 8 * setup.segment_size;
    // Nothing from memory, so that every read goes through the files.
    base.options.tail_bytes = 0;
  }

  log_run base;
  owed_by_lane owed;  ///< what is acknowledged and not settled
  /// What would be owed with one of the groups that were begun since the last one that was acknowledged:
  /// refused for want of room, the last one perhaps under way. A crash may leave one of them.
  std::vector<owed_by_lane> begun;
  bool told = true;  ///< the log is told after each commit what is needed

  /// Opens, and declares the destinations where they are new.
  result<void> open();
  /// One group of one batch; `to` says where event i goes (the dead letters: it is quarantined).
  result<void> give(const std::string& name, std::size_t events, std::size_t padding,
                    const std::function<std::vector<target>(std::size_t)>& to);
  /// The oldest `events` of the lane are settled, as far as there are so many.
  result<void> settle(target lane, std::size_t events);
  /// What a delivery of the lane finds that starts now.
  result<owed_events> read(target lane) const;
  /// What deliveries of all lanes find that start now.
  result<owed_by_lane> read_all() const;
  void tell();

  std::vector<std::string> spill_files(checkpoint::file_system& files) const;

 private:
  result<void> commit(checkpoint::group_builder& group, owed_by_lane then);
};

/// Every lane gets what it is owed: each event once, in order, the same bytes.
void expect_owed(const spill_run& run);
/// As `expect_owed`, of what a start found: what `before` was owed, or would be with a group that it had
/// begun. Takes over which.
void expect_owed_after(spill_run& start, const spill_run& before);

}  // namespace sluice::test
