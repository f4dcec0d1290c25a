// Who asks for a token, and what for.
#pragma once

#include <string>

namespace sluice::net::oauth2 {

/// Client credentials (RFC 6749 section 4.4). The secret is never part of an error, a log line or a status.
struct credentials {
  std::string client_id;
  std::string client_secret;
  std::string scope;  ///< sent when not empty
};

}  // namespace sluice::net::oauth2
