// Only the first in the queue is ever served or woken; whoever leaves it or gives places back looks whether
// the first may go earlier than it knows.
#include "actors/deliver/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {

endpoint::endpoint(endpoint_options options) : options_(std::move(options)) {
  if (options_.rate) window_.emplace(*options_.rate, options_.timeout, options_.now());
  if (options_.circuit) circuit_.emplace(*options_.circuit);
}

std::size_t endpoint::available() const {
  const std::lock_guard lock(mutex_);
  return window_ ? window_->available(options_.now()) : unlimited;
}

endpoint::answer endpoint::ask(lane_id who, std::size_t n, std::function<void()> wake) {
  SLUICE_ASSERT(n >= 1 && n <= most());
  answer said;
  wake_up next;
  {
    const std::lock_guard lock(mutex_);
    if (const auto own = std::ranges::find(flights_, who, &flight::who); own != flights_.end()) {
      // Not in the queue meanwhile, where it would be in everybody's way.
      own->again = std::move(wake);
      return said;
    }
    auto me = std::ranges::find(waiters_, who, &waiter::who);
    if (me == waiters_.end()) me = waiters_.insert(me, waiter{who, n, {}});
    me->places = n;
    me->wake = std::move(wake);
    if (me != waiters_.begin()) return said;
    const auto now = options_.now();
    const auto free = free_at(*me, now);
    me->told = free;
    if (free == rate_window::never) return said;
    if (free > now) {
      said.not_before = free;
      return said;
    }
    flight& begun = flights_.emplace_back(flight{ticket{++tickets_}, who, std::nullopt, {}, {}});
    if (window_) begun.places = window_->begin(n, now);
    if (circuit_) begun.begun = circuit_->begin(now);
    said.granted = begun.which;
    waiters_.pop_front();
    next = next_up(now);
  }
  if (next) next();
  return said;
}

void endpoint::arrived(ticket which) {
  wake_up next;
  {
    const std::lock_guard lock(mutex_);
    const auto now = options_.now();
    const auto found = std::ranges::find(flights_, which, &flight::which);
    SLUICE_ASSERT(found != flights_.end());
    if (found->places) window_->arrived(*found->places, now);
    next = next_up(now);
  }
  if (next) next();
}

void endpoint::ended(ticket which, end_kind how, std::optional<failure> failed) {
  wake_up next, again;
  {
    const std::lock_guard lock(mutex_);
    const auto now = options_.now();
    const auto found = std::ranges::find(flights_, which, &flight::which);
    SLUICE_ASSERT(found != flights_.end());
    if (found->places) window_->end(*found->places, now, how);
    if (circuit_) judge(*found, now, failed);
    again = std::move(found->again);
    flights_.erase(found);
    next = next_up(now);
  }
  if (next) next();
  if (again) again();
}

void endpoint::abandon(lane_id who) {
  wake_up next;
  {
    const std::lock_guard lock(mutex_);
    for (flight& own : flights_)
      if (own.who == who) own.again = nullptr;
    std::erase_if(waiters_, [&](const waiter& w) { return w.who == who; });
    next = next_up(options_.now());
  }
  if (next) next();
}

void endpoint::hold(std::size_t n, instant until) {
  const std::lock_guard lock(mutex_);
  if (window_) window_->hold(n, until);
}

void endpoint::judge(const flight& ended, instant now, std::optional<failure> failed) {
  if (failed) {
    circuit_->failed(ended.begun, now, options_.random(), failed->retry_after);
  } else {
    circuit_->worked();
  }
  const bool open = circuit_->now_is() != circuit_breaker::state::closed;
  if (circuit_open_.exchange(open, std::memory_order_relaxed) != open && options_.circuit_changed)
    options_.circuit_changed(open);
}

instant endpoint::free_at(const waiter& who, instant now) const {
  const auto places = window_ ? window_->when_available(who.places, now) : now;
  return circuit_ ? std::max(places, circuit_->may_begin(now)) : places;
}

// The first in the queue, when it may go earlier than it was told.
endpoint::wake_up endpoint::next_up(instant now) {
  if (waiters_.empty()) return nullptr;
  waiter& first = waiters_.front();
  const auto free = free_at(first, now);
  if (free >= first.told) return nullptr;
  first.told = free;
  return std::exchange(first.wake, nullptr);
}

}  // namespace sluice::deliver
