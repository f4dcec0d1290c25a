#include "net/loopback.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "net/http/field.hpp"

namespace sluice::net {

bool is_loopback(std::string_view host) noexcept {
  if (http::same_name(host, "localhost")) return true;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size() || host.find('\0') != host.npos) return false;
  std::ranges::copy(host, text.begin());
  in_addr v4{};
  if (::inet_pton(AF_INET, text.data(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, text.data(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sluice::net
