// What the sender does after an attempt, as AWS documents it for API destinations.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {

enum class fate : std::uint8_t {
  acknowledged,  ///< 2xx
  again,         ///< 401, 407, 409, 429, 5xx, or no answer
  lost,          ///< anything else: the sender drops it
};

fate fate_of(int status) noexcept;

struct retry_limits {
  std::chrono::nanoseconds initial = std::chrono::milliseconds(250);  ///< most before the second attempt
  std::chrono::nanoseconds max = std::chrono::seconds(60);            ///< most before a later one
  std::size_t attempts_max = 185;
  std::chrono::nanoseconds age_max = std::chrono::hours(24);
};

/// The wait before the next attempt, nothing when there is none: after `attempts` (>= 1) that failed, the
/// last of them at age `age`. Between half and all of initial × 2^(attempts-1), at most `max`, or what
/// `Retry-After` says in seconds when that is longer; a negative one ends the retries. `random` in [0, 1).
std::optional<std::chrono::nanoseconds> wait_before_retry(const retry_limits& limits, std::size_t attempts,
                                                          std::chrono::nanoseconds age,
                                                          std::string_view retry_after, double random);

}  // namespace sluice::sandbox
