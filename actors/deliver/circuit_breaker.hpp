// So that an endpoint that is dead costs nothing: after some failures in a row no request goes to it, but one
// at a time that tries whether it is back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "actors/deliver/rate_window.hpp"
#include "actors/deliver/retry_schedule.hpp"

namespace sluice::deliver {

struct circuit_options {
  std::uint32_t opens_after = 5;  ///< failures in a row; >= 1
  retry_options retry;            ///< paces the probes
};

/// One endpoint's, for all its lanes. Pure, not thread-safe, no clock. Times do not run backwards.
class circuit_breaker {
 public:
  enum class state : std::uint8_t {
    closed,     ///< requests go out
    open,       ///< none does before the time of the next probe
    half_open,  ///< a probe is out, and nothing else begins
  };

  /// What is remembered of a request until its end.
  struct request {
    instant began{};
    std::uint64_t number = 0;
  };

  explicit circuit_breaker(circuit_options options);

  state now_is() const noexcept { return state_; }

  /// The earliest time from `now` on at which a request may begin; rate_window::never while a probe is out.
  instant may_begin(instant now) const noexcept;

  /// A request begins, which may: in an open circuit it is the probe.
  request begin(instant now);

  /// It ended, and the endpoint is alive: whatever the state, the circuit is closed.
  void worked() noexcept;

  /// It ended, and the endpoint failed. `random` in [0, 1); `retry_after`: what the receiver asked for. What
  /// began before the circuit opened says nothing new. Failures of requests that were out together make the
  /// wait before the first probe no longer than one of them does.
  void failed(request which, instant now, double random, std::optional<std::chrono::seconds> retry_after);

 private:
  circuit_options options_;
  retry_schedule schedule_;
  state state_ = state::closed;
  std::uint32_t failures_ = 0;  // in a row
  std::uint64_t requests_ = 0, probe_ = 0;
  instant round_ = instant::min();  // when the schedule last moved
  instant probe_at_{};
};

}  // namespace sluice::deliver
