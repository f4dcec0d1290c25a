// Starts and ends the io threads.
#include "net/runtime.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "messages/assert.hpp"
#include "net/runtime_impl.hpp"

namespace sluice::net {

runtime::impl::impl(unsigned threads) {
  SLUICE_ASSERT(threads > 0);
  loops_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) loops_.push_back(std::make_unique<loop>());
  for (unsigned i = 0; i < threads; ++i) {
    auto& one = *loops_[i];
    // An exception that leaves a handler is a defect of ours: it ends the process (std::thread), the log
    // recovers.
    one.thread = std::thread([&one] { one.context.run(); });
    pthread_setname_np(one.thread.native_handle(), ("io-" + std::to_string(i)).c_str());
  }
}

runtime::impl::~impl() { stop(); }

void runtime::impl::run_and_wait(unsigned thread, const std::function<void()>& work) {
  if (ended_.load(std::memory_order_acquire) || context(thread).get_executor().running_in_this_thread()) {
    work();
    return;
  }
  struct ticket {
    std::atomic<bool> taken = false;
    std::promise<void> done;
  };
  auto mine = std::make_shared<ticket>();
  auto done = mine->done.get_future();
  boost::asio::post(context(thread), [mine, &work] {
    if (mine->taken.exchange(true)) return;
    work();
    mine->done.set_value();
  });
  // A loop that ends before its turn comes leaves the work to us.
  while (done.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
    if (!ended_.load(std::memory_order_acquire)) continue;
    if (!mine->taken.exchange(true)) work();
    return;
  }
}

void runtime::impl::post(unsigned thread, std::function<void()> work) {
  SLUICE_ASSERT(thread < threads());
  if (ending_.load(std::memory_order_acquire)) return;
  boost::asio::post(context(thread), std::move(work));
}

void runtime::impl::stop() {
  if (ending_.exchange(true)) return;
  for (auto& one : loops_) {
    SLUICE_ASSERT(!one->context.get_executor().running_in_this_thread());
    one->busy.reset();
    one->context.stop();
  }
  for (auto& one : loops_) one->thread.join();
  ended_.store(true, std::memory_order_release);
}

runtime::runtime(unsigned threads) : impl_(std::make_unique<impl>(threads)) {}
runtime::~runtime() = default;
unsigned runtime::threads() const noexcept { return impl_->threads(); }
void runtime::post(unsigned thread, std::function<void()> work) { impl_->post(thread, std::move(work)); }
void runtime::stop() { impl_->stop(); }

}  // namespace sluice::net
