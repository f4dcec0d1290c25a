// Oldest out first; a group that is larger than the ring leaves at once and is read from its file.
#include "actors/checkpoint/tail_ring.hpp"

#include "actors/checkpoint/fetched_runs.hpp"
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
  return groups_behind(groups_, after, max_bytes, of);
}

}  // namespace sluice::checkpoint
