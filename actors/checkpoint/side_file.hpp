// The identities of a sealed segment, kept beside it and longer than it: a start fills its window from these
// instead of reading gigabytes of events, and an event is found by its id without a scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "actors/checkpoint/dedup_window.hpp"
#include "actors/checkpoint/group.hpp"
#include "actors/checkpoint/log_directory.hpp"

namespace sluice::checkpoint {

/// Identities that follow one another in the log and came at one running time.
struct identity_run {
  std::uint64_t running_ms = 0;
  position first = 0;
  std::uint64_t count = 0;
};
/// For look-ups by the id alone.
struct id_place {
  std::uint64_t id_hash = 0;
  position at = 0;
  friend auto operator<=>(const id_place&, const id_place&) = default;
};

/// What a segment's batch records say of identities, in order. Bounded by what a segment holds: an event
/// takes at least sizeof(event_entry) there and 32 bytes here.
struct segment_identities {
  std::vector<identity_run> runs;
  std::vector<hash128> identities;
  std::vector<id_place> places;

  /// Adds those of a group. errc::corrupt or errc::unsupported as visit_records says.
  result<void> collect(const group_header& header, std::span<const std::byte> content);
  std::uint64_t last_running_ms() const noexcept { return runs.empty() ? 0 : runs.back().running_ms; }
};

/// First bytes of a side file; then the runs, the identities, the places sorted by (id_hash, position).
struct side_head {
  std::uint64_t magic = 0;
  std::uint16_t version = format_version;
  std::uint16_t reserved0 = 0;
  std::uint32_t runs_crc = 0;  ///< CRC32C of the runs; likewise below
  std::uint64_t number = 0;    ///< of the segment
  std::uint64_t salt = 0;      ///< of the segment
  std::uint64_t runs = 0;
  std::uint64_t identities = 0;
  std::uint64_t last_running_ms = 0;  ///< of its last identity, 0 when it has none
  std::uint32_t identities_crc = 0;
  std::uint32_t places_crc = 0;
  std::uint32_t reserved1 = 0;
  std::uint32_t crc = 0;  ///< of this structure with crc = 0

  constexpr std::uint64_t file_bytes() const noexcept {
    return sizeof(side_head) + runs * sizeof(identity_run) +
           identities * (sizeof(hash128) + sizeof(id_place));
  }
};
static_assert(sizeof(side_head) == 72);

/// What the log remembers of a side file.
struct side_info {
  std::uint64_t number = 0;
  std::uint64_t salt = 0;
  std::uint64_t bytes = 0;
  std::uint64_t identities = 0;
  std::uint64_t last_running_ms = 0;
};

/// Sorts `from.places` and writes all of it; durable, name and all, on success.
result<side_info> write_side(const log_directory& where, std::uint64_t number, std::uint64_t salt,
                             segment_identities& from);
/// Checks the head and the length only.
result<side_info> peek_side(const log_directory& where, std::uint64_t number);
/// Reads and checks runs and identities; the places stay empty unless `with_places`. errc::corrupt with
/// place.
result<segment_identities> read_side(const log_directory& where, std::uint64_t number, bool with_places);

/// The identities of a sealed segment from its groups, every checksum verified. `end` is behind its seal; the
/// seal itself is not looked at. errc::corrupt with file and offset.
result<segment_identities> rebuild_identities(const log_directory& where, const segment_head& head,
                                              std::uint64_t end);

/// Puts identities into the window as if they came now: older ones than the window leave, all are durable.
void fill_window(dedup_window& window, const segment_identities& from);

}  // namespace sluice::checkpoint
