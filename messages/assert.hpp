// Invariants stay checked in release builds: a node that contradicts itself ends, and its log recovers.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace sluice::detail {
[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "sluice: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}
}  // namespace sluice::detail

/// Ends the process when `condition` does not hold. For what our own code guarantees, never for outside
/// input.
#define SLUICE_ASSERT(condition)          \
  (static_cast<bool>(condition) ? void(0) \
                                : ::sluice::detail::assertion_failed(#condition, __FILE__, __LINE__))
