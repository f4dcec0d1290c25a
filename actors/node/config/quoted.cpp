// Cuts between characters of UTF-8, never inside one.
#include "actors/node/config/quoted.hpp"

#include <cstddef>

namespace sluice::config {

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_bytes = 80;
  std::size_t end = text.size();
  if (end > shown_bytes) {
    end = shown_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  }
  std::string out = "`";
  for (const char c : text.substr(0, end)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out.append(end < text.size() ? "…`" : "`");
}

}  // namespace sluice::config
