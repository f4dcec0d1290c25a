#include "net/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t host_bytes_max = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t label_bytes_max = 63;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

// The detail never quotes the text: it may hold a password.
tl::unexpected<error> bad(std::string detail) { return fail(errc::bad_request, std::move(detail)); }

// A host whose last label looks like a number is an IPv4 address to some readers (octal, hexadecimal, short
// forms).
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (!last.empty() && std::ranges::all_of(last, is_digit)) return true;
  return last.size() >= 2 && last[0] == '0' && lower(last[1]) == 'x' &&
         std::ranges::all_of(last.substr(2), is_hex);
}

bool is_ipv4(const std::string& host) {
  in_addr address{};  // inet_pton takes four decimal numbers without leading zeros and nothing else
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

result<std::string> parse_name(std::string_view text) {
  if (text.empty()) return bad("the URL has no host");
  if (text.find('%') != text.npos) return bad("the host must not be percent-encoded");
  if (text.size() > host_bytes_max) return bad("the host is longer than 253 bytes");
  const std::string host = lower(text);
  if (ends_in_number(host)) {
    if (!is_ipv4(host)) return bad("the host is a number, but no IPv4 address of four decimal parts");
    return host;
  }
  for (std::string_view rest = host;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty()) return bad("the host has an empty label");
    if (label.size() > label_bytes_max) return bad("a label of the host is longer than 63 bytes");
    if (label.front() == '-' || label.back() == '-')
      return bad("a label of the host begins or ends with a hyphen");
    const auto allowed = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; };
    if (!std::ranges::all_of(label, allowed))
      return bad("the host has a character other than letters, digits, - _ and .");
    if (dot == rest.npos) return host;
    rest.remove_prefix(dot + 1);
  }
}

result<std::string> parse_ipv6(std::string_view text) {
  std::string host = lower(text);
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return bad("the host in brackets is no IPv6 address");
  return host;
}

result<std::uint16_t> parse_port(std::string_view text) {
  constexpr std::string_view allowed = "the port must be a decimal number in 1..65535 without leading zeros";
  if (text.empty() || text.size() > 5 || text.front() == '0' || !std::ranges::all_of(text, is_digit)) {
    return bad(std::string(allowed));
  }
  std::uint32_t port = 0;
  for (const char c : text) port = port * 10 + static_cast<std::uint32_t>(c - '0');
  if (port > 65'535) return bad(std::string(allowed));
  return static_cast<std::uint16_t>(port);
}

result<void> parse_authority(std::string_view text, origin& into) {
  if (text.find('@') != text.npos) return bad("a URL with a user name or password is not accepted");
  std::string_view rest;  // from the colon of the port
  result<std::string> host;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return bad("the bracket of the IPv6 address is not closed");
    host = parse_ipv6(text.substr(1, close - 1));
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return bad("only a port may follow the IPv6 address");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = parse_name(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (!host) return fail(std::move(host).error());
  into.host = *std::move(host);
  if (rest.empty()) return {};
  const auto port = parse_port(rest.substr(1));
  if (!port) return fail(port.error());
  into.port = *port;
  return {};
}

result<void> check_characters(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return bad("the URL has a space or a control character");
    if (byte >= 0x80)
      return bad("the URL has a character outside ASCII; write the host as xn-- and percent-encode the path");
    if (c == '\\') return bad("the URL has a backslash");
  }
  return {};
}

}  // namespace

result<origin> parse_origin(std::string_view text, const scheme_pair& schemes) {
  if (text.empty()) return bad("the URL is empty");
  if (text.size() > url_bytes_max) return fail(errc::too_large, "the URL is longer than 2048 bytes");
  if (auto ok = check_characters(text); !ok) return fail(std::move(ok).error());

  const std::size_t scheme_end = std::min(text.find("://"), text.size());
  const std::string scheme = lower(text.substr(0, scheme_end));
  if (scheme_end == text.size() || (scheme != schemes.plain && scheme != schemes.secure)) {
    return bad(std::string("the URL does not begin with ")
                   .append(schemes.plain)
                   .append(":// or ")
                   .append(schemes.secure)
                   .append("://"));
  }
  text.remove_prefix(scheme_end + 3);

  origin parsed;
  parsed.tls = scheme == schemes.secure;
  parsed.port = parsed.tls ? schemes.secure_port : schemes.plain_port;
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  if (auto ok = parse_authority(text.substr(0, end), parsed); !ok) return fail(std::move(ok).error());
  parsed.rest = text.substr(end);
  return parsed;
}

std::string authority_text(const std::string& host, std::uint16_t port, std::uint16_t default_port) {
  const bool ipv6 = host.find(':') != host.npos;
  std::string text;
  if (ipv6) text += '[';
  text += host;
  if (ipv6) text += ']';
  if (port != default_port) text.append(":").append(std::to_string(port));
  return text;
}

}  // namespace sluice::net
