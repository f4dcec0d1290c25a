// What the log's threads share about the directory: which segments there are, what is ready to be taken, what
// may go. The only lock between the commit thread, the keeper and the laggards' reads; held for a few
// comparisons, never for I/O.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
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
};

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

  position needed = 0;  ///< from the last `release`
  group_number needed_group = 0;
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
  /// The oldest segment is history: whatever anybody needs begins behind it.
  bool oldest_released() const noexcept {
    return segments.size() > 1 && segments[0].sealed && segments[1].head.first_position <= needed &&
           segments[1].head.first_group <= needed_group;
  }
  /// What becomes of a group that needs another segment.
  segment_log::room next_segment(const log_options& options, std::uint64_t segment_size) const noexcept {
    if (!ready.empty()) return segment_log::room::rotates;
    const bool grows = bytes(segment_size) + segment_size <= options.max_bytes;
    return !stuck && (grows || making != 0 || oldest_released()) ? segment_log::room::coming
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
