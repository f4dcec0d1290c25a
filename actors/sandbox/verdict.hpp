// What a run comes to: who got what, and whether that is what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/sandbox/feed_report.hpp"
#include "actors/sandbox/received_ledger.hpp"
#include "actors/sandbox/scenario.hpp"

namespace sluice::sandbox {

/// What a receiver's ledger says against what the node acknowledged.
struct comparison {
  std::uint64_t owed = 0;        ///< events of the selection that the node has acknowledged
  std::uint64_t missing = 0;     ///< of them, neither received nor condemned
  std::uint64_t condemned = 0;   ///< of them, refused for what they are and not received since
  std::uint64_t unexpected = 0;  ///< received, acknowledged, but not of the selection
  std::uint64_t forgotten = 0;   ///< events that a ledger has forgotten: more than 0, and nothing is certain
};

comparison compare(const owed_events& owed, const received_ledger& got, const selection& of);

struct receiver_row {
  std::uint16_t port = 0;
  received_counts counts;
  std::optional<comparison> compared = {};  ///< where an expectation names it
};

struct verdict {
  std::vector<feed_report> feeds;
  std::vector<receiver_row> receivers;
  std::vector<std::string> complaints;  ///< one line each; none: it passed
  bool passed() const noexcept { return complaints.empty(); }
};

/// Adds to the complaints what the expectations say against the rows.
void judge(const scenario& by, verdict& of);

/// Two tables and the complaints, or `passed`; ends with a line feed.
std::string to_text(const verdict& v);

}  // namespace sluice::sandbox
