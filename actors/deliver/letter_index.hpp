// Which letters there are and where: what the store knows without reading.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/deliver/dead_letter.hpp"

namespace sluice::deliver {

/// Where a letter's group begins. A letter is there once: other copies of its key are none.
struct letter_place {
  std::uint64_t file = 0, offset = 0;
  friend bool operator==(const letter_place&, const letter_place&) = default;
};

/// Not thread-safe. About 100 bytes a letter.
class letter_index {
 public:
  /// What lives in one file.
  struct share {
    std::uint64_t letters = 0, bytes = 0;
  };

  /// The letter is at `place` now, wherever it was before.
  void put(const letter_key& key, letter_place place, std::uint64_t bytes);
  /// True when it was there.
  bool erase(const letter_key& key);
  /// Null when it is not there.
  const letter_place* find(const letter_key& key) const;

  std::uint64_t count(std::string_view destination) const;
  share living_in(std::uint64_t file) const;
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct key {
    std::uint32_t destination;
    std::uint32_t generation;
    position origin;
    friend auto operator<=>(const key&, const key&) = default;
  };
  struct entry {
    letter_place place;
    std::uint64_t bytes = 0;
  };
  void take_off(const entry& e);

  std::map<std::string, std::uint32_t, std::less<>> destinations_;  // bounded by the names ever used
  std::vector<std::uint64_t> counts_;                               // by their numbers
  std::map<key, entry> letters_;                                    // bounded by the store's bytes
  std::map<std::uint64_t, share> files_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::deliver
