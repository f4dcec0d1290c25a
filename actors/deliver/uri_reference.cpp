#include "actors/deliver/uri_reference.hpp"

#include <algorithm>

namespace sluice::deliver {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Unreserved and reserved, but for the brackets, which only an IP literal has.
bool may_stand(char c) {
  constexpr std::string_view marks = "-._~:/?#@!$&'()*+,;=";
  return is_alpha(c) || is_digit(c) || marks.find(c) != marks.npos;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// [ userinfo "@" ] host [ ":" port ], of characters that `may_stand`.
bool is_authority(std::string_view text) {
  if (const auto at = text.find('@'); at != text.npos) text.remove_prefix(at + 1);
  if (text.find('@') != text.npos) return false;
  const auto colon = text.find(':');
  return colon == text.npos || std::ranges::all_of(text.substr(colon + 1), is_digit);
}

void append_encoded(std::string& to, char c) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  to += '%';
  to += hex[byte >> 4];
  to += hex[byte & 15];
}

}  // namespace

std::string uri_reference(std::string_view text) {
  const std::size_t first_segment = std::min(text.find_first_of("/?#"), text.size());
  const std::size_t colon = text.substr(0, first_segment).find(':');
  const bool has_scheme = colon != text.npos && is_scheme(text.substr(0, colon));
  const std::size_t hierarchy = has_scheme ? colon + 1 : 0;
  std::size_t no_slash = text.npos;  // the second of two that would begin an authority which is none
  if (text.substr(hierarchy).starts_with("//")) {
    const std::string_view rest = text.substr(hierarchy + 2);
    if (!is_authority(rest.substr(0, rest.find_first_of("/?#")))) no_slash = hierarchy + 1;
  }
  std::string out;
  out.reserve(text.size());
  bool in_fragment = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool encoded = c == '%' && text.size() - i > 2 && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    const bool wrong_colon = c == ':' && !has_scheme && i < first_segment;
    const bool wrong_hash = c == '#' && in_fragment;
    if (encoded || (may_stand(c) && !wrong_colon && !wrong_hash && i != no_slash)) {
      out += c;
    } else {
      append_encoded(out, c);
    }
    in_fragment = in_fragment || c == '#';
  }
  return out;
}

}  // namespace sluice::deliver
