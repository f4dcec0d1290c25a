// http[s] URLs (RFC 9110 section 4.2): an origin and what is asked of it.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "net/http/client.hpp"
#include "net/origin.hpp"

namespace sluice::net::http {
namespace {

constexpr scheme_pair schemes{"http", "https", 80, 443};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

tl::unexpected<error> bad(std::string detail) { return fail(errc::bad_request, std::move(detail)); }

// path-abempty [ "?" query ]
result<void> check_target(std::string_view text) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:@/?";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') return bad("a URL with a fragment is not accepted");
    if (c == '%') {
      if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
        return bad("a % of the path is not followed by two hexadecimal digits");
      }
    } else if (!is_alpha(c) && !is_digit(c) && marks.find(c) == marks.npos) {
      return bad("the path has a character that must be percent-encoded");
    }
  }
  return {};
}

}  // namespace

result<url> parse_url(std::string_view text) {
  auto where = parse_origin(text, schemes);
  if (!where) return fail(std::move(where).error());
  if (auto ok = check_target(where->rest); !ok) return fail(std::move(ok).error());
  url parsed{where->tls, std::move(where->host), where->port, "/"};
  if (where->rest.starts_with('/')) {
    parsed.target = where->rest;
  } else {
    parsed.target += where->rest;
  }
  return parsed;
}

std::string url::authority() const {
  return authority_text(host, port, tls ? schemes.secure_port : schemes.plain_port);
}

}  // namespace sluice::net::http
