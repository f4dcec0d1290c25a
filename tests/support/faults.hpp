// The test's side of the fault shim: what to ask of it, and what it noted. Its other side is fault_shim.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/deadline.hpp"

namespace sluice::testing {

/// Faults for the log's segments (files that end in `.seg`, but for the pool and the reserve).
struct fault_plan {
  std::filesystem::path log;        ///< where the shim notes what happened
  milliseconds sync_delay{0};       ///< every fdatasync takes that much longer
  std::filesystem::path fail_once;  ///< the fdatasync that finds this file takes it away and fails with EIO
};
std::vector<std::pair<std::string, std::string>> fault_environment(const fault_plan& plan);

/// One line of the shim's log; `at_ns` is CLOCK_MONOTONIC, the clock of std::chrono::steady_clock.
struct noted {
  std::string what;  ///< `sync-begin`, `sync-done`, `sync-failed`, or `answer-` and a status
  std::int64_t at_ns = 0;
};
/// In the order in which they were written.
std::vector<noted> read_fault_log(const std::filesystem::path& log);

inline std::int64_t to_ns(steady::time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

}  // namespace sluice::testing
