#include "actors/decode/json_walk.hpp"

#include <cstring>

#include "actors/decode/json_text.hpp"

namespace sluice::decode {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

const char* digits_end(const char* p) noexcept {
  while (is_digit(*p)) ++p;
  return p;
}

/// The end of the number at `p` (RFC 8259 section 6, of any size and precision), or nullptr.
const char* number_end(const char* p) noexcept {
  if (*p == '-') ++p;
  if (!is_digit(*p)) return nullptr;
  p = *p == '0' ? p + 1 : digits_end(p + 1);
  if (*p == '.') {
    if (!is_digit(p[1])) return nullptr;
    p = digits_end(p + 2);
  }
  if (*p == 'e' || *p == 'E') {
    ++p;
    if (*p == '+' || *p == '-') ++p;
    if (!is_digit(*p)) return nullptr;
    p = digits_end(p + 1);
  }
  return p;
}

}  // namespace

void json_walk::start(std::string_view body, std::span<const std::uint32_t> tokens) {
  SLUICE_ASSERT(!tokens.empty() && tokens.back() < body.size());
  SLUICE_ASSERT(body[tokens.back()] == '}' || body[tokens.back()] == ']');
  body_ = body.data();
  size_ = body.size();
  tokens_ = tokens.data();
  count_ = tokens.size();
  next_ = depth_ = 0;
  const void* const found = std::memchr(body_, '\\', size_);
  backslash_ = found == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(found) - body_);
  fault_at_ = 0;
  fault_text_ = nullptr;
}

bool json_walk::fault(std::size_t at, const char* text) noexcept {
  fault_at_ = at;
  fault_text_ = text;
  return false;
}

bool json_walk::enter(char opener) {
  if (depth_ == max_depth_) return fault(offset(), too_deep);
  open_[++depth_] = opener;
  ++next_;
  return true;
}

json_walk::step json_walk::first_member(raw_string& key) {
  if (!enter('{')) return step::fault;
  if (peek() != '}') return member(key);
  ++next_;
  --depth_;
  return step::end;
}

json_walk::step json_walk::first_element() {
  if (!enter('[')) return step::fault;
  if (peek() != ']') return step::item;
  ++next_;
  --depth_;
  return step::end;
}

/// Checks the escapes from the first backslash up to `limit`, which stands in or behind the string's closing
/// quote.
bool json_walk::check_escapes(std::uint32_t limit) {
  do {
    const char* const end = escape_end(body_ + backslash_);
    if (end == nullptr)
      return fault(backslash_, "expected an escape sequence of RFC 8259 (surrogates in pairs)");
    const auto at = static_cast<std::size_t>(end - body_);
    if (*end == '\\') {
      backslash_ = at;
      continue;
    }
    const void* const found = std::memchr(end, '\\', size_ - at);
    backslash_ = found == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(found) - body_);
  } while (backslash_ < limit);
  return true;
}

/// On a key of an object that nobody looks into: over it and its colon.
bool json_walk::skip_key() {
  if (peek() != '"') return fault(offset(), "expected a key");
  ++next_;
  if (backslash_ < offset() && !check_escapes(offset())) return false;
  if (peek() != ':') return fault(offset(), "expected ':'");
  ++next_;
  return true;
}

/// What follows a number or literal directly must end its run of bytes.
bool json_walk::behind_scalar(std::uint32_t end, const char* expected) {
  ++next_;
  if (end == offset() || is_space(body_[end])) return true;
  return fault(end, expected);
}

bool json_walk::skip_literal(std::uint32_t at, std::string_view word) {
  if (std::memcmp(body_ + at, word.data(), word.size()) != 0) return fault(at, "expected a value");
  return behind_scalar(at + static_cast<std::uint32_t>(word.size()), "expected the end of the literal");
}

bool json_walk::skip_number(std::uint32_t at) {
  const char* const end = number_end(body_ + at);
  if (end == nullptr)
    return fault(at,
                 is_digit(body_[at]) || body_[at] == '-' ? "expected a valid number" : "expected a value");
  return behind_scalar(static_cast<std::uint32_t>(end - body_), "expected the end of the number");
}

bool json_walk::skip_scalar() {
  const std::uint32_t at = offset();
  switch (body_[at]) {
    case '"':
      ++next_;
      return backslash_ >= offset() || check_escapes(offset());
    case 't':
      return skip_literal(at, "true");
    case 'f':
      return skip_literal(at, "false");
    case 'n':
      return skip_literal(at, "null");
    default:
      return skip_number(at);
  }
}

bool json_walk::skip_value() {
  const std::size_t outside = depth_;
  for (;;) {
    // The cursor is on a value.
    const char first = peek();
    if (first == '{') {
      if (!enter('{')) return false;
      if (peek() != '}') {
        if (!skip_key()) return false;
        continue;
      }
      ++next_;
      --depth_;
    } else if (first == '[') {
      if (!enter('[')) return false;
      if (peek() != ']') continue;
      ++next_;
      --depth_;
    } else if (!skip_scalar()) {
      return false;
    }
    // Behind a value: over every container that ends here, up to the next value.
    for (;;) {
      if (depth_ == outside) return true;
      const bool in_object = open_[depth_] == '{';
      const char* const expected = in_object ? "expected ',' or '}'" : "expected ',' or ']'";
      if (at_end()) return fault(size_, expected);
      const char c = peek();
      if (c == ',') {
        ++next_;
        if (in_object && !skip_key()) return false;
        break;
      }
      if (c != (in_object ? '}' : ']')) return fault(offset(), expected);
      ++next_;
      --depth_;
    }
  }
}

}  // namespace sluice::decode
