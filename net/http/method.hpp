// The request methods that anybody here asks for or answers.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::net::http {

enum class method : std::uint8_t { get, head, post, put, del, options, other };

/// As it stands in a request line; empty for `other`.
constexpr std::string_view to_string(method verb) noexcept {
  switch (verb) {
    case method::get:
      return "GET";
    case method::head:
      return "HEAD";
    case method::post:
      return "POST";
    case method::put:
      return "PUT";
    case method::del:
      return "DELETE";
    case method::options:
      return "OPTIONS";
    case method::other:
      return "";
  }
  return "";
}

}  // namespace sluice::net::http
