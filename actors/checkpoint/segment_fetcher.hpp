// Reads committed groups back from the segments, and what was copied of those that are gone, for readers that
// have fallen behind the ring.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint/group_scan.hpp"
#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/segment_table.hpp"

namespace sluice::checkpoint {

/// Where a reader left off, so that its next fetch does not walk the segment from its head. Owned by the
/// reader.
struct fetch_hint {
  std::uint64_t segment = 0;
  std::uint64_t salt = 0;
  bool spilled = false;
  group_cursor::start next;
  std::unique_ptr<file> from;
};

/// Used by one thread at a time.
class segment_fetcher {
 public:
  /// `chunk_bytes`: of one read. The table and the pool must outlive it.
  segment_fetcher(log_directory where, segment_table& table, std::shared_ptr<buffer_pool> buffers);

  /// Data groups with number > `after` and <= `upto` (but at least one that is durable when there is one), up
  /// to `max_bytes`. Empty when nothing behind `after` is durable. Of segments that are gone, `of` gets what
  /// was copied for it; other groups that are not retained any more are passed over. errc::corrupt with file
  /// and offset when the first of them is damaged.
  result<std::vector<committed_group_ptr>> fetch(fetch_hint& hint, std::optional<destination_id> of,
                                                 group_number after, group_number upto,
                                                 std::size_t max_bytes);
  /// A group that ends before position `at`: the last one; of what was copied for `of` the last one before
  /// the segment that held `at`.
  result<group_number> group_before(position at, std::optional<destination_id> of);

 private:
  /// A segment or a spill file.
  struct extent {
    std::string path;
    std::uint64_t segment = 0;
    group_cursor::start groups;
    group_number last_group = 0;  ///< of a spill file: of the segment that it was copied from
    bool newest = false;
    std::optional<destination_id> of = {};  ///< of a spill file
  };
  enum class took : std::uint8_t { all, enough, changed };
  struct request {
    group_number after = 0;
    group_number upto = 0;
    std::size_t max_bytes = 0;
    std::size_t bytes = 0;
    std::vector<committed_group_ptr> groups;
  };
  extent extent_of(const segment_info& segment) const;
  extent extent_of(const spill_head& spill) const;
  /// What holds `n`; when that is gone, what was copied of it or the next one for `of`, or the oldest
  /// segment.
  extent find(group_number n, std::optional<destination_id> of) const;
  bool unchanged(const extent& segment) const;
  result<took> walk(const extent& segment, fetch_hint& hint, request& into);
  committed_group_ptr copy(const group_cursor& at, std::uint64_t segment) const;

  log_directory where_;
  segment_table* table_;
  std::shared_ptr<buffer_pool> buffers_;
};

}  // namespace sluice::checkpoint
