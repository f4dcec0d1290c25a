// Which hosts are this machine.
#pragma once

#include <arpa/inet.h>

#include <string>

namespace sluice::sandbox {

/// 127.0.0.0/8, ::1 or `localhost`; nothing is looked up.
inline bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

}  // namespace sluice::sandbox
