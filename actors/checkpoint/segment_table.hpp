// What the log's threads share about the directory: which segments there are, what is ready to be taken, what
// may go. The only lock between the commit thread, the keeper and the laggards' reads; held for a few
// comparisons, never for I/O.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/checkpoint/side_file.hpp"

namespace sluice::checkpoint {

struct segment_info {
  segment_head head;
  std::uint64_t end = 0;         ///< behind its last durable group (sealed: behind its seal)
  std::uint64_t running_ms = 0;  ///< of its last group
  bool sealed = false;
  bool side_written = false;
  std::shared_ptr<segment_identities>
      identities;  ///< sealed, until the side file is written; else rebuilt from the file
  std::vector<std::uint64_t> routed =
      {};  ///< by destination: events that were routed to it before this segment
};

struct spill_info : spill_head {
  std::uint64_t bytes_upto = 0;  ///< of the destination's files up to this one, from any beginning
};

/// Of `bytes` that hold `events`, those of `part` of them (an event that goes to several lanes counts once).
constexpr std::uint64_t share_of(std::uint64_t bytes, std::uint64_t part, std::uint64_t events) noexcept {
  if (events == 0) return 0;
  return part >= events ? bytes
                        : static_cast<std::uint64_t>(static_cast<double>(bytes) * static_cast<double>(part) /
                                                     static_cast<double>(events));
}

/// Everything in here is guarded by `mutex`.
struct segment_table {
  mutable std::mutex mutex;
  std::condition_variable keeper_wakes;

  std::deque<segment_info> segments;  ///< ascending numbers without gaps; the last one is open
  std::deque<side_info> sides;        ///< ascending; those of recycled segments included
  std::deque<std::uint64_t> ready;    ///< pool files that can be taken, at most ready_ahead
  std::uint64_t next_pool = 1;        ///< number of the next pool file's name
  std::uint64_t making = 0;           ///< segment-sized files that exist without being ready or in the log
  bool has_reserve = false;
  std::mutex reserve_in_use;  ///< held while the reserve is made or copied into; never together with `mutex`

  position needed = 0;  ///< from the last `release`; 0: there was none yet
  group_number needed_group = 0;
  std::vector<destination_need> lagging;
  /// What was copied for a destination, by segments, ascending; durable.
  std::map<destination_id, std::deque<spill_info>> spills;
  std::uint64_t running_ms = 0;  ///< of the last durable group
  std::uint64_t identities = 0;  ///< of the open segment
  position next_position = 1;    ///< behind the last durable event

  bool stuck = false;  ///< the keeper's last attempt failed for want of room or on an error; it tries again
  bool stopping = false;
  bool keeper_asked = false;                  ///< there may be work for the keeper
  std::optional<error> failed;                ///< final: a name may not be durable
  std::optional<segment_log::room> answered;  ///< what `plan` said last when it was coming or full
  std::function<void()> on_room;

  std::uint64_t bytes(std::uint64_t segment_size) const noexcept {
    std::uint64_t sum = (segments.size() + ready.size() + making) * segment_size;
    for (const side_info& s : sides) sum += s.bytes;
    return sum;
  }
  /// A destination needs something of the oldest segment, and it was not copied.
  bool holds_oldest(const destination_need& need) const noexcept {
    if (need.from >= segments[1].head.first_position) return false;
    const auto copied = spills.find(need.id);
    return copied == spills.end() || copied->second.empty() ||
           copied->second.back().segment < segments[0].head.number;
  }
  bool held_by_destinations() const noexcept {
    return std::ranges::any_of(lagging, [this](const destination_need& n) { return holds_oldest(n); });
  }
  /// The oldest segment is sealed, and whoever reads by group numbers has passed it.
  bool oldest_passed() const noexcept {
    return segments.size() > 1 && segments[0].sealed && segments[1].head.first_group <= needed_group;
  }
  /// The oldest segment is history: whatever anybody needs begins behind it, or was copied.
  bool oldest_released() const noexcept {
    if (!oldest_passed()) return false;
    return segments[1].head.first_position <= needed || (!lagging.empty() && !held_by_destinations());
  }
  /// The oldest segment would be history if what destinations still need of it were copied.
  bool oldest_spillable() const noexcept { return oldest_passed() && held_by_destinations(); }
  /// Becomes the destination's newest.
  void add_spill(const spill_head& made) {
    auto& files = spills[made.destination];
    const std::uint64_t before = files.empty() ? 0 : files.back().bytes_upto;
    files.push_back({made, before + made.end});
  }
  /// Bytes of the spill files that hold something of `of` from `from` on.
  std::uint64_t spill_bytes(destination_id of, position from) const noexcept {
    const auto copied = spills.find(of);
    if (copied == spills.end()) return 0;
    const auto first = std::ranges::upper_bound(copied->second, from, {}, &spill_head::next_position);
    if (first == copied->second.end()) return 0;
    return copied->second.back().bytes_upto - first->bytes_upto + first->end;
  }
  /// A spill file that its destination has passed, the oldest of one.
  const spill_info* passed_spill() const noexcept {
    if (needed == 0) return nullptr;
    for (const auto& [id, files] : spills) {
      if (files.empty()) continue;
      const auto need = std::ranges::find(lagging, id, &destination_need::id);
      if (need == lagging.end() || need->from >= files.front().next_position) return &files.front();
    }
    return nullptr;
  }
  /// Under the lock: what was copied for `of` of the segment that held group `n`, or of the next one.
  const spill_head* spilled(destination_id of, group_number n) const noexcept {
    const auto copied = spills.find(of);
    if (copied == spills.end()) return nullptr;
    const auto found = std::ranges::lower_bound(copied->second, n, {}, &spill_head::last_group);
    return found == copied->second.end() ? nullptr : &*found;
  }
  /// Under the lock: what was copied for `of` of the segment that held position `at`.
  const spill_head* spilled_at(destination_id of, position at) const noexcept {
    const auto copied = spills.find(of);
    if (copied == spills.end()) return nullptr;
    const auto found = std::ranges::find_if(
        copied->second, [at](const spill_head& s) { return s.first_position <= at && at < s.next_position; });
    return found == copied->second.end() ? nullptr : &*found;
  }
  /// What becomes of a group that needs another segment.
  segment_log::room next_segment(const log_options& options, std::uint64_t segment_size) const noexcept {
    if (!ready.empty()) return segment_log::room::rotates;
    const bool grows = bytes(segment_size) + segment_size <= options.max_bytes;
    return !stuck && (grows || making != 0 || oldest_released() || oldest_spillable())
               ? segment_log::room::coming
               : segment_log::room::full;
  }
  /// Under the lock: the segment that holds group `n` (or would, behind the last one).
  const segment_info* holding(group_number n) const noexcept {
    const segment_info* found = nullptr;
    for (const segment_info& s : segments) {
      if (s.head.first_group > n) break;
      found = &s;
    }
    return found;
  }
  void ask_keeper() {
    keeper_asked = true;
    keeper_wakes.notify_one();
  }
};

}  // namespace sluice::checkpoint
