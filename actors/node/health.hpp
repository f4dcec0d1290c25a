// What GET /health says, as a function of what is known.
#pragma once

#include <string>
#include <vector>

#include "actors/subscription/board.hpp"
#include "net/http/server.hpp"

namespace sluice::node {

/// 200 without reasons, else 503 with them. `subscription` is null when the node only listens; one that is
/// not in order is told beside its id, and no reason: the node ingests regardless.
net::http::response health(const std::vector<std::string>& reasons, const subscription::status* subscription);

}  // namespace sluice::node
