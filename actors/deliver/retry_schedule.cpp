// The ceiling doubles up to `max`; the wait is drawn below it.
#include "actors/deliver/retry_schedule.hpp"

#include <algorithm>

#include "messages/assert.hpp"

namespace sluice::deliver {

using std::chrono::nanoseconds;

retry_schedule::retry_schedule(retry_options options) : options_(options), ceiling_(options.initial) {
  SLUICE_ASSERT(options.initial > nanoseconds::zero());
  SLUICE_ASSERT(options.max >= options.initial);
  SLUICE_ASSERT(options.retry_after_max >= nanoseconds::zero());
}

nanoseconds retry_schedule::failed(double random, std::optional<std::chrono::seconds> retry_after) {
  SLUICE_ASSERT(random >= 0.0 && random < 1.0);
  const nanoseconds own(static_cast<nanoseconds::rep>(random * static_cast<double>(ceiling_.count())));
  ceiling_ = ceiling_ > options_.max / 2 ? options_.max : ceiling_ * 2;
  if (!retry_after) return own;
  // Compared in seconds first: a receiver's number may not fit nanoseconds.
  const bool beyond =
      *retry_after > std::chrono::duration_cast<std::chrono::seconds>(options_.retry_after_max);
  const nanoseconds asked =
      beyond ? options_.retry_after_max : std::min<nanoseconds>(*retry_after, options_.retry_after_max);
  return std::max(own, asked);
}

}  // namespace sluice::deliver
