// Wakes a thread that waits for its socket.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "messages/assert.hpp"

namespace sluice::net::nats {

/// Set until it is cleared. Thread-safe.
class wakeup {
 public:
  wakeup() noexcept : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    SLUICE_ASSERT(descriptor_ >= 0);
  }
  ~wakeup() { ::close(descriptor_); }
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  void set() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
  }
  void clear() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
  }
  /// Until it is set.
  void wait() const noexcept {
    pollfd watched{descriptor_, POLLIN, 0};
    ::poll(&watched, 1, -1);
  }
  int descriptor() const noexcept { return descriptor_; }  ///< readable while set

 private:
  int descriptor_;
};

}  // namespace sluice::net::nats
