#include "actors/sandbox/pacer.hpp"

#include <algorithm>
#include <cmath>

#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

double seconds(instant time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

pacer::pacer(pace how, instant now) : pace_(how), began_(now), seen_(now) {}

void pacer::set(pace how, instant now) {
  advance(now);
  pace_ = how;
  began_ = now;
  if (pace_.rate == 0) credit_ = 0;
}

double pacer::rate_at(instant now) const {
  if (pace_.burst_every.count() == 0 || now - began_ < pace_.burst_every) return pace_.rate;
  const bool burst = (now - began_) % instant(pace_.burst_every) < instant(burst_time);
  return burst ? pace_.rate * pace_.burst_factor : pace_.rate;
}

/// The next time at which the rate may differ.
instant pacer::next_change(instant now) const {
  if (pace_.burst_every.count() == 0) return instant::max();
  const instant every = pace_.burst_every;
  const instant within = (now - began_) % every;
  const instant period = now - within;
  return within < instant(burst_time) && instant(burst_time) < every ? period + burst_time : period + every;
}

void pacer::advance(instant now) {
  while (seen_ < now) {
    const instant until = std::min(now, next_change(seen_));
    credit_ += rate_at(seen_) * seconds(until - seen_);
    seen_ = until;
  }
  const double most = std::max(rate_at(seen_), static_cast<double>(pace_.at_once));
  if (credit_ <= most) return;
  const double over = std::floor(credit_ - most);
  forgone_ += static_cast<std::uint64_t>(over);
  credit_ -= over;
}

std::size_t pacer::due(instant now) {
  advance(now);
  return static_cast<std::size_t>(credit_);
}

void pacer::take(std::size_t events) {
  SLUICE_ASSERT(static_cast<double>(events) <= credit_);
  credit_ -= static_cast<double>(events);
}

instant pacer::when(std::size_t events, instant now) const {
  const double missing = static_cast<double>(events) - credit_;
  if (missing <= 0) return std::max(seen_, now);
  if (pace_.rate <= 0) return instant::max();
  const double fastest =
      pace_.rate * (pace_.burst_every.count() == 0 ? 1.0 : std::max(1.0, pace_.burst_factor));
  const instant due = seen_ + std::chrono::ceil<instant>(std::chrono::duration<double>(missing / fastest));
  return std::max(due, now);
}

}  // namespace sluice::sandbox
