// A user's credentials as NATS's tools write them: a JWT to show, and a seed that signs what the server asks
// for.
#pragma once

#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::net::nats {

struct credentials {
  std::string jwt;
  std::string seed;  ///< a user's nkey seed, `SU...`
};

/// Of a .creds file, at most 64 KiB. errc::io or errc::invalid_config with the file; nothing of it is quoted.
result<credentials> read_credentials(const std::string& file);

/// The Ed25519 signature of `nonce`, as CONNECT has it (base64url without padding). errc::invalid_config when
/// the seed is no user's.
result<std::string> sign(std::string_view seed, std::string_view nonce);

}  // namespace sluice::net::nats
