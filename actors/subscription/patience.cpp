#include "actors/subscription/patience.hpp"

#include <algorithm>

#include "actors/deliver/retry_after.hpp"

namespace sluice::subscription {
namespace {

constexpr int too_many_requests = 429;
constexpr int not_implemented = 501;

}  // namespace

std::optional<std::chrono::nanoseconds> patience::after(const net::http::attempt& ended, double random,
                                                        std::chrono::sys_seconds wall_now) {
  std::optional<std::chrono::seconds> asked;
  if (ended) asked = deliver::parse_retry_after(ended->retry_after, wall_now);
  if (asked && *asked > retry_after_max) return std::nullopt;

  if (ended && ended->status == too_many_requests) {
    if (limited_ == limited_max) return std::nullopt;
    const std::chrono::seconds own(1 << limited_++);
    return std::max(own, asked.value_or(own));
  }
  const bool passes = ended ? ended->status >= 500 && ended->status != not_implemented
                            : ended.error().why.code != errc::untrusted;
  if (!passes || (!repeatable_ && perhaps_done(ended)) || faults_ == faults_max) return std::nullopt;
  ++faults_;
  return schedule_.failed(random, asked);
}

bool patience::perhaps_done(const net::http::attempt& ended) {
  return ended ? ended->status >= 500 && ended->status != not_implemented : ended.error().sent;
}

}  // namespace sluice::subscription
