// What a delivery tells the checkpoint: outcomes, with the names that the audit needs.
#pragma once

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

}  // namespace sluice::checkpoint
