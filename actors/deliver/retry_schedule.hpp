// When to try a failing endpoint again: exponential backoff with full jitter, so that an endpoint that comes
// back is not met by everyone at once. Randomness is passed in.
#pragma once

#include <chrono>
#include <optional>

namespace sluice::deliver {

struct retry_options {
  std::chrono::nanoseconds initial =
      std::chrono::milliseconds(500);                       ///< longest wait after the first failure; > 0
  std::chrono::nanoseconds max = std::chrono::seconds(60);  ///< longest wait of our own; >= initial
  std::chrono::nanoseconds retry_after_max =
      std::chrono::minutes(15);  ///< longest wait a receiver may ask for
};

/// One endpoint's failures in a row. Pure, not thread-safe.
class retry_schedule {
 public:
  explicit retry_schedule(retry_options options);

  /// The wait after one more failure: a part `random` (in [0, 1)) of min(max, initial × 2^failures before),
  /// or what the receiver asked for, capped, when that is longer.
  std::chrono::nanoseconds failed(double random,
                                  std::optional<std::chrono::seconds> retry_after = std::nullopt);

  /// The next failure is a first one again.
  void succeeded() noexcept { ceiling_ = options_.initial; }

 private:
  retry_options options_;
  std::chrono::nanoseconds ceiling_;
};

}  // namespace sluice::deliver
