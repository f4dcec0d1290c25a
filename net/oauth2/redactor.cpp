#include "net/oauth2/redactor.hpp"

#include <algorithm>
#include <utility>

#include "net/base64.hpp"
#include "net/http/quoted.hpp"

namespace sluice::net::oauth2 {
namespace {

std::string encoded(std::string_view text, std::string_view digits, std::string_view blank) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '*';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += blank;
    } else {
      out.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return out;
}

/// As a JSON string has it, with `\/` for a slash or without: encoders differ.
std::string json_text(std::string_view text, bool slashes) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || (slashes && c == '/')) out += '\\';
    out += c;
  }
  return out;
}

constexpr std::string_view upper_digits = "0123456789ABCDEF", lower_digits = "0123456789abcdef";

}  // namespace

std::string form_text(std::string_view text) { return encoded(text, upper_digits, "+"); }

void redactor::hide(const std::string& secret) {
  if (secret.empty()) return;
  hidden_.push_back(secret);
  const std::string in_base64 = to_base64(secret);
  hidden_.push_back(in_base64);
  for (const std::string& form : {std::string(secret), in_base64})
    for (const bool slashes : {true, false}) hidden_.push_back(json_text(form, slashes));
  for (const std::string_view digits : {upper_digits, lower_digits})
    for (const std::string_view blank : {"+", "%20"}) hidden_.push_back(encoded(secret, digits, blank));
  std::ranges::sort(hidden_, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  hidden_.erase(std::unique(hidden_.begin(), hidden_.end()), hidden_.end());
}

std::string redactor::clean(std::string text) const {
  constexpr std::string_view instead = "***";
  for (const std::string& one : hidden_) {
    for (std::size_t at = 0; (at = text.find(one, at)) != text.npos; at += instead.size())
      text.replace(at, one.size(), instead);
  }
  return text;
}

std::string excerpt(std::string text, const redactor& secrets) {
  return http::excerpt(secrets.clean(std::move(text)));
}

}  // namespace sluice::net::oauth2
