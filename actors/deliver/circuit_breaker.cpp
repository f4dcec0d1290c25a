// A probe is known by its number: one that an earlier opening sent and that ends late decides nothing.
#include "actors/deliver/circuit_breaker.hpp"

#include <algorithm>

#include "messages/assert.hpp"

namespace sluice::deliver {

circuit_breaker::circuit_breaker(circuit_options options) : options_(options), schedule_(options.retry) {
  SLUICE_ASSERT(options.opens_after >= 1);
}

instant circuit_breaker::may_begin(instant now) const noexcept {
  switch (state_) {
    case state::closed:
      return now;
    case state::open:
      return std::max(now, probe_at_);
    case state::half_open:
      return rate_window::never;
  }
  return now;
}

circuit_breaker::request circuit_breaker::begin(instant now) {
  SLUICE_ASSERT(may_begin(now) == now);
  const request begun{now, ++requests_};
  if (state_ == state::open) {
    state_ = state::half_open;
    probe_ = begun.number;
  }
  return begun;
}

void circuit_breaker::worked() noexcept {
  state_ = state::closed;
  failures_ = 0;
  schedule_.succeeded();
}

void circuit_breaker::failed(request which, instant now, double random,
                             std::optional<std::chrono::seconds> retry_after) {
  const bool probe = state_ == state::half_open && which.number == probe_;
  if (state_ != state::closed && !probe) return;
  failures_ = std::min(failures_ + 1, options_.opens_after);
  if (probe || which.began >= round_) {
    round_ = now;
    probe_at_ = now + schedule_.failed(random, retry_after);
  }
  if (probe || failures_ == options_.opens_after) state_ = state::open;
}

}  // namespace sluice::deliver
