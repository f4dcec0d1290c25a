// Spill files: what destinations with a backlog still need of a segment that is wanted back, copied so that
// the segment can go. Their events keep their positions and their groups' numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "actors/checkpoint/group_scan.hpp"
#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/log_state.hpp"

namespace sluice::checkpoint {

/// Head of the spill file under this name, checked against the name, its checksum, its bounds and the file's
/// length. errc::corrupt or errc::unsupported with place.
result<spill_head> read_spill_head(const log_directory& where, std::uint64_t segment, destination_id of);

/// Where the groups of a spill file begin.
group_cursor::start spill_start(const spill_head& head) noexcept;

/// Reads every group of it. errc::corrupt with place.
result<void> verify_spill(const log_directory& where, const spill_head& head);

/// Copies what `needs` names of a sealed segment, a file for each of them, in one pass. On success all of
/// them are synced under their names; the caller syncs the directory. `go_on` is told how many bytes were
/// read since it was last asked; false ends with errc::stopping. Memory: a chunk of reads, and for each
/// destination about 256 KiB and its part of one group.
result<std::vector<spill_head>> write_spills(const log_directory& where, const segment_head& segment,
                                             const segment_head& successor,
                                             const std::vector<destination_need>& needs,
                                             const std::function<bool(std::uint64_t)>& go_on);

}  // namespace sluice::checkpoint
