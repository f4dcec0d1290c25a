// What a configuration can cost at most: memory and disk, part by part, for `sluice check` to print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/node/config/config.hpp"

namespace sluice::config {

/// One term of a sum.
struct bound_part {
  std::string what;  ///< a few words, with the keys that it follows from
  std::uint64_t bytes = 0;
};

struct bound {
  std::vector<bound_part> parts;
  std::uint64_t total() const noexcept;
};

/// Memory of the running node. `processors` stands for every `auto` of scale.
bound memory_bound(const config& of, std::uint32_t processors);

/// Disk below checkpoint.directory. What is written for others (audit.path, file destinations) grows until
/// they take it away and is not part of it.
bound disk_bound(const config& of);

// The constants of the formulas.
namespace cost {
/// Program, libraries, allocator, metrics.
inline constexpr std::uint64_t process_bytes = 32 * mib;
/// Stack that a thread touches and what its allocator keeps.
inline constexpr std::uint64_t thread_bytes = 1 * mib;
/// An open connection beside its body (which the lease counts): head, its fields as text, answer, object.
inline constexpr std::uint64_t connection_answer_bytes = 4 * kib;
inline constexpr std::uint64_t connection_object_bytes = 4 * kib;
/// Largest group of the log, and the buffers of that size that are filled, written or read at once.
inline constexpr std::uint64_t group_bytes = 48 * mib;
inline constexpr std::uint64_t group_buffers = 3;
/// What was read from the log's files and is kept for the readers that follow.
inline constexpr std::uint64_t fetched_bytes = 32 * mib;
/// An identity in the dedup window: 16 bytes of hash and 8 of time in a ring, and 8 in a table that is at
/// most half full.
inline constexpr std::uint64_t dedup_ring_bytes = 24;
inline constexpr std::uint64_t dedup_slot_bytes = 8;
/// Index buffers that a decoder keeps between bodies: 4 bytes a byte of the largest body it keeps them for,
/// and its metadata members.
inline constexpr std::uint64_t decoder_bytes = 16 * mib + 200'000 * 24;
/// A router's cache of sources: entries, each with a source and, at worst, every rule.
inline constexpr std::uint64_t cached_sources = 4096;
inline constexpr std::uint64_t cached_source_bytes = 512 + 72;
inline constexpr std::uint64_t cached_rule_bytes = 2;
/// Automata of the rules, together and one by one.
inline constexpr std::uint64_t rule_set_bytes = 64 * mib;
inline constexpr std::uint64_t rule_bytes = 2 * mib;
/// A destination's place in its rate window, one for each event of a second.
inline constexpr std::uint64_t rate_place_bytes = 16;
/// Events of a burst into a stream, and how often they are there at once.
inline constexpr std::uint64_t burst_bytes = 1 * mib;
inline constexpr std::uint64_t burst_copies = 4;
/// What a file destination or the audit gathers before it writes.
inline constexpr std::uint64_t write_buffer_bytes = 1 * mib;
}  // namespace cost

}  // namespace sluice::config
