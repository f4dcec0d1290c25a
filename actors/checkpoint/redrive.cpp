#include "actors/checkpoint/redrive.hpp"

#include <algorithm>

namespace sluice::checkpoint {

bool all_settled(const redrive& what, const destination_state& of) {
  return std::ranges::all_of(what.letters, [&](const auto& letter) { return of.is_settled(letter.lane, letter.at); });
}

void keep_settled(redrive& what, const destination_state& of) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < what.letters.size(); ++i) {
    if (!of.is_settled(what.letters[i].lane, what.letters[i].at)) continue;
    what.letters[kept] = what.letters[i];
    what.events.entries[kept] = what.events.entries[i];
    what.events.before[kept] = what.events.before[i];
    ++kept;
  }
  what.letters.resize(kept);
  what.events.entries.resize(kept);
  what.events.before.resize(kept);
}

}  // namespace sluice::checkpoint
