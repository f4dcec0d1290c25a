#include "actors/checkpoint/backlog_bound.hpp"

#include <algorithm>
#include <utility>

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

// Bytes are counted by the events that leave, so they cannot be shared: they are the oldest lane's.
std::vector<lane_relief> share_relief(const relief& wanted, std::vector<lane_backlog> lanes) {
  std::ranges::sort(lanes, {}, &lane_backlog::oldest);
  std::vector<lane_relief> shares;
  auto events = wanted.events;
  auto bytes = wanted.bytes;
  for (const lane_backlog& held : lanes) {
    lane_relief share{held.lane, wanted};
    share.wanted.bytes = std::exchange(bytes, 0);
    share.wanted.events = std::min(events, held.events);
    events -= share.wanted.events;
    if (held.oldest > wanted.upto) share.wanted.upto = 0;
    if (!share.wanted.done()) shares.push_back(share);
  }
  return shares;
}

}  // namespace sluice::checkpoint
