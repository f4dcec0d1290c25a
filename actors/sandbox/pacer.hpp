// When a sender's events are due: a steady rate, with a burst of one second now and then.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {

struct pace {
  double rate = 10;                     ///< events a second; 0: none
  std::size_t at_once = 1;              ///< events that go together
  double burst_factor = 1;              ///< times the rate during a burst
  std::chrono::seconds burst_every{0};  ///< a burst begins so often, with the first after that time; 0: never
  friend bool operator==(const pace&, const pace&) = default;
};

/// Counts what is due. Of what is not taken, a second's events (or those that go together) are kept; the rest
/// is forgone and counted: a sender that was held up does not come back with everything at once. Pure.
class pacer {
 public:
  pacer(pace how, instant now);

  /// From now on. What is due already stays so, but nothing is at a rate of 0. Bursts are counted from here.
  void set(pace how, instant now);
  const pace& how() const noexcept { return pace_; }
  /// Events that are due.
  std::size_t due(instant now);
  void take(std::size_t events);
  /// A time at which so many (>= 1) may be due, and before which they are not; `instant::max()` where the
  /// rate is 0.
  instant when(std::size_t events, instant now) const;
  std::uint64_t forgone() const noexcept { return forgone_; }

 private:
  double rate_at(instant now) const;
  instant next_change(instant now) const;
  void advance(instant now);

  static constexpr std::chrono::seconds burst_time{1};

  pace pace_;
  instant began_, seen_;
  double credit_ = 0;
  std::uint64_t forgone_ = 0;
};

}  // namespace sluice::sandbox
