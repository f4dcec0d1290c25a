// The ranges still to try adjoin, so their ends say everything.
#include "actors/deliver/isolation.hpp"

#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {

isolation::isolation(std::size_t events) : ends_{events} {
  SLUICE_ASSERT(events >= 2);
  condemned();
}

isolation::range isolation::next() const noexcept {
  SLUICE_ASSERT(!done());
  return {begin_, ends_.back()};
}

void isolation::delivered() {
  begin_ = next().end;
  ends_.pop_back();
}

std::optional<std::size_t> isolation::condemned() {
  const range tried = next();
  const std::size_t size = tried.end - tried.begin;
  if (size > 1) {
    ends_.push_back(tried.begin + size / 2);
    return std::nullopt;
  }
  ends_.pop_back();
  return std::exchange(begin_, tried.end);
}

}  // namespace sluice::deliver
