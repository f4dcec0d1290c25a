// What a task may ask of the world: an answer from Genesys Cloud, some time, a random number. The world is
// whoever drives the process: the actor, the command line, a test with a clock of its own.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "actors/subscription/task.hpp"
#include "messages/assert.hpp"
#include "net/http/client.hpp"

namespace sluice::subscription {

/// A monotonic time since any fixed epoch.
using instant = std::chrono::nanoseconds;

/// When something happened, by both clocks.
struct moment {
  instant now{};
  std::int64_t wall_ms = 0;  ///< Unix time
};

/// Genesys Cloud has two: one gives tokens, the other takes them.
enum class host : std::uint8_t { login, api };

/// Send this, then `answered`.
struct send_step {
  host to{};
  net::http::outgoing what;
};
/// Let this time pass, then `woken`.
struct wait_step {
  std::chrono::nanoseconds time{};
};
/// It has ended.
struct done_step {};

using step = std::variant<done_step, send_step, wait_step>;

/// The side that tasks see, and where their one pause is kept. Outlives them; they keep references to it.
class outside {
 public:
  /// `random` gives [0, 1).
  explicit outside(std::function<double()> random) : random_(std::move(random)) {}
  outside(const outside&) = delete;
  outside& operator=(const outside&) = delete;

  instant now() const noexcept { return at_.now; }
  std::int64_t wall_ms() const noexcept { return at_.wall_ms; }
  double random() { return random_(); }

  /// To be awaited; gives how the attempt ended.
  auto send(host to, net::http::outgoing what) { return send_awaiter(*this, send_step{to, std::move(what)}); }
  /// To be awaited.
  auto wait(std::chrono::nanoseconds time) { return wait_awaiter(*this, wait_step{time}); }

 private:
  template <class T>
  friend class process;

  struct awaiter {
    awaiter(outside& of, step what) : of_(of), what_(std::move(what)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> paused) {
      of_.paused_ = paused;
      of_.wanted_ = std::move(what_);
    }

    outside& of_;
    step what_;
  };
  struct send_awaiter : awaiter {
    using awaiter::awaiter;
    net::http::attempt await_resume() {
      SLUICE_ASSERT(of_.answer_);
      return *std::exchange(of_.answer_, std::nullopt);
    }
  };
  struct wait_awaiter : awaiter {
    using awaiter::awaiter;
    void await_resume() const noexcept {}
  };

  std::function<double()> random_;
  moment at_;
  std::coroutine_handle<> paused_;
  step wanted_;
  std::optional<net::http::attempt> answer_;
};

/// A task under way, one step at a time. One process runs through an `outside` at a time.
template <class T>
class process {
 public:
  process(outside& through, task<T> what) : through_(through), task_(std::move(what)) {}

  /// Once, first.
  step start(moment at) {
    through_.at_ = at;
    through_.wanted_ = done_step{};
    task_.start();
    return std::move(through_.wanted_);
  }
  /// After a send_step.
  step answered(net::http::attempt how, moment at) {
    through_.answer_ = std::move(how);
    return woken(at);
  }
  /// After a wait_step.
  step woken(moment at) {
    SLUICE_ASSERT(through_.paused_);
    through_.at_ = at;
    through_.wanted_ = done_step{};
    std::exchange(through_.paused_, nullptr).resume();
    return std::move(through_.wanted_);
  }
  /// After the done_step; once.
  T take() { return task_.take(); }

 private:
  outside& through_;
  task<T> task_;
};

}  // namespace sluice::subscription
