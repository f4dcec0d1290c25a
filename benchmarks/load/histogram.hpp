// Latencies of millions of requests in constant memory: a log-linear histogram, so that p99.9 and the maximum
// are as exact as the median.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::load {

/// Counts of values (nanoseconds here, but any unsigned number will do). A value below 128 is kept exactly,
/// any other to within 1/128 of itself: 128 buckets for each power of two, 58 × 128 counters in all (59 KiB),
/// whatever is recorded. Not thread-safe.
class histogram {
 public:
  histogram();

  void record(std::uint64_t value) noexcept;
  void add(const histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// The largest value recorded, exactly; 0 when there is none.
  std::uint64_t max() const noexcept { return max_; }

  /// The smallest value v such that at least `share` (0 to 1) of the recorded values are <= v, rounded up to
  /// the end of its bucket and never past the maximum: between v and v + v/128. 0 when nothing was recorded.
  std::uint64_t percentile(double share) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sluice::load
