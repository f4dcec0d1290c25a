// Finds the events that a receiver condemns among neighbours that it takes: halve, down to one, always from
// the front, so that what is delivered keeps its order.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace sluice::deliver {

/// Works on indices into a range of events that was condemned as a whole. Pure, not thread-safe.
/// Every index is delivered or condemned exactly once, in ascending order. With b condemned events of k it
/// takes at most 2 b ceil(log2 k) attempts (or 2, with b = 0: both halves are taken). Memory: ceil(log2 k) +
/// 1 numbers.
class isolation {
 public:
  /// Indices [begin, end), never empty.
  struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
    friend bool operator==(const range&, const range&) = default;
  };

  /// A condemned range of `events` >= 2; a single condemned event needs no isolation.
  explicit isolation(std::size_t events);

  bool done() const noexcept { return ends_.empty(); }

  /// What to try next; stays the same until `delivered` or `condemned`. Not when done.
  range next() const noexcept;

  /// The receiver took `next()`.
  void delivered();

  /// The receiver condemned `next()`. The index of the event when it was alone: it is settled as condemned.
  /// Otherwise nothing, and `next()` is the first half.
  std::optional<std::size_t> condemned();

 private:
  std::size_t begin_ = 0;
  std::vector<std::size_t> ends_;  // of the ranges still to try, the next one last
};

}  // namespace sluice::deliver
