// A computation that may pause: a coroutine with a result. What it pauses for is `outside`'s business.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::subscription {

/// Begins when it is awaited, by another task or by a `process`; destroyed with what it awaits. Of one thread
/// at a time. An exception in it ends the process: nothing here throws but for want of memory.
template <class T>
class [[nodiscard]] task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> then = std::noop_coroutine();

    task get_return_object() { return task(handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct resume_awaiter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(handle ended) noexcept { return ended.promise().then; }
        void await_resume() noexcept {}
      };
      return resume_awaiter{};
    }
    void return_value(T made) { value.emplace(std::move(made)); }
    void unhandled_exception() noexcept { std::terminate(); }
  };

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (frame_) frame_.destroy();
  }

  /// Runs it up to its first pause.
  void start() { frame_.resume(); }
  bool done() const noexcept { return frame_.done(); }
  /// Of a task that is done; once.
  T take() {
    SLUICE_ASSERT(frame_.done() && frame_.promise().value);
    return std::move(*frame_.promise().value);
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    frame_.promise().then = awaiter;
    return frame_;
  }
  T await_resume() { return take(); }

 private:
  using handle = std::coroutine_handle<promise_type>;
  explicit task(handle frame) noexcept : frame_(frame) {}

  handle frame_;
};

}  // namespace sluice::subscription
