// What the control API and scenarios may change of the sender while it runs.
#pragma once

#include <chrono>
#include <optional>

#include "actors/sandbox/json.hpp"
#include "actors/sandbox/pacer.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

struct steering {
  static constexpr double rate_max = 1'000'000;
  static constexpr double burst_factor_max = 1000;
  static constexpr std::chrono::seconds burst_every_max{86'400};

  std::optional<bool> paused = {};  ///< nothing is sent, retries included
  std::optional<double> rate = {};  ///< events a second and subscription; at 0 what is on its way still goes
  std::optional<double> burst_factor = {};
  std::optional<std::chrono::seconds> burst_every = {};

  /// `before`, with what this says otherwise.
  pace applied_to(pace before) const;
};

/// `{"paused": true, "rate": 100, "burst": {"factor": 5, "every_s": 30}}`, any of them. The error's place is
/// the member that is wrong.
result<steering> parse_steering(const json& from);

}  // namespace sluice::sandbox
