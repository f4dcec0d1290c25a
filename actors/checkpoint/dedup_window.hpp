// Decides whether an event is new: a bounded window of identities in log order, over a flat table that costs
// one cache line a look-up. What is not durable yet is a suffix of the window and can be taken back whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "messages/event.hpp"

namespace sluice::checkpoint {

/// Not thread-safe. Ages count in accumulated running time, so that a clock that jumps neither empties nor
/// freezes it.
class dedup_window {
 public:
  /// At most `max_ids` identities (1 … 2^30), each for at most `window_ms`. Memory is reserved, not touched.
  dedup_window(std::size_t max_ids, std::uint64_t window_ms);

  /// Memory that a full window takes, for `sluice check`.
  static std::size_t memory_bytes(std::size_t max_ids) noexcept;

  /// Ends of numbering: identities are numbered in the order of their insertion, from 0.
  using sequence = std::uint64_t;

  /// Hints that these will be looked up next. Meant for some hundreds at a time.
  void prefetch(std::span<const event_entry> entries) const noexcept;
  /// True, and inserted as pending, when `id` is not in the window; a pending one counts as known. At max_ids
  /// the oldest durable identity leaves; SLUICE_ASSERTs that not all of them are pending. Running time does
  /// not go back: an earlier one than the last counts as the last.
  bool insert(hash128 id, std::uint64_t running_ms);
  bool contains(hash128 id) const noexcept;
  /// Lets identities older than the window go. Amortised constant.
  void expire(std::uint64_t running_ms);

  sequence end() const noexcept { return end_; }      ///< number of the next identity
  sequence begin() const noexcept { return begin_; }  ///< number of the oldest that is in
  hash128 at(sequence n) const noexcept;              ///< begin() <= n < end()
  std::uint64_t running_ms_at(sequence n) const noexcept;

  /// Everything before `n` is durable.
  void confirm(sequence n) noexcept;
  /// Takes back everything from `n` on; n >= the confirmed end.
  void roll_back(sequence n);

  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  std::size_t max_ids() const noexcept { return max_ids_; }
  /// How far back the window reaches: `window_ms`, or less once the oldest had to leave early.
  std::uint64_t effective_window_ms(std::uint64_t running_ms) const noexcept;

 private:
  /// Zeroed memory of a fixed length that costs nothing until it is touched.
  class pages {
   public:
    explicit pages(std::size_t bytes);
    pages(pages&& other) noexcept : at_(std::exchange(other.at_, nullptr)), bytes_(other.bytes_) {}
    pages& operator=(pages&&) = delete;
    ~pages();
    void* get() const noexcept { return at_; }

   private:
    void* at_;
    std::size_t bytes_;
  };
  struct slot {
    std::uint32_t tag;             ///< low half of the identity's low half; its low bits are the home slot
    std::uint32_t index_plus_one;  ///< into the ring; 0: empty
  };

  static std::size_t slots_for(std::size_t max_ids) noexcept;
  slot* slots() const noexcept { return static_cast<slot*>(table_.get()); }
  hash128* ids() const noexcept { return static_cast<hash128*>(id_ring_.get()); }
  std::uint64_t* times() const noexcept { return static_cast<std::uint64_t*>(time_ring_.get()); }
  std::size_t index_of(sequence n) const noexcept;
  /// Where `id` is, or else the empty slot that it would take.
  std::uint64_t probe(hash128 id) const noexcept;
  /// Takes what stands at `index` of the ring out of the table; the one slot that is empty by that.
  std::uint64_t erase(std::size_t index) noexcept;
  std::uint64_t drop_oldest() noexcept;

  std::size_t max_ids_;
  std::uint64_t window_ms_;
  std::uint64_t mask_;
  pages table_;      // slots_for(max_ids) slots, a power of two: at most half full
  pages id_ring_;    // max_ids identities
  pages time_ring_;  // the running time of each
  std::size_t begin_index_ = 0, end_index_ = 0;  // of begin_ and end_ in the rings
  sequence begin_ = 0, end_ = 0, durable_ = 0;
  std::uint64_t newest_ms_ = 0;
  std::uint64_t left_early_ms_ = 0;  // running time of the last one that had to leave early
  bool left_early_ = false;
};

}  // namespace sluice::checkpoint
