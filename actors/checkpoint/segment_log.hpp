// The log: segments on disk, their recovery, their recycling, and the feed of committed groups to readers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint/dedup_window.hpp"
#include "actors/checkpoint/file_system.hpp"
#include "actors/checkpoint/group.hpp"
#include "actors/checkpoint/log_feed.hpp"
#include "actors/checkpoint/log_state.hpp"

namespace sluice::checkpoint {

struct log_options {
  std::string directory;
  std::uint64_t max_bytes =
      20ull << 30;  ///< segments, pool and side files together; reserve and spill files are outside it
  std::uint64_t retention_ms =
      24ull * 3600'000;  ///< running time that released segments are kept for readers of history
  std::size_t tail_bytes = 64u << 20;  ///< of the ring, by capacity of its buffers
  caching how = caching::direct;
};

/// What a start found.
struct recovery_report {
  bool clean = false;  ///< ended with a stop group, or is new
  std::uint64_t segments = 0;
  std::uint64_t groups_replayed = 0;
  std::uint64_t torn_bytes = 0;  ///< cut from the tail: never acknowledged
  std::uint64_t identities = 0;  ///< loaded into the window
};

/// Counted for metrics; readable from any thread.
struct log_counts {
  std::uint64_t bytes = 0;           ///< on disk, pool and side files included; spill files are destinations'
  std::uint64_t segments = 0;        ///< in the log
  std::uint64_t ready_segments = 0;  ///< prepared ahead
  group_number durable_group = 0;
};

/// Ownership: `plan`, `commit`, `release` and `stop` are called by one thread at a time (the checkpoint hands
/// the log to its commit thread with a group and takes it back with the result). `feed` and `counts` are
/// thread-safe. A keeper thread of its own makes the pool ahead of need, writes side files and recycles
/// released segments.
class segment_log {
 public:
  /// Locks the directory (errc::locked), recovers (log.md "Start"), fills `window` with the identities that
  /// are still in it and `state` with what the newest segment says. errc::corrupt when acknowledged data is
  /// damaged, with file and offset; nothing is changed then. `random` fills its argument with random bytes
  /// (salts, the secret).
  static result<std::unique_ptr<segment_log>> open(file_system& files, log_options options,
                                                   std::function<void(std::span<std::byte>)> random,
                                                   dedup_window& window, log_state& state,
                                                   recovery_report& report);
  virtual ~segment_log() = default;

  /// Drawn at first start, kept in the directory: the key of all identities.
  virtual const std::array<std::byte, 192>& secret() const noexcept = 0;

  enum class room : std::uint8_t {
    here,     ///< fits into the open segment
    rotates,  ///< needs the next segment, and one is ready: commit wants the state record
    coming,   ///< needs a segment that the keeper is making or recycling: ask again when `on_room` is called
    full,     ///< cursors pin everything, or the disk has no room: refuse
  };
  /// Where a group of `disk_bytes` (<= group_bytes_max) would go.
  virtual room plan(std::size_t disk_bytes) = 0;
  /// Called on the keeper thread after `plan` answered `coming` or `full`, once, when that may have changed.
  virtual void on_room(std::function<void()> call) = 0;

  struct moment {
    std::uint64_t running_ms = 0;
    std::int64_t wall_ms = 0;
  };
  /// Numbers, closes, writes and syncs `group` (blocking), then publishes it to the feed. `state` is the
  /// serialized log_state after every earlier group; it is needed (asserted) exactly when plan said
  /// `rotates`. errc::no_space: nothing of the group counts, the log goes on behind it (log.md: the rest of
  /// the open segment is given up by a recovery copy before the next commit); errc::io (a failed sync
  /// included) is final: the log refuses everything from then on.
  virtual result<committed_group_ptr> commit(group_builder& group, moment when,
                                             std::span<const std::byte> state) = 0;

  /// Writes a mark: `durable_upto` of the last group. No-op when the last group on disk is a mark already.
  virtual result<void> mark(moment when) = 0;

  /// Segments whose every position is < `needed` and every group < `needed_group` are history: recycled when
  /// retention or max_bytes wants them. Must come from state that committed groups hold. `lagging`: the
  /// destinations that need something from `needed` on; what they need of a segment that is wanted back may
  /// be copied into files of theirs, so that it can go. Nobody in it: nothing may, `needed` holds.
  virtual void release(position needed, group_number needed_group,
                       std::vector<destination_need> lagging = {}) = 0;

  /// A clean end: stop group, threads joined, files closed. Nothing may be called after it but the
  /// destructor.
  virtual result<void> stop(moment when) = 0;

  /// Bytes of the segments from the one that holds `from` on: what a reader that stands there pins.
  virtual std::uint64_t bytes_from(position from) const = 0;
  /// What the backlog of a destination that needs events from `from` on takes: the files that were copied for
  /// it, and of the segments its share, by the number of events that were routed to it of those that stand
  /// there. `routed`: to it so far (log_state::routed_events).
  virtual std::uint64_t backlog_bytes(destination_id of, position from, std::uint64_t routed) const = 0;
  /// A group that ends before `at`: where a reader, of this destination if given, that wants `at` next
  /// starts. The last such group, but where only a copy is left. Reads headers; at start only.
  virtual result<group_number> group_before(position at, std::optional<destination_id> of = {}) = 0;

  virtual log_feed& feed() noexcept = 0;
  virtual std::shared_ptr<buffer_pool> buffers() noexcept = 0;
  virtual log_counts counts() const noexcept = 0;
};

/// Offline reading for `sluice log inspect` and `log verify`: never writes, takes no lock.
struct segment_summary {
  std::string file;
  segment_head head;
  std::uint64_t groups = 0, events = 0, records = 0;
  group_number last_group = 0;
  std::uint64_t end = 0;  ///< offset behind the last valid group
  bool sealed = false, stopped = false;
};
struct log_summary {
  std::vector<segment_summary> segments;  ///< by number
  std::vector<std::string> pool, side_files;
  std::vector<spill_head> spills;  ///< by segment and destination
  std::vector<error> damage;       ///< each with file+offset
  std::vector<error> notes;        ///< a torn tail, a missing side file: repaired by the next start
  log_state state;                 ///< as a start would recover it, when nothing is damaged
};
/// `verify`: also every group's content checksum, every record, every side and spill file.
result<log_summary> inspect_log(file_system& files, const std::string& directory, bool verify);

}  // namespace sluice::checkpoint
