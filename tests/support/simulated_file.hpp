// One file of the simulated disk: pages with every state they had since they were last synced.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "actors/checkpoint/file_system.hpp"

namespace sluice::test {

/// Content only: no name, no fault, no lock. Pages are shared, immutable once another state holds them too.
class simulated_file {
 public:
  static constexpr std::size_t page_bytes = checkpoint::block_bytes;
  static constexpr std::size_t sector_bytes = 512;

  std::uint64_t length() const noexcept { return length_; }
  std::size_t read(std::span<std::byte> into, std::uint64_t offset) const;
  /// `from` must fit into pages that exist or were paid for (`new_pages`).
  void write(std::span<const std::byte> from, std::uint64_t offset);
  void truncate(std::uint64_t length);
  void allocate(std::uint64_t length);
  /// Everything that is dirty becomes durable, and the length.
  void sync();
  /// What is dirty may or may not be on the disk, and no later sync tells: only writing it again does.
  void fail_sync();
  void corrupt(std::uint64_t offset, std::byte flip);

  /// Pages on the disk, and how many a write or an allocation would add.
  std::uint64_t pages() const noexcept { return present_count_; }
  std::uint64_t new_pages(std::uint64_t offset, std::uint64_t bytes) const;

  simulated_file without_unsynced() const;
  simulated_file with_unsynced() const;
  simulated_file with_some_unsynced(std::mt19937_64& random) const;

 private:
  using page = std::array<std::byte, page_bytes>;
  using page_ptr = std::shared_ptr<const page>;  // null: zeros

  /// States of a page since it was last durable, oldest first; bounded by the writes of one test between
  /// syncs.
  struct unsynced_page {
    std::vector<page_ptr> states;
    bool dirty = true;  ///< false after a failed sync: the system believes it clean
  };

  page_ptr current(std::uint64_t index) const;
  void set_current(std::uint64_t index, page_ptr content);
  void set_length(std::uint64_t length);
  void mark_present(std::uint64_t from_page, std::uint64_t to_page);
  void zero_tail(std::uint64_t length);
  /// A file that holds exactly this, durably. Reserved space within the length stays reserved.
  simulated_file durable_image(std::map<std::uint64_t, page_ptr> pages, std::uint64_t length) const;
  static page_ptr pick(std::span<const page_ptr> states, std::mt19937_64& random);

  std::map<std::uint64_t, page_ptr> pages_;    // as a reader sees them
  std::map<std::uint64_t, page_ptr> durable_;  // as the last successful sync left them
  std::map<std::uint64_t, unsynced_page> unsynced_;
  std::uint64_t length_ = 0, durable_length_ = 0;
  std::vector<std::uint64_t> lengths_;  // since the last sync
  std::vector<bool> present_;           // pages that have a place on the disk
  std::uint64_t present_count_ = 0;
};

}  // namespace sluice::test
