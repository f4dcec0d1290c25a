#include "actors/decode/json_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace sluice::decode {
namespace {

constexpr std::uint32_t bad_hex = 0xffff'ffff;

constexpr auto hex_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = values[static_cast<std::size_t>('A' + i)] =
        static_cast<std::int8_t>(10 + i);
  }
  return values;
}();

/// Value of the four hex digits at `p`, or bad_hex at the first byte that is none.
std::uint32_t four_hex(const char* p) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::int8_t digit = hex_values[static_cast<unsigned char>(p[i])];
    if (digit < 0) return bad_hex;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

constexpr bool is_high_surrogate(std::uint32_t unit) noexcept { return unit >= 0xd800 && unit <= 0xdbff; }
constexpr bool is_low_surrogate(std::uint32_t unit) noexcept { return unit >= 0xdc00 && unit <= 0xdfff; }

char* put_utf8(std::uint32_t point, char* to) noexcept {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
  return to;
}

/// What the one-letter escape stands for; the letter itself for quote, backslash and slash.
constexpr char short_escape(char letter) noexcept {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

/// Length of the well-formed sequence at the start of `text` (not empty), or 0. RFC 3629 section 4.
std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char second_min = 0x80, second_max = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) second_min = 0xa0;
    if (lead == 0xed) second_max = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) second_min = 0x90;
    if (lead == 0xf4) second_max = 0x8f;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < second_min || byte(1) > second_max) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

const char* escape_end(const char* p) noexcept {
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 2;
    case 'u':
      break;
    default:
      return nullptr;
  }
  const std::uint32_t unit = four_hex(p + 2);
  if (unit == bad_hex || is_low_surrogate(unit)) return nullptr;
  if (!is_high_surrogate(unit)) return p + 6;
  if (p[6] != '\\' || p[7] != 'u') return nullptr;
  return is_low_surrogate(four_hex(p + 8)) ? p + 12 : nullptr;
}

std::size_t unescape(std::string_view raw, char* to) noexcept {
  char* const begin = to;
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p != end) {
    const void* const found = std::memchr(p, '\\', static_cast<std::size_t>(end - p));
    const char* const backslash = found == nullptr ? end : static_cast<const char*>(found);
    const auto plain = static_cast<std::size_t>(backslash - p);
    std::memcpy(to, p, plain);
    to += plain;
    if (backslash == end) break;
    if (backslash[1] != 'u') {
      *to++ = short_escape(backslash[1]);
      p = backslash + 2;
      continue;
    }
    std::uint32_t point = four_hex(backslash + 2);
    p = backslash + 6;
    if (is_high_surrogate(point)) {
      point = 0x10000 + ((point - 0xd800) << 10) + (four_hex(p + 2) - 0xdc00);
      p += 6;
    }
    to = put_utf8(point, to);
  }
  return static_cast<std::size_t>(to - begin);
}

std::size_t first_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_sequence(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::size_t first_string_fault(std::string_view text) noexcept {
  std::size_t open = text.size();  // the opening quote while inside a string
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = open != text.size();
    if (c == '\\') {
      if (inside && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0x20) return i + 1;
      ++i;
    } else if (c == '"') {
      open = inside ? text.size() : i;
    } else if (inside && static_cast<unsigned char>(c) < 0x20) {
      return i;
    }
  }
  return open;
}

}  // namespace sluice::decode
