// Splits what is more than one subscription carries over several, and says what the node needs behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/subscription/settings.hpp"
#include "messages/result.hpp"

namespace sluice::subscription {

/// A kind of events and how many of it come in a second.
struct source_rate {
  std::string source;
  std::optional<std::uint32_t> rate = {};  ///< unknown: an equal share of what the others leave

  friend bool operator==(const source_rate&, const source_rate&) = default;
};

/// `SOURCE` or `SOURCE=RATE`.
result<source_rate> parse_source_rate(std::string_view text);

struct plan_options {
  static constexpr std::uint32_t rate_max = 1'000'000;
  static constexpr std::size_t sources_max = 1000;

  std::uint32_t rate = 0;  ///< events a second of all sources together
  std::vector<source_rate> sources;
  specification base;  ///< what all of them share; its name gets -1, -2 … when there are several
};

struct planned {
  specification what;
  std::uint32_t rate = 0;  ///< events a second that are expected of it
  /// That a destination for it needs when each endpoint takes 1000 events in any second and answers within
  /// 50 ms: places are free again one second after the answer, so that 952 events a second are used.
  std::uint32_t endpoints = 1;
};

/// As few subscriptions as are found to do, the load spread evenly where that takes no more of them. Or
/// everything that is wrong; a single source above what one subscription carries is: it cannot be split.
tl::expected<std::vector<planned>, std::vector<error>> plan(const plan_options& given);

}  // namespace sluice::subscription
