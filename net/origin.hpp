// Where a URL leads, read in one way: what two readers could take for different hosts is refused. Grammar:
// RFC 3986, narrowed to host and port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::net {

/// The two schemes of a protocol, without and with TLS, and their default ports.
struct scheme_pair {
  std::string_view plain, secure;
  std::uint16_t plain_port = 0, secure_port = 0;
};

struct origin {
  bool tls = false;
  std::string host;        ///< name, IPv4 or IPv6 without brackets; lower case
  std::uint16_t port = 0;  ///< the scheme's default where the text has none
  std::string_view rest;   ///< of the text, from the first / ? or # behind the authority
};

/// Of a whole URL, at most 2048 bytes of visible ASCII. No userinfo; the rest is left to the caller. The
/// error's detail never quotes the text: it may hold a password.
result<origin> parse_origin(std::string_view text, const scheme_pair& schemes);

/// `host` or `host:port`, with brackets for IPv6; the port unless it is `default_port`.
std::string authority_text(const std::string& host, std::uint16_t port, std::uint16_t default_port);

}  // namespace sluice::net
