#include "actors/node/admin/target.hpp"

namespace sluice::node::admin {
namespace {

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes what stands before `mark`, and the mark, off the front of `rest`.
std::string_view take_until(std::string_view& rest, char mark) {
  const auto end = rest.find(mark);
  const auto taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return taken;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

std::optional<target> parse_target(std::string_view text) {
  target out;
  auto query = text;
  auto path = take_until(query, '?');
  if (path.starts_with('/')) path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = percent_decoded(take_until(path, '/'));
    if (!segment) return std::nullopt;
    out.segments.push_back(*std::move(segment));
  }
  while (!query.empty()) {
    auto value = take_until(query, '&');
    const auto name = take_until(value, '=');
    auto plain_name = percent_decoded(name), plain_value = percent_decoded(value);
    if (!plain_name || !plain_value) return std::nullopt;
    if (!plain_name->empty()) out.query.emplace_back(*std::move(plain_name), *std::move(plain_value));
  }
  return out;
}

}  // namespace sluice::node::admin
