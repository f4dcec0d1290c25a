// Open addressing; a new batch leaves the places of the last one behind by their number, so that nothing is
// cleared.
#include "actors/route/set_index.hpp"

#include <algorithm>
#include <utility>

namespace sluice::route {
namespace {

std::uint32_t hash_of(std::span<const target> set) noexcept {
  std::uint64_t hash = set.size();
  for (const target t : set)
    hash = (hash + (std::uint64_t{t.destination} << 16U | t.lane) + 1) * 0x9e3779b97f4a7c15U;
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

std::uint16_t set_index::intern(std::span<const target> set, target_sets& sets) {
  const std::uint32_t hash = hash_of(set);
  std::size_t at = hash & (places_.size() - 1);
  for (; places_[at].batch == batch_; at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].hash == hash && std::ranges::equal(sets[places_[at].index], set))
      return places_[at].index;
  }
  if (sets.size() == target_sets::sets_max) return 0;
  const std::uint16_t added = sets.add(set);
  places_[at] = {batch_, hash, added};
  if (++used_ * 2 > places_.size()) grow();
  return added;
}

void set_index::grow() {
  const std::vector<place> old = std::exchange(places_, std::vector<place>(places_.size() * 2));
  for (const place& p : old) {
    if (p.batch != batch_) continue;
    std::size_t at = p.hash & (places_.size() - 1);
    while (places_[at].batch == batch_) at = (at + 1) & (places_.size() - 1);
    places_[at] = p;
  }
}

}  // namespace sluice::route
