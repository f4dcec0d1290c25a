// Tests wait for what they need, never for a time to pass: a condition, looked at again and again until its
// deadline.
#pragma once

#include <chrono>
#include <thread>

namespace sluice::testing {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Whether `condition()` became true within `patience`; looked at every 5 ms, and once more at the end.
template <class Condition>
bool wait_until(Condition&& condition, milliseconds patience) {
  const auto deadline = steady::now() + patience;
  while (!condition()) {
    if (steady::now() >= deadline) return condition();
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace sluice::testing
