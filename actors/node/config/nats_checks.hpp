// What must hold between the keys of a destination in a JetStream stream.
#pragma once

#include "actors/node/config/reader.hpp"

namespace sluice::config {

/// Adds to `read.errors` what is wrong, and fills defaults that depend on other keys. `d` is of kind nats.
void check_nats(reader& read, destination_options& d);

}  // namespace sluice::config
