// The open segment: numbers, closes, writes and syncs groups, one write and one sync each, and goes over to
// the next segment in the order that survives a crash at any point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/recovery.hpp"
#include "actors/checkpoint/segment_table.hpp"

namespace sluice::checkpoint {

/// Used by one thread at a time. Shares the table with the keeper.
class segment_writer {
 public:
  /// Blocks that every data group leaves free behind it: a mark, a stop (a start that finds it goes on behind
  /// it) and the seal. Marks and stops never follow one another, so these are always there.
  static constexpr std::uint64_t kept_blocks = 3;

  segment_writer(log_directory where, random_source random, segment_table& table, recovered_log& from);

  bool fits(std::uint64_t disk_bytes) const noexcept {
    return end_ + disk_bytes + kept_blocks * block_bytes <= where_.setup.segment_size;
  }
  struct placed {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
  };
  /// A data group; into the next segment, whose first record is `state`, when there is one: else it fits.
  /// errc::no_space: nothing of it counts. Anything else is final: errc::not_durable from then on.
  result<placed> append(group_builder& group, segment_log::moment when, std::span<const std::byte> state);
  /// A mark or a stop, unless the last group says the same already. The number it got, or the last one.
  result<group_number> append_empty(group_type type, segment_log::moment when);

  group_number durable() const noexcept { return next_group_ - 1; }

 private:
  result<void> settle(segment_log::moment when);
  result<void> cut_back(segment_log::moment when);
  result<void> rotate(segment_log::moment when, std::span<const std::byte> state);
  result<void> take_next(std::span<const std::byte> state);
  result<void> write_seal(segment_log::moment when);
  result<void> write(group_builder& group, group_type type, segment_log::moment when);
  tl::unexpected<error> give_up(error why);

  log_directory where_;
  random_source random_;
  segment_table* table_;
  std::unique_ptr<file> open_;
  segment_head head_;
  std::uint64_t end_ = 0;
  group_number next_group_ = 1;
  position next_position_ = 1;
  group_type last_type_ = group_type::seal;
  std::uint64_t running_ms_ =
      0;  ///< of the last group: a start refuses one that goes back, so none is written
  std::unique_ptr<file> sealing_;  ///< the segment before, while its seal is owed
  segment_head sealing_head_;
  std::vector<std::uint64_t> routed_;  ///< before the open segment
  bool cut_back_owed_ = false;         ///< a write found no room: part of it may lie behind `end_`
  std::optional<error> failed_;
};

}  // namespace sluice::checkpoint
