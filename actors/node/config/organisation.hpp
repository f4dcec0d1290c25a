// The Genesys section as those take it who use it.
#pragma once

#include <memory>

#include "actors/node/config/config.hpp"
#include "actors/subscription/settings.hpp"
#include "net/tls/context.hpp"

namespace sluice::config {

/// Hosts are the region's where none are given. Of a section without errors.
subscription::settings settings_of(const genesys_options& from);

/// Whom its hosts are believed by. The file is read here; the error names the key, not the file, whose path
/// may be hidden.
result<std::shared_ptr<const net::tls::client_context>> authorities_of(const genesys_options& from);

}  // namespace sluice::config
