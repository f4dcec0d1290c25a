// Oldest out first; a group that is larger than the ring leaves at once and is read from its file.
#include "actors/checkpoint/tail_ring.hpp"

#include <algorithm>

#include "messages/assert.hpp"

namespace sluice::checkpoint {

void tail_ring::push(committed_group_ptr group) {
  SLUICE_ASSERT(group->header().number > last_);
  last_ = group->header().number;
  bytes_ += group->buffer.capacity();
  groups_.push_back(std::move(group));
  while (bytes_ > bytes_max_) {
    bytes_ -= groups_.front()->buffer.capacity();
    floor_ = groups_.front()->header().number;
    groups_.pop_front();
  }
}

std::vector<committed_group_ptr> tail_ring::behind(group_number after, std::size_t max_bytes,
                                                   const std::optional<target>& of) const {
  SLUICE_ASSERT(after >= floor_);
  std::vector<committed_group_ptr> out;
  std::size_t bytes = 0;
  for (auto at = std::ranges::upper_bound(groups_, after, {},
                                          [](const committed_group_ptr& g) { return g->header().number; });
       at != groups_.end(); ++at) {
    if (of && !(*at)->may_hold(*of)) continue;
    if (!out.empty() && bytes + (*at)->bytes > max_bytes) break;
    bytes += (*at)->bytes;
    out.push_back(*at);
  }
  return out;
}

}  // namespace sluice::checkpoint
