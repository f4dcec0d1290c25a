// GET /api/v1/destinations: what stands where a destination is, and what waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/board.hpp"
#include "actors/node/admin/request.hpp"

namespace sluice::node::admin {

enum class destination_stand : std::uint8_t {
  running,
  paused,   ///< by an operator
  removed,  ///< not configured any more; its backlog is kept
};
std::string_view to_string(destination_stand stand) noexcept;

/// One destination of the list.
struct destination_row {
  destination_id id = 0;
  std::string name;
  std::string kind;  ///< as in the configuration; empty: it is not there any more
  destination_stand stand = destination_stand::running;
  std::uint64_t backlog_events = 0;
  std::uint64_t pinned_bytes = 0;       ///< of the log, from its oldest unsettled event on
  std::int64_t oldest_received_ms = 0;  ///< Unix milliseconds; 0: nothing waits, or it is not known yet
  std::size_t open_circuits = 0;        ///< endpoints that are left alone but for probes
};

struct configured_destination {
  std::string name, kind;
};

struct destination_sources {
  const checkpoint::board* board = nullptr;  ///< outlives the handlers
  std::vector<configured_destination> configured;
  std::function<std::int64_t(destination_id)> oldest_received_ms;  ///< thread-safe
  std::function<std::size_t(destination_id)> open_circuits;        ///< thread-safe
  std::function<std::int64_t()> wall_ms;
};

/// The configured ones in their order, then those that are gone and have a backlog.
std::vector<destination_row> rows_of(const checkpoint::board_view& view, const destination_sources& from);

std::string to_json(const std::vector<destination_row>& rows, std::int64_t wall_ms);

/// 503 until the log is recovered.
handler list_destinations(destination_sources from);

}  // namespace sluice::node::admin
