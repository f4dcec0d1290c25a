// The fastest second: the most events that came in any window of one second.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {

/// Windows are half open: two arrivals exactly a second apart are in none together. Pure. Memory: the
/// arrivals of the last second.
class second_window {
 public:
  /// Times do not run backwards.
  void arrive(instant when, std::uint64_t events) {
    while (!recent_.empty() && recent_.front().when <= when - std::chrono::seconds(1)) {
      sum_ -= recent_.front().events;
      recent_.pop_front();
    }
    recent_.push_back({when, events});
    sum_ += events;
    fastest_ = std::max(fastest_, sum_);
  }
  std::uint64_t fastest() const noexcept { return fastest_; }

 private:
  struct arrival {
    instant when;
    std::uint64_t events;
  };
  std::deque<arrival> recent_;
  std::uint64_t sum_ = 0, fastest_ = 0;
};

}  // namespace sluice::sandbox
