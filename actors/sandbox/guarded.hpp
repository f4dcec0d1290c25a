// A core that several threads use: reached only under its lock.
#pragma once

#include <mutex>
#include <utility>

namespace sluice::sandbox {

template <class T>
class guarded {
 public:
  template <class... Args>
  explicit guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  /// Runs `what(T&)` alone; it must not block and must return no reference into the value.
  template <class F>
  auto with(F&& what) {
    const std::lock_guard held(lock_);
    return std::forward<F>(what)(value_);
  }

 private:
  std::mutex lock_;
  T value_;
};

}  // namespace sluice::sandbox
