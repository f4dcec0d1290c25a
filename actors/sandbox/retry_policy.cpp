#include "actors/sandbox/retry_policy.hpp"

#include <algorithm>
#include <charconv>

#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

using std::chrono::nanoseconds;

/// Nothing where the field is absent, no whole number (a date, for one) or longer than a sender waits.
std::optional<std::int64_t> seconds_of(std::string_view field) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || ec != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

}  // namespace

fate fate_of(int status) noexcept {
  if (status / 100 == 2) return fate::acknowledged;
  const bool again =
      status == 0 || status == 401 || status == 407 || status == 409 || status == 429 || status / 100 == 5;
  return again ? fate::again : fate::lost;
}

std::optional<nanoseconds> wait_before_retry(const retry_limits& limits, std::size_t attempts,
                                             nanoseconds age, std::string_view retry_after, double random) {
  SLUICE_ASSERT(attempts >= 1);
  if (attempts >= limits.attempts_max) return std::nullopt;
  nanoseconds ceiling = limits.initial;
  for (std::size_t i = 1; i < attempts && ceiling < limits.max; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, limits.max);
  const double share = 0.5 + random / 2;
  nanoseconds wait(static_cast<nanoseconds::rep>(share * static_cast<double>(ceiling.count())));
  if (const auto asked = seconds_of(retry_after)) {
    if (*asked < 0) return std::nullopt;
    const auto most = std::chrono::ceil<std::chrono::seconds>(limits.age_max).count() + 1;
    wait = std::max<nanoseconds>(wait, std::chrono::seconds(std::min<std::int64_t>(*asked, most)));
  }
  if (age + wait > limits.age_max) return std::nullopt;
  return wait;
}

}  // namespace sluice::sandbox
