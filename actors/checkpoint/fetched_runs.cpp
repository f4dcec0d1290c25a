#include "actors/checkpoint/fetched_runs.hpp"

#include <utility>

#include "messages/assert.hpp"

namespace sluice::checkpoint {

std::size_t fetched_runs::bytes_of(const run& r) noexcept {
  std::size_t bytes = 0;
  for (const committed_group_ptr& g : r.groups) bytes += g->buffer.capacity();
  return bytes;
}

const fetched_runs::run* fetched_runs::find(group_number after, std::optional<destination_id> of) {
  const auto found = std::ranges::find_if(
      runs_, [&](const run& r) { return r.of == of && r.after <= after && after < r.upto; });
  if (found == runs_.end()) return nullptr;
  std::rotate(runs_.begin(), found, std::next(found));
  return &runs_.front();
}

void fetched_runs::put(group_number after, std::optional<destination_id> of,
                       std::vector<committed_group_ptr> groups) {
  SLUICE_ASSERT(!groups.empty() && groups.front()->header().number > after);
  const group_number upto = groups.back()->header().number;
  runs_.push_front({after, upto, of, std::move(groups)});
  bytes_ += bytes_of(runs_.front());
  while (bytes_ > bytes_max_) {
    bytes_ -= bytes_of(runs_.back());
    runs_.pop_back();
  }
}

}  // namespace sluice::checkpoint
