// Turns the records of a group into audit lines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "actors/audit/line.hpp"
#include "actors/checkpoint/group.hpp"

namespace sluice::audit {

/// The actions on events that lines are written for; an operator's acts always have one.
struct actions {
  bool routed = true, dropped = true, quarantined = true, delivered = true, dead_lettered = true;
};

/// Not thread-safe.
class narrator {
 public:
  /// `names`: of the destinations in the log so far; later ones are learned from the log.
  narrator(actions which, std::map<destination_id, std::string> names);

  /// Appends the lines of a group to `to`. An error when the group contradicts its format.
  result<void> tell(const checkpoint::committed_group& group, std::string& to);

 private:
  class teller;
  actions which_;
  std::map<destination_id, std::string> names_;
  line_writer lines_;
  target_sets sets_;  // kept for its memory
};

}  // namespace sluice::audit
