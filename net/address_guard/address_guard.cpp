// The ranges are those of the IANA registries of special-purpose addresses (RFC 6890) that are not globally
// reachable, and the addresses at which clouds answer to their own machines.
#include "net/address_guard/address_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "messages/assert.hpp"

namespace sluice::net {
namespace {

constexpr std::size_t v4_size = 4;
constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct range {
  const char* network;
  const char* name;
};

// The first that contains an address names it.
constexpr range refused[] = {
    {"0.0.0.0/8", "this network"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared by carriers"},
    {"127.0.0.0/8", "loopback"},
    {"168.63.129.16/32", "cloud metadata"},
    {"169.254.169.254/32", "cloud metadata"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "protocol assignments"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relays"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarks"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"240.0.0.0/4", "reserved"},
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"64:ff9b:1::/48", "local translation"},
    {"100::/64", "discarded"},
    {"2001::/23", "protocol assignments"},
    {"2001:db8::/32", "documentation"},
    {"3fff::/20", "documentation"},
    {"fd00:ec2::254/128", "cloud metadata"},
    {"fc00::/7", "private"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};
constexpr const char* global_unicast = "2000::/3";  // RFC 4291 section 2.4 and IANA: all that was given out

/// Where an IPv6 address carries an IPv4 address.
struct carrier {
  const char* network;
  std::size_t at;         ///< first byte
  std::uint8_t inverted;  ///< what its bytes are exclusive-or'ed with
};
constexpr carrier carriers[] = {
    {"::/96", 12, 0},            // IPv4-compatible, RFC 4291 section 2.5.5.1
    {"::ffff:0:0:0/96", 12, 0},  // IPv4-translated, RFC 2765
    {"64:ff9b::/96", 12, 0},     // NAT64, RFC 6052
    {"2002::/16", 2, 0},         // 6to4, RFC 3056
    {"2001::/32", 4, 0},         // Teredo, RFC 4380: its server …
    {"2001::/32", 12, 0xff},     // … and its client
};

network known(const char* text) {
  const auto parsed = parse_network(text);
  SLUICE_ASSERT(parsed.has_value());
  return *parsed;
}

struct named_network {
  network where;
  const char* name;
};

const std::vector<named_network>& refused_networks() {
  static const std::vector<named_network> networks = [] {
    std::vector<named_network> all;
    for (const range& r : refused) all.push_back({known(r.network), r.name});
    return all;
  }();
  return networks;
}

/// The IPv4 addresses that `address` carries.
std::vector<ip_address> carried_by(const ip_address& address) {
  static const std::vector<network> networks = [] {
    std::vector<network> all;
    for (const carrier& c : carriers) all.push_back(known(c.network));
    return all;
  }();
  static const network plain[] = {known("::/128"), known("::1/128")};  // within ::/96, and carry nothing
  std::vector<ip_address> found;
  if (std::ranges::any_of(plain, [&](const network& n) { return n.contains(address); })) return found;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (!networks[i].contains(address)) continue;
    ip_address::v4_bytes bytes;
    for (std::size_t b = 0; b < v4_size; ++b)
      bytes[b] = static_cast<std::uint8_t>(address.bytes()[carriers[i].at + b] ^ carriers[i].inverted);
    found.emplace_back(bytes);
  }
  return found;
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned bits = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    bits = bits * 10 + static_cast<unsigned>(c - '0');
  }
  return bits <= most ? std::optional(bits) : std::nullopt;
}

}  // namespace

ip_address::ip_address(const v4_bytes& bytes) noexcept : v4_(true) {
  std::ranges::copy(bytes, bytes_.begin());
}

ip_address::ip_address(const v6_bytes& bytes) noexcept : bytes_(bytes) {
  if (!std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin())) return;
  v4_ = true;
  bytes_ = {};
  std::copy(bytes.begin() + mapped_prefix.size(), bytes.end(), bytes_.begin());
}

std::optional<ip_address> ip_address::parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  v4_bytes four;
  if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return ip_address(four);
  v6_bytes sixteen;
  if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return ip_address(sixteen);
  return std::nullopt;
}

std::string ip_address::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), out, sizeof out);
  return out;
}

bool network::contains(const ip_address& address) const noexcept {
  if (address.is_v4() != base.is_v4()) return false;
  const std::size_t whole = bits / 8;
  const auto first = address.bytes().begin();
  if (!std::equal(first, first + static_cast<std::ptrdiff_t>(whole), base.bytes().begin())) return false;
  if (bits % 8 == 0) return true;
  return (address.bytes()[whole] ^ base.bytes()[whole]) >> (8 - bits % 8) == 0;
}

std::string network::text() const { return base.text().append("/").append(std::to_string(bits)); }

result<network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = ip_address::parse(text.substr(0, slash));
  if (!base) return fail(errc::bad_request, "is no IP address or range of them");
  if (base->is_v4() && text.find(':') != text.npos)
    return fail(errc::bad_request, "is an IPv4 address written as IPv6");
  if (slash == text.npos) return network{*base, base->bits()};
  const auto bits = parse_bits(text.substr(slash + 1), base->bits());
  if (!bits)
    return fail(errc::bad_request,
                "has no number of bits up to " + std::to_string(base->bits()) + " behind its slash");
  auto first = base->bytes();
  for (std::size_t bit = *bits; bit < base->bits(); ++bit)
    first[bit / 8] = static_cast<std::uint8_t>(first[bit / 8] & ~(0x80U >> bit % 8));
  if (first != base->bytes()) {
    const ip_address lowest = base->is_v4()
                                  ? ip_address(ip_address::v4_bytes{first[0], first[1], first[2], first[3]})
                                  : ip_address(first);
    return fail(errc::bad_request,
                "names more than its first bits; the range is " + network{lowest, *bits}.text());
  }
  return network{*base, *bits};
}

bool address_guard::allows(const ip_address& address) const noexcept {
  return std::ranges::any_of(allow_, [&](const network& open) { return open.contains(address); });
}

std::optional<std::string> address_guard::refuse(const ip_address& address) const {
  if (allows(address)) return std::nullopt;
  if (const auto carried = carried_by(address); !carried.empty()) {
    for (const ip_address& inner : carried)
      if (auto why = refuse(inner)) return address.text().append(" stands for ").append(*why);
    return std::nullopt;
  }
  const auto in = [&](const std::string& where, const char* name) {
    return address.text().append(" is in ").append(where).append(" (").append(name).append(
        "), which `allow` does not open");
  };
  for (const named_network& row : refused_networks())
    if (row.where.contains(address)) return in(row.where.text(), row.name);
  static const network unicast = known(global_unicast);
  if (!address.is_v4() && !unicast.contains(address))
    return address.text()
        .append(" is outside ")
        .append(global_unicast)
        .append(" (reserved), which `allow` does not open");
  return std::nullopt;
}

std::optional<network> address_guard::closed_range(const ip_address& address) const {
  if (allows(address)) return std::nullopt;
  if (const auto carried = carried_by(address); !carried.empty()) {
    for (const ip_address& inner : carried)
      if (auto closed = closed_range(inner)) return closed;
    return std::nullopt;
  }
  for (const named_network& row : refused_networks())
    if (row.where.contains(address)) return row.where;
  if (refuse(address)) return network{address, address.bits()};
  return std::nullopt;
}

}  // namespace sluice::net
