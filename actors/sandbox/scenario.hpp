// A story that the sandbox plays: steps in order, and what must hold at its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/sandbox/fault_plan.hpp"
#include "actors/sandbox/owed_events.hpp"
#include "actors/sandbox/receiver_options.hpp"
#include "actors/sandbox/steering.hpp"

namespace sluice::sandbox {

/// Goes on when that is reached; the story fails, and goes on, when it is not within `patience`.
struct wait_step {
  enum class goal : std::uint8_t {
    subscriptions,  ///< at least `count` are active
    acknowledged,   ///< at least `count` events are
    sent,           ///< `--events` are all sent
    settled,        ///< nothing is on its way to the node
    drained,        ///< no event is missing that an expectation of a receiver names
    quiet,          ///< no receiver was asked anything for `quiet_time`
  };
  goal what = goal::settled;
  std::uint64_t count = 0;
  std::chrono::seconds patience{60};
};
inline constexpr std::chrono::seconds quiet_time{2};

struct sleep_step {
  std::chrono::milliseconds time{0};
};
/// Deletes the subscription of that name, or all, as if somebody had done so in the platform.
struct drop_step {
  std::string name;  ///< empty: all
};
/// From here on, receiver `number` (from 1, in the order of `--receiver`) behaves so.
struct receiver_step {
  std::size_t number = 1;
  receiver_manner manner;
};

using step = std::variant<wait_step, sleep_step, steering, fault, drop_step, receiver_step>;

/// What must hold of one receiver at the end; each number is the most that is allowed.
struct receiver_expectation {
  std::size_t number = 1;
  selection gets;                                ///< which of the acknowledged events it must have got
  std::uint64_t missing = 0;                     ///< beside those that the receiver condemns
  std::optional<std::uint64_t> condemned = {};   ///< and has not taken since
  std::optional<std::uint64_t> refused = {};     ///< requests: of another shape, or not signed
  std::optional<std::uint64_t> unexpected = {};  ///< got, though acknowledged for others
  std::optional<std::uint64_t> doubled = {};     ///< got again in another request
  std::optional<std::uint64_t> repeated = {};    ///< got again in the same request
  std::optional<std::uint64_t> inversions = {};
  std::optional<std::uint64_t> fastest_second = {};  ///< over all requests
};

struct scenario {
  static constexpr std::size_t steps_max = 1000;

  std::vector<step> steps;
  std::optional<std::uint64_t> lost = {};              ///< the most
  std::optional<std::uint64_t> acknowledged_min = {};  ///< the least
  std::vector<receiver_expectation> receivers;
  bool starts_paused = true;  ///< until a step says `send`
};

/// Reads a file's text; `receivers` is how many there are. The error's place is the step or the expectation,
/// as `steps[3].wait.within_s`.
result<scenario> parse_scenario(std::string_view text, std::size_t receivers);

/// Sends for that long, then waits until everything has settled and the receivers are quiet.
scenario for_a_time(std::chrono::seconds time);
/// Sends as many events as the sender has, then likewise.
scenario for_all_events();

}  // namespace sluice::sandbox
