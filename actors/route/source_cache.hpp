// Remembers which rules' patterns a source matches: sources are few, so nearly every event costs a look-up,
// no regex.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/event.hpp"

namespace sluice::route {

/// Fixed size, four places for each hash; a new source takes the place of one that came before it there.
/// Holds at most `entries` sources of at most 512 bytes, each with at most 1000 rule numbers of 2 bytes. Not
/// thread-safe.
class source_cache {
 public:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t entries_default = 4096;

  /// `entries` is rounded up to a power of two of at least `ways`; 0 makes a cache that keeps nothing.
  explicit source_cache(std::size_t entries);

  /// The rules of `source`, which `find` writes into the vector given to it unless they are known. Valid
  /// until the next call. `find` is called at most once; nothing is allocated when the source is known.
  template <class Find>
  const std::vector<std::uint16_t>& rules_of(std::string_view source, Find&& find) {
    if (mask_ == 0 || source.size() > source_bytes_max) {
      find(uncached_);
      return uncached_;
    }
    // Bit 0 marks a place as taken.
    const std::uint64_t hash = std::hash<std::string_view>{}(source) | 1U;
    const std::size_t first = static_cast<std::size_t>(hash >> 1) * ways & mask_;
    for (std::size_t i = first; i < first + ways; ++i) {
      if (hashes_[i] == hash && slots_[i].source == source) return slots_[i].rules;
    }
    const std::size_t victim = first + next_victim_++ % ways;
    hashes_[victim] = hash;
    slots_[victim].source.assign(source);
    find(slots_[victim].rules);
    return slots_[victim].rules;
  }

 private:
  struct slot {
    std::string source;
    std::vector<std::uint16_t> rules;
  };
  std::size_t mask_ = 0;
  std::size_t next_victim_ = 0;
  std::vector<std::uint64_t> hashes_;  // beside the slots, so that one cache line decides most look-ups
  std::vector<slot> slots_;
  std::vector<std::uint16_t> uncached_;
};

}  // namespace sluice::route
