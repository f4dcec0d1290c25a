// The bytes of the log, and nothing else: constants and fixed structures as they lie on disk (little-endian).
// The prose with a worked example stands in format.md. Shared by writer, reader, recovery and the offline
// commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "actors/checkpoint/file_system.hpp"
#include "messages/event.hpp"
#include "messages/position.hpp"

namespace sluice::checkpoint {

inline constexpr std::uint16_t format_version = 1;
inline constexpr std::uint64_t segment_bytes = 64ull << 20;
/// A group never spans segments, so this bounds one: what a segment holds behind its head and a generous
/// state record.
inline constexpr std::uint64_t group_bytes_max = 48ull << 20;
/// A state record that would be larger is refused when it is made (more than 100,000 lanes with open offers
/// would be needed).
inline constexpr std::uint64_t state_bytes_max = 8ull << 20;

constexpr std::uint64_t padded(std::uint64_t bytes) noexcept {
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

inline constexpr std::uint64_t segment_magic = 0x474553'4543554c53;  // "SLUCESEG" as bytes
inline constexpr std::uint64_t spill_magic = 0x4c505345'43554c53;    // "SLUCESPL" as bytes
inline constexpr std::uint32_t group_magic = 0x52474c53;             // "SLGR" as bytes

/// First block of a segment file (the rest of the block is zero); the state record follows at block_bytes.
struct segment_head {
  std::uint64_t magic = segment_magic;
  std::uint16_t version = format_version;
  std::uint16_t reserved0 = 0;
  std::uint32_t state_bytes = 0;    ///< of the state record at offset 4096
  std::uint64_t number = 0;         ///< of the segment, from 1
  std::uint64_t salt = 0;           ///< random, drawn anew each time the file is taken into use; never 0
  std::uint64_t replaced_salt = 0;  ///< recovery copies: the salt of the file it took the place of, else 0
  std::uint64_t predecessor = 0;    ///< number of the segment before, 0 for the first
  std::uint64_t predecessor_salt =
      0;  ///< 0 for the first; after a recovery copy of the predecessor: its salt then
  std::uint64_t predecessor_end = 0;  ///< offset behind the predecessor's seal
  position first_position = 1;        ///< of the first event that a group in here may hold
  group_number first_group = 1;
  std::uint32_t state_crc = 0;  ///< CRC32C of the state record
  std::uint32_t crc = 0;        ///< CRC32C of this structure with crc = 0

  /// Where the first group begins.
  constexpr std::uint64_t data_offset() const noexcept { return block_bytes + padded(state_bytes); }
};
static_assert(sizeof(segment_head) == 88 && std::is_trivially_copyable_v<segment_head>);

/// First block of a spill file (the rest of the block is zero): what a destination still needed of a segment
/// that was wanted back. Its groups follow at block_bytes.
struct spill_head {
  std::uint64_t magic = spill_magic;
  std::uint16_t version = format_version;
  destination_id destination = 0;
  std::uint32_t events = 0;   ///< in all groups
  std::uint64_t segment = 0;  ///< that it was copied from
  std::uint64_t salt = 0;     ///< of that segment, and of every group in here
  group_number first_group = 0;
  group_number last_group = 0;
  position first_position = 0;  ///< of the segment
  position next_position = 0;   ///< behind the segment's last event
  std::uint64_t end = 0;        ///< of the file
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  ///< CRC32C of this structure with crc = 0
  friend constexpr bool operator==(const spill_head&, const spill_head&) = default;
};
static_assert(sizeof(spill_head) == 80 && std::is_trivially_copyable_v<spill_head>);

/// Stored: never renumber.
enum class group_type : std::uint16_t {
  data = 1,  ///< records
  seal = 2,  ///< last group of a segment: no records; `successor` is set
  mark = 3,  ///< nothing but durable_upto
  stop = 4,  ///< a clean end: everything before it is durable and no group follows until the next start
  spilled =
      5,  ///< in a spill file only: events of the groups up to `number`, behind the spilled group before
};

/// Stands at each group's start, on a block boundary; the content follows at once, zeros pad to the next
/// boundary.
struct group_header {
  std::uint32_t magic = group_magic;
  std::uint16_t version = format_version;
  group_type type = group_type::data;
  std::uint64_t salt = 0;  ///< of the segment: anything else is an old group or a body that poses as one
  group_number number = 0;
  group_number durable_upto = 0;  ///< highest group known synced when this was written, < number
  /// Of its first event; the next event's position where it has none. A spilled group's events have gaps:
  /// there, and everywhere, first_position + events is behind the last position that the group speaks for.
  position first_position = 0;
  std::uint32_t events = 0;
  std::uint32_t records = 0;
  std::uint64_t content_bytes = 0;
  std::uint64_t running_ms = 0;   ///< running time of the node, accumulated over restarts
  std::int64_t wall_ms = 0;       ///< Unix milliseconds when it was closed
  std::uint64_t successor = 0;    ///< seal: number of the next segment, else 0
  std::uint32_t content_crc = 0;  ///< CRC32C of the content
  std::uint32_t header_crc = 0;   ///< CRC32C of this structure with header_crc = 0

  constexpr std::uint64_t disk_bytes() const noexcept { return padded(sizeof(group_header) + content_bytes); }
};
static_assert(sizeof(group_header) == 88 && std::is_trivially_copyable_v<group_header>);

/// Stored: never renumber. Types below 0x8000 that a reader does not know are refused, those above are
/// skipped.
enum class record_type : std::uint16_t {
  batch = 1,
  outcome = 2,
  offer = 3,
  rewritten = 4,
  control = 5,
  audited = 6,              ///< progress of the audit: rides along, never causes a commit
  dead_letter = 7,          ///< in the dead-letter store only
  dead_letter_removed = 8,  ///< in the dead-letter store only
};
inline constexpr std::uint16_t skippable_record = 0x8000;

/// Before each record; `bytes` counts the payload without its padding to 8.
struct record_header {
  record_type type{};
  std::uint16_t flags = 0;  ///< 0; a set bit that a reader does not know is refused
  std::uint32_t bytes = 0;
};
static_assert(sizeof(record_header) == 8);

/// Payload of a batch record (in a spilled group behind the u64 position of its first event): this, `events`
/// entries, `duplicates` identities (hash128), the target sets
/// (`target_bytes`: for each set from 1 on: u16 count, then count × target; padded to 8), then `body_bytes`
/// of body.
struct batch_head {
  std::int64_t received_ms = 0;
  std::uint32_t events = 0;  ///< new ones; quarantined ones included
  std::uint32_t duplicates = 0;
  std::uint32_t target_bytes = 0;  ///< padded to 8
  std::uint32_t body_bytes = 0;
  std::uint32_t dropped = 0;      ///< of `events`
  std::uint32_t quarantined = 0;  ///< of `events`
};
static_assert(sizeof(batch_head) == 32);

/// Why events were written again. Stored: never renumber.
enum class rewrite_kind : std::uint16_t {
  redrive = 1,   ///< dead letters on their way back into their lanes
  backfill = 2,  ///< events of before its time for a new destination
};

/// Payload of a rewritten record (in a spilled group behind the u64 position of its first event): this, who
/// asked (`who_bytes`, padded to 8), for each event a rewritten_event, then a batch's payload from its head
/// on. Its events have positions of their own, and targets of one destination; they go past deduplication and
/// routing, and count as new to nobody else. The batch's `received_ms` is when they were written again.
struct rewritten_head {
  rewrite_kind kind{};
  std::uint16_t who_bytes = 0;
  std::uint32_t events = 0;  ///< as in the batch's head, > 0
};
static_assert(sizeof(rewritten_head) == 8);

/// What is known of an event from before it was written again.
struct rewritten_event {
  position origin = 0;               ///< where it stood when it was accepted
  std::int64_t received_ms = 0;      ///< Unix milliseconds: accepted
  std::int64_t first_stored_ms = 0;  ///< Unix milliseconds: first given up; 0: it was not
  std::uint32_t generation = 0;      ///< how often it was redriven, this time included
  std::uint32_t attempts = 0;        ///< at its delivery so far
  friend constexpr bool operator==(const rewritten_event&, const rewritten_event&) = default;
};
static_assert(sizeof(rewritten_event) == 32);

/// How a range of a lane was settled. Stored: never renumber.
enum class settlement : std::uint8_t {
  passed = 0,  ///< nothing in it was for the lane
  delivered = 1,
  dead_lettered = 2,
  discarded = 3,  ///< given up by an operator
  dropped_oldest = 4,
};

/// Payload of an outcome record: this, the reason (`reason_bytes`, padded to 8), then `names` times a named
/// event: position (u64), three u16 lengths (id, source, region; escaped texts as they came) and the texts,
/// padded to 8. The range covers everything of the lane up to `last`: what lies between belonged to other
/// lanes.
struct outcome_head {
  destination_id destination = 0;
  lane_id lane = 0;
  settlement how = settlement::passed;
  std::uint8_t reserved = 0;
  std::uint16_t reason_bytes = 0;
  position first = 0;
  position last = 0;
  std::uint32_t events = 0;  ///< of the lane within the range, settled by this
  std::uint32_t attempts = 0;
  std::uint64_t file_length = 0;  ///< file destinations: durable length; else 0
  std::uint64_t offer = 0;        ///< the offer that this closes, 0: none
  std::int64_t wall_ms = 0;
  std::uint32_t names = 0;
  std::uint32_t reserved1 = 0;
};
static_assert(sizeof(outcome_head) == 64);

/// Payload of an offer record.
struct offer_head {
  destination_id destination = 0;
  lane_id lane = 0;
  std::uint32_t events = 0;
  std::uint64_t offer = 0;  ///< number within the lane, from 1, never reused
  position first = 0;
  position last = 0;
  friend constexpr bool operator==(const offer_head&, const offer_head&) = default;
};
static_assert(sizeof(offer_head) == 32);

/// Payload of an audited record: every group up to `upto` has its lines in the first `file_length` bytes.
struct audited_head {
  group_number upto = 0;
  std::uint64_t file_length = 0;
  friend constexpr bool operator==(const audited_head&, const audited_head&) = default;
};
static_assert(sizeof(audited_head) == 16);

/// Payload of a control record: this and `name_bytes` of text.
enum class control_kind : std::uint16_t {
  destination_added = 1,      ///< name; its lanes start behind `at`. `value` 1: a backfill up to `at` is owed
  destination_removed = 2,    ///< name
  file_attached = 3,          ///< base length of a file destination that was there before: `value`
  subscription_noted = 4,     ///< name: id of the subscription that events come from; empty: none any more
  destination_paused = 5,     ///< name: who asked; nothing is attempted there until it is resumed
  destination_resumed = 6,    ///< name: who asked
  destination_discarded = 7,  ///< name: who asked; what waits there up to `at` is to be given up
  backfilled = 8,             ///< a backfill owes nothing up to `at` any more
  letters_discarded = 9,      ///< name: who asked; `value` dead letters are to be removed
};
struct control_head {
  control_kind kind{};
  destination_id destination = 0;
  std::uint32_t name_bytes = 0;
  position at = 0;
  std::uint64_t value = 0;
};
static_assert(sizeof(control_head) == 24);

constexpr std::size_t record_padded(std::size_t bytes) noexcept { return (bytes + 7) / 8 * 8; }

}  // namespace sluice::checkpoint
