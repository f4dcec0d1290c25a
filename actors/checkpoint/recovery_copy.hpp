// Takes the open segment's valid groups into a new file of the same name, so that nothing behind a cut can
// ever come back: after an unclean end, and after a group that found no room.
#pragma once

#include <cstdint>
#include <memory>

#include "actors/checkpoint/log_directory.hpp"

namespace sluice::checkpoint {

struct copied_segment {
  std::unique_ptr<file> handle;  ///< open for writing
  segment_head head;
  std::uint64_t end = 0;  ///< behind the last group
};

/// A reserve file is there afterwards, of full length. Takes a pool file's name when there is one
/// (`pool_name`, else empty), or makes one. errc::no_space when neither can be had.
result<void> make_reserve(const log_directory& where, const std::string& pool_name);

/// Copies head, state record and the groups in [data_offset, end) of the segment into the reserve under a new
/// salt and gives it the segment's name; the old file becomes the reserve. `source` is where the segment's
/// bytes are, `number` its number. `end_mark`: a mark of `running_ms` and `wall_ms` is put behind the groups
/// (the caller has room for it).
///
/// Why a crash at any point leaves the old segment or the new one, whole, and never less. Rename is atomic,
/// and the directory is synced after each, so that what is there after a crash is a prefix of these states:
///   0. N.seg = old,             reserve.seg = anything    the copy is written, then synced, under the
///   reserve's name
///   1. N.old = old,             reserve.seg = whole copy  `restore_names` gives N.old its name back: state 0
///   2. N.old = old, N.seg = whole copy, no reserve.seg    the copy counts; `restore_names` makes N.old the
///   reserve
///   3. N.seg = whole copy,      reserve.seg = old         done
/// The copy is synced before it can bear a log name (state 2), and the old file is not written before it
/// bears the reserve's name durably (state 3). Between 1 and 2 nothing is answered, so falling back to the
/// old file takes nothing back. A copy that is abandoned (0, 1) has a salt of its own that no later copy
/// draws again.
struct copy_request {
  std::uint64_t number = 0;
  std::uint64_t end = 0;
  bool end_mark = false;
  std::uint64_t running_ms = 0;
  std::int64_t wall_ms = 0;
};
result<copied_segment> copy_open_segment(const log_directory& where, const random_source& random,
                                         const copy_request& what);

/// Ends what a crash in the middle of `copy_open_segment` left behind (states 1 and 2 above). Idempotent.
result<void> restore_names(const log_directory& where, const directory_listing& listing);

}  // namespace sluice::checkpoint
