// Where a NATS server listens, as a configuration names it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::net::nats {

struct server_address {
  bool tls = false;  ///< tls://: no connection without
  std::string host;  ///< name, IPv4 or IPv6 without brackets; lower case
  std::uint16_t port = 4222;
  std::string authority() const;  ///< `host[:port]`: brackets for IPv6, the port unless it is 4222
  friend bool operator==(const server_address&, const server_address&) = default;
};

/// `nats://host[:port]` or `tls://host[:port]` and nothing else: no userinfo, no path. errc::bad_request or
/// errc::too_large; the detail never quotes the text.
result<server_address> parse_address(std::string_view text);

}  // namespace sluice::net::nats
