// Ranges that touch are one range, so that equal sets have equal representations.
#include "actors/checkpoint/settled_ranges.hpp"

#include <algorithm>

namespace sluice::checkpoint {

bool settled_ranges::settle(position_range what) {
  what.first = std::max<position>(what.first, 1);
  if (what.empty() || what.last <= upto_) return true;

  // [low, high) are the ranges that overlap `what` or stand right beside it.
  const auto before = [](const position_range& r, position first) { return r.last < first - 1; };
  const auto after = [](position last, const position_range& r) { return last < r.first - 1; };
  const auto low = std::lower_bound(ranges_.begin(), ranges_.end(), what.first, before);
  const auto high = std::upper_bound(low, ranges_.end(), what.last, after);
  if (low != high) {
    what.first = std::min(what.first, low->first);
    what.last = std::max(what.last, std::prev(high)->last);
  }

  if (what.first - 1 <= upto_) {
    upto_ = what.last;
    ranges_.erase(ranges_.begin(), high);
  } else if (low != high) {
    *low = what;
    ranges_.erase(low + 1, high);
  } else {
    if (ranges_.size() == ranges_max) return false;
    ranges_.insert(low, what);
  }
  return true;
}

bool settled_ranges::is_settled(position p) const noexcept {
  if (p <= upto_) return true;
  const auto found = std::ranges::lower_bound(ranges_, p, {}, &position_range::last);
  return found != ranges_.end() && found->first <= p;
}

}  // namespace sluice::checkpoint
