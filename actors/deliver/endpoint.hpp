// What the lanes that send to one endpoint share: its limit, and whether it is alive. Lanes are actors on
// several threads and may die; the endpoint outlives them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "actors/deliver/circuit_breaker.hpp"
#include "actors/deliver/rate_window.hpp"
#include "messages/position.hpp"

namespace sluice::deliver {

struct endpoint_options {
  std::optional<std::size_t> rate = {};  ///< events in any second; empty: unlimited
  std::chrono::nanoseconds timeout{0};   ///< how long an event without an answer may still travel
  std::optional<circuit_options> circuit = {};  ///< empty: failures close nothing
  std::function<double()> random = {};          ///< [0, 1), for the circuit; one call at a time
  /// The circuit opened (true) or closed, in this order; on any thread, must not block or call back.
  std::function<void(bool)> circuit_changed = {};
  /// Monotonic; called on any thread.
  std::function<instant()> now = [] { return instant(std::chrono::steady_clock::now().time_since_epoch()); };
};

/// Thread-safe. A lane has one request in flight at most. Lanes are served in the order in which they came,
/// so that none starves: who wants many places is not overtaken by those who want few. Memory: one entry a
/// lane.
class endpoint {
 public:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// Names one request until its end.
  enum class ticket : std::uint64_t {};

  /// Without a ticket the lane waits: it asks again at `not_before`, if there is such a time, and whenever it
  /// is woken.
  struct answer {
    std::optional<ticket> granted = {};
    std::optional<instant> not_before = {};
  };

  /// How the endpoint failed: what it asked for, if it did.
  struct failure {
    std::optional<std::chrono::seconds> retry_after = {};
  };

  /// The window counts as full for one second from now.
  explicit endpoint(endpoint_options options);

  /// Most events of one request: the rate, or `unlimited`.
  std::size_t most() const noexcept { return options_.rate.value_or(unlimited); }

  /// Free places now; others may be before you to take them.
  std::size_t available() const;

  /// Asks to begin a request of `n` events, 1..most(). `wake` is called at most once, on any thread, when it
  /// is worth asking again; it must not block, and may not call back from within. A lane that asks again
  /// keeps its turn.
  answer ask(lane_id who, std::size_t n, std::function<void()> wake);

  /// Every event of the request has arrived; before its end. See rate_window::arrived.
  void arrived(ticket which);

  /// The request ended. Each ticket once, by whoever sees the end: also when its lane is gone, for until then
  /// the lane's successor gets none. `failed`: the endpoint did, whatever became of the events.
  void ended(ticket which, end_kind how, std::optional<failure> failed = std::nullopt);

  /// Requests wait until the endpoint is back; a probe may be out.
  bool circuit_open() const noexcept { return circuit_open_.load(std::memory_order_relaxed); }

  /// The lane does not wait any more. What it has in flight stays so until its end.
  void abandon(lane_id who);

  /// See rate_window::hold; nothing without a rate.
  void hold(std::size_t n, instant until);

 private:
  using wake_up = std::function<void()>;
  struct waiter {
    lane_id who;
    std::size_t places;
    wake_up wake;
    instant told = rate_window::never;  // when it will ask again by itself
  };
  struct flight {
    ticket which;
    lane_id who;
    std::optional<rate_window::ticket> places;
    circuit_breaker::request begun;
    wake_up again;  // of a successor that waits for this end
  };

  void judge(const flight& ended, instant now, std::optional<failure> failed);
  instant free_at(const waiter& who, instant now) const;
  wake_up next_up(instant now);

  const endpoint_options options_;
  mutable std::mutex mutex_;
  std::optional<rate_window> window_;
  std::optional<circuit_breaker> circuit_;
  std::atomic<bool> circuit_open_ = false;
  std::deque<waiter> waiters_;  // in the order of their turns
  std::vector<flight> flights_;
  std::uint64_t tickets_ = 0;
};

}  // namespace sluice::deliver
