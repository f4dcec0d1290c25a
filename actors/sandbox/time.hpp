// Times as the sandbox has them: one monotonic clock that the shells read, and wall time as text.
#pragma once

#include <chrono>
#include <string>

namespace sluice::sandbox {

/// Monotonic, since the sandbox began. Cores take it as a parameter and read no clock.
using instant = std::chrono::nanoseconds;

/// `2026-01-15T10:30:00.000Z`, from milliseconds since 1970.
std::string rfc3339(std::chrono::milliseconds since_epoch);

/// Where the two clocks met. Wall time is counted on from there, so a clock that is set in between moves
/// nothing.
class wall_clock {
 public:
  explicit wall_clock(std::chrono::milliseconds at_zero) : at_zero_(at_zero) {}
  std::chrono::milliseconds at(instant now) const {
    return at_zero_ + std::chrono::floor<std::chrono::milliseconds>(now);
  }

 private:
  std::chrono::milliseconds at_zero_;
};

}  // namespace sluice::sandbox
