// The Genesys section as the subscription stage takes it.
#pragma once

#include "actors/node/config/config.hpp"
#include "actors/subscription/settings.hpp"

namespace sluice::config {

/// Hosts are the region's where none are given. Of a section without errors.
subscription::settings settings_of(const genesys_options& from);

}  // namespace sluice::config
