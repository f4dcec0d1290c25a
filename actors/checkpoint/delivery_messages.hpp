// What a delivery tells the checkpoint: outcomes, with the names that the audit needs. And what the
// checkpoint asks of a delivery: to give way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/checkpoint/format.hpp"

namespace sluice::checkpoint {

/// One settled range of a lane. Texts of `names` are escaped as they came and owned here.
struct outcome {
  struct name {
    position at = 0;
    std::string id, source, region;
  };
  outcome_head head;
  std::string reason;
  std::vector<name> names;
};
using outcome_ptr = std::shared_ptr<outcome>;

/// What a delivery must give up of its backlog, the oldest first, until every part is met.
struct relief {
  std::uint64_t bytes = 0;  ///< of events
  std::uint64_t events = 0;
  std::int64_t received_before_ms = 0;  ///< every event that was accepted earlier, Unix milliseconds
  position upto = 0;                    ///< every event up to it
  settlement how = settlement::dead_lettered;

  bool done() const noexcept { return bytes == 0 && events == 0 && received_before_ms == 0 && upto == 0; }
  /// An event goes: counts it, and drops the parts that it shows to be met.
  void gave(std::uint64_t event_bytes) noexcept {
    bytes -= std::min(bytes, event_bytes);
    events -= std::min<std::uint64_t>(events, 1);
  }
  /// Whether the next event, at `at` and accepted at `received_ms`, has to go. What it shows to be met is
  /// dropped: events come in the order of their positions.
  bool wants(position at, std::int64_t received_ms) noexcept {
    if (at > upto) upto = 0;
    if (received_ms >= received_before_ms) received_before_ms = 0;
    return !done();
  }
};

}  // namespace sluice::checkpoint
