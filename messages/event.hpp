// What the node knows of one event: a fixed 64-byte entry that decode makes, route completes and the log
// keeps as it is, and beside it the texts that routing reads. The event itself stays where it arrived, byte
// for byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace sluice {

/// Limits of the contract, in bytes of the unescaped text.
inline constexpr std::size_t id_bytes_max = 256;
inline constexpr std::size_t source_bytes_max = 512;
/// A metadata `region` longer than this (as it came, escaped) is routed and delivered, but not indexed for
/// audit.
inline constexpr std::size_t region_bytes_max = 1024;

inline constexpr std::int64_t no_timestamp = std::numeric_limits<std::int64_t>::min();
inline constexpr std::uint16_t no_rule = 0xffff;

/// 128 bits of keyed hash. Equality is identity: collisions need the log's secret.
struct hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend constexpr bool operator==(const hash128&, const hash128&) = default;
};

/// Why an event of a well-formed batch is kept in the dead letters instead of being routed. Stored: never
/// renumber.
enum class quarantine : std::uint8_t {
  none = 0,
  not_an_object = 1,
  id_missing = 2,
  id_not_string = 3,
  id_empty = 4,
  id_too_long = 5,
  source_missing = 6,
  source_not_string = 7,
  source_empty = 8,
  source_too_long = 9,
  metadata_not_object = 10,
  metadata_not_string = 11,
  duplicate_member = 12,
};

constexpr std::string_view to_string(quarantine why) noexcept {
  switch (why) {
    case quarantine::none:
      return "none";
    case quarantine::not_an_object:
      return "event is not an object";
    case quarantine::id_missing:
      return "id is missing";
    case quarantine::id_not_string:
      return "id is not a string";
    case quarantine::id_empty:
      return "id is empty";
    case quarantine::id_too_long:
      return "id is longer than 256 bytes";
    case quarantine::source_missing:
      return "source is missing";
    case quarantine::source_not_string:
      return "source is not a string";
    case quarantine::source_empty:
      return "source is empty";
    case quarantine::source_too_long:
      return "source is longer than 512 bytes";
    case quarantine::metadata_not_object:
      return "metadata is not an object";
    case quarantine::metadata_not_string:
      return "a metadata value is not a string";
    case quarantine::duplicate_member:
      return "a member of the envelope occurs twice";
  }
  return "unknown";
}

/// Index entry of one event, in memory and in the log (little-endian, no padding).
/// Offsets of texts count from the start of the event's slice and span what stands between the quotes,
/// escaped as it came; a length of 0 means absent.
struct event_entry {
  hash128 identity;                          ///< keyed hash of source and id; of the slice where quarantined
  std::uint64_t id_hash = 0;                 ///< keyed hash of the id alone, for look-ups
  std::int64_t timestamp_ms = no_timestamp;  ///< the event's own time, Unix milliseconds
  std::uint32_t offset = 0;                  ///< slice within the record's bytes (in memory: within the body)
  std::uint32_t length = 0;                  ///< of the slice, > 0
  std::uint32_t id_offset = 0;
  std::uint32_t source_offset = 0;
  std::uint32_t region_offset = 0;
  std::uint16_t id_length = 0;
  std::uint16_t source_length = 0;
  std::uint16_t region_length = 0;
  std::uint16_t rule = no_rule;  ///< number of the first rule that matched, in configuration order
  std::uint16_t targets = 0;     ///< index into the record's target sets; 0 is the empty set
  std::uint8_t why = 0;          ///< a `quarantine`, 0 for a valid event
  std::uint8_t cut = 0;          ///< 1 in the log where only what identifies a dropped event was kept of it

  constexpr bool quarantined() const noexcept { return why != 0; }
  friend bool operator==(const event_entry&, const event_entry&) = default;
};
static_assert(sizeof(event_entry) == 64);
static_assert(std::is_trivially_copyable_v<event_entry>);
static_assert(std::endian::native == std::endian::little,
              "the log is little-endian and written as it lies in memory");

/// One member of `metadata`, unescaped.
struct metadata_member {
  std::string_view key;
  std::string_view value;
};

/// The texts of one event, unescaped: views into the body, or into the batch's arena where the text had
/// escapes.
struct event_text {
  std::string_view id;
  std::string_view source;
  std::uint32_t metadata_first = 0;  ///< into the batch's metadata members
  std::uint32_t metadata_count = 0;
};

}  // namespace sluice
