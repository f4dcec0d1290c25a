#include "net/loopback.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace sluice::net {
namespace {

constexpr std::string_view name = "localhost";

bool is_name(std::string_view host) noexcept {
  return std::ranges::equal(host, name, [](char is, char wanted) {
    return (is >= 'A' && is <= 'Z' ? static_cast<char>(is - 'A' + 'a') : is) == wanted;
  });
}

}  // namespace

bool is_loopback(std::string_view host) noexcept {
  if (is_name(host)) return true;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size() || host.find('\0') != host.npos) return false;
  std::ranges::copy(host, text.begin());
  in_addr v4{};
  if (::inet_pton(AF_INET, text.data(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, text.data(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sluice::net
