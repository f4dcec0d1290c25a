// Events as Genesys Cloud would send them: realistic bodies, and what a ledger must know to judge later where
// they should have gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/identity.hpp"

namespace sluice::sandbox {

/// How events travel.
enum class shape : std::uint8_t {
  envelope,     ///< `{"events":[{"id","source","timestamp","data","metadata"},…]}`
  eventbridge,  ///< one AWS EventBridge event a request, as API destinations send them
};

/// What rules may look at. Few of them differ, so ledgers can keep each once.
struct event_class {
  std::string source;  ///< as the node sees it: `source`, or `detail-type` of an EventBridge event
  std::string region;
  std::string priority;  ///< empty in the shape eventbridge, which has no place for it
  friend auto operator<=>(const event_class&, const event_class&) = default;
};

struct made_event {
  identity what = 0;
  event_class of;
  std::string text;
};

/// One subscription's stream of events. Each event has `stream` (the number of the subscription) and
/// `sequence` (from 1 within stream and source) in its `data` (`detail.eventBody` in the shape eventbridge),
/// so that a receiver can tell order. Sources that the maker has no model of get a plain body. Pure.
class event_maker {
 public:
  event_maker(std::uint64_t seed, std::uint64_t stream);

  /// `sources` is not empty; one of them is drawn.
  made_event make(const std::vector<std::string>& sources, shape how, std::chrono::milliseconds wall);

 private:
  static constexpr std::size_t conversations = 16;  ///< under way at a time

  dice random_;
  std::uint64_t stream_;
  std::string organization_;
  std::vector<std::string> conversation_ids_;
  std::map<std::string, std::uint64_t, std::less<>> sequences_;  // as many as a subscription has had sources
};

}  // namespace sluice::sandbox
