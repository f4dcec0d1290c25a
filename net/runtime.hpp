// The io threads: one event loop each, so that a connection never leaves its thread. Beast and Asio stay
// behind it.
#pragma once

#include <functional>
#include <memory>

namespace sluice::net {

/// Owns `threads` event loops and their threads. Servers and clients are made on it and must be gone before
/// it is. `stop()` ends the loops and joins the threads; work posted after that is dropped with its
/// destructor run.
class runtime {
 public:
  explicit runtime(unsigned threads);
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  unsigned threads() const noexcept;
  /// Runs `work` on the loop of `thread` (0-based). Any thread may call it.
  void post(unsigned thread, std::function<void()> work);
  void stop();

  struct impl;
  impl& get() noexcept { return *impl_; }

 private:
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::net
