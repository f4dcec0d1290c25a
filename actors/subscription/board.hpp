// How the subscription stands: written by its actor, read by /health and telemetry.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::subscription {

enum class standing : std::uint8_t {
  unknown,    ///< not checked yet
  active,     ///< there, active, pointing here, with our sources
  repairing,  ///< it is not as it should be, and that is being put right
  failing,    ///< the last check or repair failed; `last_error` says why
};

struct status {
  std::string id = {};  ///< empty: none is known
  standing now = standing::unknown;
  std::int64_t last_check_ms = 0;  ///< Unix time of the last finished check, 0: none
  std::string last_error = {};     ///< one line; empty when the last check succeeded
  std::uint64_t checks = 0, failed_checks = 0, repairs = 0, token_requests = 0;
};

/// Thread-safe.
class board {
 public:
  status get() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  void set(status now) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(now);
  }

 private:
  mutable std::mutex mutex_;
  status status_;
};

}  // namespace sluice::subscription
