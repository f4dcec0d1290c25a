// Places taken = those in flight plus those of ended requests whose time has not passed.
#include "actors/deliver/rate_window.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {

rate_window::rate_window(std::size_t rate, std::chrono::nanoseconds timeout, instant now)
    : rate_(rate), timeout_(timeout), latest_(now) {
  SLUICE_ASSERT(rate >= 1 && rate <= rate_max);
  SLUICE_ASSERT(timeout >= std::chrono::nanoseconds::zero());
  hold(rate, now + width);
}

std::size_t rate_window::available(instant now) const noexcept {
  now = std::max(now, latest_);
  std::size_t taken = in_flight_places_ + held_places_;
  for (const held& h : held_) {
    if (h.until >= now) break;
    taken -= h.places;
  }
  return taken >= rate_ ? 0 : rate_ - taken;
}

instant rate_window::when_available(std::size_t n, instant now) const noexcept {
  SLUICE_ASSERT(n >= 1 && n <= rate_);
  now = std::max(now, latest_);
  if (in_flight_places_ + n > rate_) return never;
  const std::size_t may_stay = rate_ - n - in_flight_places_;
  std::size_t staying = held_places_;
  instant when = now;
  for (const held& h : held_) {
    if (staying <= may_stay) break;
    staying -= h.places;
    // A window of one second is closed: an arrival exactly at `until` still shares it with the one a second
    // earlier.
    when = std::max(when, h.until + instant(1));
  }
  return when;
}

rate_window::ticket rate_window::begin(std::size_t n, instant now) {
  now = advance(now);
  SLUICE_ASSERT(n >= 1 && n <= available(now));
  in_flight_.push_back({ticket{++tickets_}, n});
  in_flight_places_ += n;
  return in_flight_.back().which;
}

void rate_window::arrived(ticket which, instant now) {
  now = advance(now);
  const auto found = std::ranges::find(in_flight_, which, &flight::which);
  SLUICE_ASSERT(found != in_flight_.end());
  const std::size_t places = std::exchange(found->places, 0);
  in_flight_places_ -= places;
  hold(places, now + width);
}

void rate_window::end(ticket which, instant now, end_kind how) {
  now = advance(now);
  const auto found = std::ranges::find(in_flight_, which, &flight::which);
  SLUICE_ASSERT(found != in_flight_.end());
  const std::size_t places = found->places;
  in_flight_.erase(found);
  in_flight_places_ -= places;
  switch (how) {
    case end_kind::answered:
      return hold(places, now + width);
    case end_kind::no_answer:
      return hold(places, now + timeout_ + width);
    case end_kind::not_sent:
      return;
  }
}

void rate_window::hold(std::size_t n, instant until) {
  n = std::min(n, rate_);
  if (n == 0 || until < latest_) return;
  const auto later = std::ranges::upper_bound(held_, until, {}, &held::until);
  if (later != held_.begin() && std::prev(later)->until == until) {
    std::prev(later)->places += n;
  } else {
    held_.insert(later, {until, n});
  }
  held_places_ += n;
  drop_surplus();
}

instant rate_window::advance(instant now) {
  latest_ = std::max(latest_, now);
  while (!held_.empty() && held_.front().until < latest_) {
    held_places_ -= held_.front().places;
    held_.pop_front();
  }
  return latest_;
}

// More than `rate` held places say no more than `rate` do, and the latest are those that matter: the surplus
// leaves from the front, where the later entries alone fill the window.
void rate_window::drop_surplus() {
  while (held_places_ > rate_) {
    held& first = held_.front();
    const std::size_t surplus = std::min(first.places, held_places_ - rate_);
    first.places -= surplus;
    held_places_ -= surplus;
    if (first.places == 0) held_.pop_front();
  }
}

}  // namespace sluice::deliver
