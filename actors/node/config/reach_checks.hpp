// Whether a destination over the network can be reached at all, as far as that is known without asking
// anybody.
#pragma once

#include <string>

#include "actors/node/config/reader.hpp"

namespace sluice::config {

void check_allow(reader& read, const destination_options& d);

/// Every attempt would be refused: better said now. `path` is where `host`, a name or a numeric address, is
/// written. Names are looked up when it connects.
void check_reach(reader& read, const std::string& path, const std::string& host,
                 const destination_options& d);

}  // namespace sluice::config
