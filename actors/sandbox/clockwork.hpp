// The sandbox's one clock and the thread on which everything happens that is due at a time: delayed answers,
// the sender's next batch, the steps of a scenario.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {

/// Thread-safe. Holds as many tasks as its users have under way: one a connection, one a sender.
class clockwork {
 public:
  clockwork();
  ~clockwork();  ///< stops
  clockwork(const clockwork&) = delete;
  clockwork& operator=(const clockwork&) = delete;

  instant now() const noexcept { return std::chrono::steady_clock::now() - began_; }
  /// Runs `task` on the clock's thread at `when` or soon after, in the order of their times. Dropped when the
  /// clock has stopped.
  void at(instant when, std::function<void()> task);
  void soon(std::function<void()> task) { at(instant::zero(), std::move(task)); }
  /// Returns when no task runs any more; those that were not due are dropped. Not from a task.
  void stop();

 private:
  void run();

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex lock_;
  std::condition_variable changed_;
  std::multimap<instant, std::function<void()>> tasks_;  // guarded by lock_, as stopping_
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::sandbox
