// The limit: at most `rate` events reach a receiver in any window of one second, as the receiver counts them.
// Nobody here knows when within a request an event arrives, so a place is held from the start until one
// second after the end, or after the moment at which all of it is known to have arrived.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace sluice::deliver {

/// A monotonic time since any fixed epoch. The caller reads the clock.
using instant = std::chrono::nanoseconds;

/// How a request ended, as far as its events' places are concerned.
enum class end_kind : std::uint8_t {
  answered,   ///< every event arrived before now: the places are free one second from now
  no_answer,  ///< events may still arrive for `timeout`: the places are free that much later
  not_sent,   ///< no byte left: the places are free at once
};

/// Pure, not thread-safe, no clock. Lives longer than the actor that sends, so that its death frees nothing.
/// Memory: at most `rate` entries of what has ended or arrived, and one a request in flight. Times are
/// expected not to run backwards; one that does is taken as the latest seen, which holds places longer.
class rate_window {
 public:
  static constexpr std::size_t rate_max = 10'000'000;
  static constexpr std::chrono::nanoseconds width = std::chrono::seconds(1);
  static constexpr instant never = instant::max();

  /// Names the places of one request until its end.
  enum class ticket : std::uint64_t {};

  /// `rate` in 1..rate_max; `timeout`: how long an event without an answer may still travel. What an earlier
  /// process sent is unknown, so every place is taken for one second from `now`.
  rate_window(std::size_t rate, std::chrono::nanoseconds timeout, instant now);

  std::size_t rate() const noexcept { return rate_; }

  /// Free places at `now`. O(entries that expired since the last `begin` or `end`).
  std::size_t available(instant now) const noexcept;

  /// The earliest time from `now` on at which `n` places (1..rate) are free if nothing in flight ends before;
  /// `never` when it takes such an end.
  instant when_available(std::size_t n, instant now) const noexcept;

  /// Takes `n` >= 1 places for a request that starts now. `n` must be available.
  ticket begin(std::size_t n, instant now);

  /// Every event of a request in flight has arrived: its places are free one second from now, however it
  /// ends.
  void arrived(ticket which, instant now);

  /// Gives the places of a request back, each ticket once.
  void end(ticket which, instant now, end_kind how);

  /// Takes `n` places up to and including `until`, available or not: for requests of an earlier process that
  /// have no answer, in flight or given up, at its stop. They are safe until `timeout` + 1 s from the
  /// restart.
  void hold(std::size_t n, instant until);

 private:
  struct held {
    instant until;  // the last moment at which the places are taken
    std::size_t places;
  };
  struct flight {
    ticket which;
    std::size_t places;
  };

  instant advance(instant now);
  void drop_surplus();

  std::size_t rate_;
  std::chrono::nanoseconds timeout_;
  instant latest_;
  std::deque<held> held_;  // ascending `until`, no two alike; bound: the sum of places is at most rate_
  std::size_t held_places_ = 0;
  std::vector<flight> in_flight_;  // the sum of places, none once all has arrived, is at most rate_
  std::size_t in_flight_places_ = 0;
  std::uint64_t tickets_ = 0;
};

}  // namespace sluice::deliver
