// What must hold between keys, once each holds by itself.
#pragma once

#include "actors/node/config/reader.hpp"

namespace sluice::config {

/// Adds to `read.errors` what is wrong between keys, and fills defaults that depend on other keys.
void check_together(reader& read);

}  // namespace sluice::config
