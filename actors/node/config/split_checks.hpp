// What must hold between the keys that split a destination's events over endpoints and requests.
#pragma once

#include <cstddef>
#include <string>

#include "actors/node/config/reader.hpp"

namespace sluice::config {

/// Of a destination of kind http.
void check_split(reader& read, const destination_options& d);

/// Of a destination over the network: how many requests at once, and what they share the events by.
void check_requests(reader& read, const destination_options& d);

/// The lanes of all destinations together.
void check_lanes_of_all(reader& read);

/// The path under which endpoint `at` was given.
std::string endpoint_path(const reader& read, const destination_options& d, std::size_t at);

}  // namespace sluice::config
