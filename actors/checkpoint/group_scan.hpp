// Walks the groups of one segment and decides where it ends: the difference between a torn tail, which was
// never acknowledged, and damage, which was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "actors/checkpoint/log_directory.hpp"

namespace sluice::checkpoint {

/// Reads groups in order through a window of memory: `window_bytes`, or one group where that is larger. Not
/// thread-safe. The file must outlive it.
class group_cursor {
 public:
  struct start {
    std::uint64_t salt = 0;
    std::uint64_t offset = 0;  ///< of the next group
    group_number number = 1;   ///< that it must have
    std::uint64_t limit = 0;   ///< no group reaches behind this offset
    bool spilled = false;      ///< of a spill file: its kind of groups, and a number may be higher
  };
  group_cursor(const file& from, const start& at, std::size_t window_bytes);

  /// Goes to the next group: true when it is there and valid (`header` and `content` show it until the next
  /// call), false when what lies at `next_offset` is not the group that must come: its end, a torn group or
  /// damage. Without `with_content` the content is neither read nor checked. Errors are those of reading.
  result<bool> next(bool with_content = true);

  const group_header& header() const noexcept { return header_; }
  std::span<const std::byte> content() const noexcept {
    return whole().subspan(sizeof header_, header_.content_bytes);
  }
  /// Header, content and padding.
  std::span<const std::byte> whole() const noexcept;
  std::uint64_t offset() const noexcept { return offset_; }            ///< of the group that `next` found
  std::uint64_t next_offset() const noexcept { return next_.offset; }  ///< behind it
  group_number next_number() const noexcept { return next_.number; }

 private:
  result<bool> hold(std::uint64_t offset, std::size_t bytes);  ///< false: the file ends before

  const file* from_;
  start next_;
  std::size_t window_bytes_;
  aligned_buffer window_;
  std::uint64_t window_at_ = 0;
  std::size_t held_ = 0;
  group_header header_;
  std::uint64_t offset_ = 0;
};

/// Looks on behind the place where a walk ended: the offset of a valid header of this salt that says the
/// group which should be there was durable.
result<std::optional<std::uint64_t>> find_evidence(const file& from, const group_cursor::start& missing,
                                                   std::size_t window_bytes);

}  // namespace sluice::checkpoint
