// What was sent to one subscription, as verdicts and the control API show it.
#pragma once

#include <string>

#include "actors/sandbox/feed.hpp"
#include "actors/sandbox/json.hpp"

namespace sluice::sandbox {

struct feed_report {
  std::string subscription, name, endpoint;
  bool deleted = false;
  sent_counts counts;
  std::size_t in_flight = 0, waiting = 0;  ///< requests
};

json to_json(const feed_report& r);

}  // namespace sluice::sandbox
