// How often stages may die before the node had better end and recover from its log.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

namespace sluice::supervisor {

/// At most `restarts` in any `within`. Pure; the caller reads the clock.
class restart_budget {
 public:
  using instant = std::chrono::nanoseconds;
  restart_budget(std::size_t restarts, std::chrono::nanoseconds within)
      : restarts_(restarts), within_(within) {}

  /// Takes one restart at `now`; false when the budget is used up.
  bool take(instant now) {
    while (!taken_.empty() && taken_.front() + within_ <= now) taken_.pop_front();
    if (taken_.size() >= restarts_) return false;
    taken_.push_back(now);
    return true;
  }

 private:
  std::size_t restarts_;
  std::chrono::nanoseconds within_;
  std::deque<instant> taken_;  // at most restarts_
};

}  // namespace sluice::supervisor
