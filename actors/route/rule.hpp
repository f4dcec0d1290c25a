// One routing rule as a person writes it, names of destinations already replaced by their numbers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "messages/position.hpp"

namespace sluice::route {

struct rule {
  std::string source;  ///< RE2 pattern, found anywhere in the event's source
  std::vector<std::pair<std::string, std::string>> metadata;  ///< all must be there and equal
  std::vector<destination_id> to;                             ///< at least one
  friend bool operator==(const rule&, const rule&) = default;
};

enum class match_mode : std::uint8_t {
  first,  ///< an event goes where the first matching rule says
  all,    ///< an event goes where any matching rule says, to each destination once
};

}  // namespace sluice::route
