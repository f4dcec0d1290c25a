// What stands behind runtime: one io_context a thread. Private to net/*.cpp, so that Asio stays out of our
// headers.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/runtime.hpp"

namespace sluice::net {

struct runtime::impl {
  explicit impl(unsigned threads);
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  unsigned threads() const noexcept { return static_cast<unsigned>(loops_.size()); }
  boost::asio::io_context& context(unsigned thread) noexcept { return loops_[thread]->context; }
  /// Round robin over the threads. Any thread may call it.
  unsigned next_thread() noexcept { return next_.fetch_add(1, std::memory_order_relaxed) % threads(); }

  /// Runs `work` on the loop of `thread` and returns when it has run; runs it here when this is that thread,
  /// or when the loops have ended (nobody else touches what belongs to them then).
  void run_and_wait(unsigned thread, const std::function<void()>& work);
  void post(unsigned thread, std::function<void()> work);
  void stop();

 private:
  struct loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy{context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<loop>> loops_;
  std::atomic<unsigned> next_ = 0;
  std::atomic<bool> ending_ = false;  ///< no new work is taken
  std::atomic<bool> ended_ = false;   ///< every thread has been joined
};

}  // namespace sluice::net
