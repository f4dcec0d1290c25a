// What may stand in a field of an HTTP message (RFC 9110 section 5).
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice::net::http {

/// A token: the name of a field.
inline bool is_field_name(std::string_view text) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != marks.npos;
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

/// Without regard to ASCII case, as names of fields, authentication schemes and hosts compare.
inline bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Nothing that ends the line or that a reader might take for an end.
inline bool is_field_value(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

}  // namespace sluice::net::http
