#include "actors/sandbox/steering.hpp"

#include "actors/sandbox/members.hpp"

namespace sluice::sandbox {

pace steering::applied_to(pace before) const {
  before.rate = rate.value_or(before.rate);
  before.burst_factor = burst_factor.value_or(before.burst_factor);
  before.burst_every = burst_every.value_or(before.burst_every);
  return before;
}

result<steering> parse_steering(const json& from) {
  if (auto good = has_only(from, {"paused", "rate", "burst"}); !good) return fail(good.error());
  if (from.empty()) return fail(errc::bad_request, "must have paused, rate or burst", "body");
  steering made;
  const auto paused = flag_of(from, "paused", false);
  if (!paused) return fail(paused.error());
  if (from.contains("paused")) made.paused = *paused;
  const auto rate = number_of(from, "rate", 0, steering::rate_max, 0);
  if (!rate) return fail(rate.error());
  if (from.contains("rate")) made.rate = *rate;
  const json* const burst = member(from, "burst");
  if (burst == nullptr) return made;
  if (auto good = has_only(*burst, {"factor", "every_s"}); !good) return fail(good.error());
  const auto factor = number_of(*burst, "factor", 1, steering::burst_factor_max, 1);
  if (!factor) return fail(factor.error());
  const auto every = whole_of(*burst, "every_s", 2, steering::burst_every_max.count(), 0);
  if (!every) return fail(every.error());
  made.burst_factor = *factor;
  made.burst_every = std::chrono::seconds(*every);
  return made;
}

}  // namespace sluice::sandbox
