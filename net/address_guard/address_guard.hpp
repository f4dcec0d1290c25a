// Where a request may go: whoever writes a URL, or answers for its name, must not reach what only this
// machine and its network can reach. Pure: addresses in, a verdict out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/result.hpp"

namespace sluice::net {

/// An IPv4 or IPv6 address. An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address,
/// as it is for the kernel.
class ip_address {
 public:
  using v4_bytes = std::array<std::uint8_t, 4>;
  using v6_bytes = std::array<std::uint8_t, 16>;

  explicit ip_address(const v4_bytes& bytes) noexcept;
  explicit ip_address(const v6_bytes& bytes) noexcept;
  /// Dotted decimal or RFC 4291 text, nothing else; no zone.
  static std::optional<ip_address> parse(std::string_view text);

  bool is_v4() const noexcept { return v4_; }
  unsigned bits() const noexcept { return v4_ ? 32 : 128; }
  /// The bytes of the address from the left; for IPv4 the first four.
  const v6_bytes& bytes() const noexcept { return bytes_; }
  std::string text() const;

  friend bool operator==(const ip_address&, const ip_address&) = default;

 private:
  v6_bytes bytes_{};
  bool v4_ = false;
};

/// A range of addresses: those that share the first `bits` with `base`.
struct network {
  ip_address base;
  unsigned bits = 0;

  bool contains(const ip_address& address) const noexcept;
  std::string text() const;
  friend bool operator==(const network&, const network&) = default;
};

/// `10.0.0.0/8`, `fd00::/8`, or an address alone. Nothing may stand behind the prefix: `10.0.0.1/8` is two
/// different things to two readers.
result<network> parse_network(std::string_view text);

class address_guard {
 public:
  /// `allow`: ranges that are open although they would be refused.
  explicit address_guard(std::vector<network> allow = {}) : allow_(std::move(allow)) {}

  /// Why no connection may be made to `address`, naming address and range; nothing when one may. Refused is
  /// what no peer on the internet has: this host, private and shared networks, link-local (where clouds keep
  /// their metadata), multicast, and what is reserved or for documents. An address that carries an IPv4
  /// address (mapped, compatible, translated, NAT64, 6to4, Teredo) is judged by the one that it carries.
  std::optional<std::string> refuse(const ip_address& address) const;
  /// The range that `allow` would have to have for it; nothing when it is open.
  std::optional<network> closed_range(const ip_address& address) const;

 private:
  bool allows(const ip_address& address) const noexcept;

  std::vector<network> allow_;
};

}  // namespace sluice::net
