// What the sockets' side counts for metrics: written by io threads, read by telemetry.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::telemetry {

/// Lock-free; one for the node.
struct edge {
  /// Upper bounds of the request-duration buckets in seconds; one more bucket is +Inf.
  static constexpr std::array<double, 14> seconds_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                         0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  /// The codes that `POST /v1/events` answers; everything else counts under the last.
  static constexpr std::array<int, 14> codes{200, 400, 401, 404, 405, 408, 413,
                                             415, 417, 429, 431, 500, 503, 0};

  std::array<std::atomic<std::uint64_t>, codes.size()> batches{};
  std::array<std::atomic<std::uint64_t>, seconds_bounds.size() + 1> seconds_buckets{};
  std::atomic<double> seconds_sum = 0;

  void answered(int code, double seconds) noexcept {
    std::size_t at = 0;
    while (at + 1 < codes.size() && codes[at] != code) ++at;
    batches[at].fetch_add(1, std::memory_order_relaxed);
    std::size_t bucket = 0;
    while (bucket < seconds_bounds.size() && seconds > seconds_bounds[bucket]) ++bucket;
    seconds_buckets[bucket].fetch_add(1, std::memory_order_relaxed);
    seconds_sum.fetch_add(seconds, std::memory_order_relaxed);
  }
};

}  // namespace sluice::telemetry
