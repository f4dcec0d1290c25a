#include "actors/checkpoint/backlog_bound.hpp"

namespace sluice::checkpoint {

std::optional<relief> relief_for(const backlog_bound& bound, const backlog_size& held, std::int64_t wall_ms) {
  if (held.events == 0) return std::nullopt;
  relief wanted;
  if (held.bytes > bound.max_bytes) wanted.bytes = held.bytes - bound.max_bytes;
  if (held.events > bound.max_events) wanted.events = held.events - bound.max_events;
  if (bound.max_age.count() > 0) {
    const auto oldest_allowed = wall_ms - bound.max_age.count();
    if (held.oldest_received_ms != 0 && held.oldest_received_ms < oldest_allowed)
      wanted.received_before_ms = oldest_allowed;
  }
  if (wanted.done()) return std::nullopt;
  wanted.how = bound.then == when_full::drop_oldest ? settlement::dropped_oldest : settlement::dead_lettered;
  return wanted;
}

}  // namespace sluice::checkpoint
