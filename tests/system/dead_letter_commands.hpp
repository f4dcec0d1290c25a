// What an operator asks of a node about the dead letters of its warehouse.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {

/// The warehouse's dead letters, as the node counts them.
inline double stored_letters(const node& there) {
  return there.metric("sluice_dead_letters", {{"destination", std::string(warehouse)}});
}

/// `sluice dead-letters` with these arguments, at this node.
inline finished ask_of_letters(const node& there, std::vector<std::string> what) {
  what.insert(what.begin(), "dead-letters");
  what.insert(what.end(), {"--config", there.config_file().string()});
  return run(sluice_binary(), what);
}

}  // namespace sluice::testing
