// What a lane over HTTP has in hand: events that were taken and wait, the batch that is offered or tried, and
// what is still to try of a batch that was condemned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "actors/deliver/dead_letters.hpp"
#include "actors/deliver/isolation.hpp"
#include "actors/deliver/rate_window.hpp"

namespace sluice::deliver {

/// Pure, not thread-safe, no clock. Events leave in the order in which they came. Memory: what waits is
/// bounded by `wants`, a batch by `events` (or its offer) and `bytes`.
class hand {
 public:
  /// A batch has at most `events` >= 1 events, and at most `bytes` of them unless its only one is larger.
  hand(std::size_t events, std::size_t bytes);

  bool empty() const noexcept { return waiting_.empty() && batch_.empty() && rest_.empty(); }
  /// Since when the event that is next waits in its lane, Unix milliseconds; 0: there is none.
  std::int64_t oldest_received_ms() const noexcept;

  /// Less waits than a batch may have, or than the offer of so many events has that is to be formed.
  bool wants(std::size_t offered = 0) const noexcept;
  void take(dead_letter event, instant now);
  /// When the first that waits was taken, if a batch of what waits could still grow.
  std::optional<instant> gathers_since() const noexcept;

  /// The batch, empty before `form` and after it left.
  const std::vector<dead_letter>& batch() const noexcept { return batch_; }
  /// Forms the next batch, which must be empty: of what waits as much as fits, or in an isolation what it
  /// tries next. False: there is nothing.
  bool form();
  /// Forms the batch of an offer that was made before: so many events, whatever they weigh. False: not all
  /// are there yet.
  bool form_offered(std::size_t events);

  bool isolating() const noexcept { return isolation_.has_value(); }
  /// The batch was taken by the receiver, and leaves.
  std::vector<dead_letter> delivered();
  /// The batch was condemned. Its event leaves when it is alone; otherwise nothing does, and parts of it are
  /// formed next.
  std::vector<dead_letter> condemned();
  /// The first events leave, as long as each is `wanted`: of the batch, or of all that is in hand when there
  /// is none. When some do, the others of the batch wait again, and an isolation ends.
  std::vector<dead_letter> give_up(const std::function<bool(const dead_letter&)>& wanted);

 private:
  void form_of_waiting(std::size_t events);
  void end_isolation();
  void put_back(dead_letter event);
  std::vector<dead_letter> leave();

  std::size_t events_, bytes_;
  std::deque<dead_letter> waiting_;
  std::size_t waiting_bytes_ = 0;
  instant since_{};  // not later than the first of `waiting_` was taken
  std::vector<dead_letter> batch_;
  std::deque<dead_letter> rest_;  // of a condemned batch; `batch_` is a copy of its front
  std::optional<isolation> isolation_;
};

}  // namespace sluice::deliver
