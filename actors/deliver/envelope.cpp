// Sizes first, then one pass of copies.
#include "actors/deliver/envelope.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::deliver {

std::string envelope(std::span<const std::string_view> events) {
  constexpr std::string_view open = R"({"events":[)", close = "]}";
  std::size_t size = open.size() + close.size() + events.size();
  for (const std::string_view event : events) size += event.size();

  std::string body;
  body.reserve(size);
  body += open;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) body += ',';
    body += events[i];
  }
  body += close;
  return body;
}

void append_line(std::string& to, std::string_view event) {
  const auto start = static_cast<std::ptrdiff_t>(to.size());
  to += event;
  std::transform(to.begin() + start, to.end(), to.begin() + start,
                 [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
  to += '\n';
}

}  // namespace sluice::deliver
