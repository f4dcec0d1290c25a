// The public regions of Genesys Cloud. Hosts come from this list and from nowhere else, so that a typing
// error in a configuration cannot send the credentials to a stranger.
#pragma once

#include <string>
#include <string_view>

#include "actors/subscription/settings.hpp"
#include "messages/result.hpp"

namespace sluice::subscription {

/// The hosts of a region, given by its AWS key (`us-east-1`) or its domain (`mypurecloud.com`). An unknown
/// one is an error that lists those that are known.
result<hosts> find_hosts(std::string_view region);

/// All of them, in a line for people.
std::string known_regions();

}  // namespace sluice::subscription
