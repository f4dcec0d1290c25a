// What a lane into a stream has in hand: events that wait, those of the burst under way, and those that the
// stream has although one before them failed. Events leave at the front only, so the cursor passes no event
// that is not settled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "actors/deliver/dead_letter.hpp"
#include "net/nats/message.hpp"

namespace sluice::deliver {

/// Pure, not thread-safe, no clock. Memory: at most twice `events` events; of what waits or is under way at
/// most `bytes` each and one event more, of what is acknowledged no bodies.
class burst_window {
 public:
  /// A burst has at most `events` >= 1 events, and at most `bytes` of them unless its only one is larger.
  burst_window(std::size_t events, std::size_t bytes);

  bool empty() const noexcept { return held_.empty(); }
  /// Since when the first has been waiting, Unix milliseconds; 0: there is none.
  std::int64_t waiting_since_ms() const noexcept;

  /// It can take one more event.
  bool wants() const noexcept;
  void take(dead_letter event);

  /// Events of the next burst when it may have so many; 0: none waits.
  std::size_t next(std::size_t most) const noexcept;
  /// Begins the burst of `next(most)` >= 1 events, when none is under way: the first ones that wait, in
  /// order. Valid until the burst ended.
  std::vector<const dead_letter*> begin(std::size_t most);
  /// It ended: one answer an event. What is unknown waits again, the first in line.
  void ended(std::span<const net::nats::acknowledgement> answers);

  /// The first events leave, as long as the stream has them. Each has the number of its attempts.
  std::vector<dead_letter> leave_stored();
  /// The first events leave, as long as they were refused, and for one reason, which is theirs.
  std::vector<dead_letter> leave_refused();
  /// The first events leave, as long as they wait and each is `wanted`. No burst is under way.
  std::vector<dead_letter> give_up(const std::function<bool(const dead_letter&)>& wanted);
  /// The first event was tried, and is not acknowledged.
  bool front_failed() const noexcept;

 private:
  enum class state : std::uint8_t { waits, under_way, stored, refused };
  struct held {
    dead_letter event;
    std::uint32_t attempts = 0;  // of this generation
    state is = state::waits;
  };

  std::vector<dead_letter> leave(std::size_t count);

  std::size_t events_, bytes_;
  std::deque<held> held_;
  std::size_t waiting_ = 0, waiting_bytes_ = 0;
};

}  // namespace sluice::deliver
