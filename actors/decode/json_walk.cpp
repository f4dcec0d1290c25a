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

/// A number or literal at `at`; it must reach to the token at `next_at` or to whitespace before it.
bool json_walk::check_scalar(std::uint32_t at, std::uint32_t next_at) {
  const char* const p = body_ + at;
  const char* end = nullptr;
  const auto word = [p, &end](std::string_view literal) {
    if (std::memcmp(p, literal.data(), literal.size()) == 0) end = p + literal.size();
  };
  switch (*p) {
    case 't':
      word("true");
      break;
    case 'f':
      word("false");
      break;
    case 'n':
      word("null");
      break;
    default:
      end = number_end(p);
  }
  if (end == nullptr)
    return fault(at, is_digit(*p) || *p == '-' ? "expected a valid number" : "expected a value");
  if (end == body_ + next_at || is_space(*end)) return true;
  return fault(static_cast<std::size_t>(end - body_), "expected the end of the number or literal");
}

/// Over a key that nobody looks into, and its colon; `next` is moved.
[[gnu::always_inline]] inline bool json_walk::skip_key(std::size_t& next) {
  const std::uint32_t at = tokens_[next], colon_at = tokens_[next + 1];
  if (body_[at] != '"') return fault(at, "expected a key");
  if (backslash_ < colon_at && !check_escapes(colon_at)) return false;
  if (body_[colon_at] != ':') return fault(colon_at, "expected ':'");
  next += 2;
  return true;
}

bool json_walk::skip_value() {
  // The cursor in locals: what is written to open_ could be any member, as far as the compiler knows.
  const char* const body = body_;
  const std::uint32_t* const tokens = tokens_;
  char* const open = open_.data();
  const std::size_t outside = depth_;
  std::size_t next = next_, depth = depth_;
  for (;;) {
    // On a value. Into a container that is not empty, or over anything else.
    const std::uint32_t at = tokens[next++];
    const char first = body[at];
    if (first == '"') {
      if (backslash_ < tokens[next] && !check_escapes(tokens[next])) return false;
    } else if (first == '{' || first == '[') {
      if (depth == max_depth_) return fault(at, too_deep);
      const bool is_object = first == '{';
      if (body[tokens[next]] != (is_object ? '}' : ']')) {
        open[++depth] = first;
        if (is_object && !skip_key(next)) return false;
        continue;
      }
      ++next;
    } else if (!check_scalar(at, tokens[next])) {
      return false;
    }
    // Behind a value: over every container that ends here, up to the next value.
    for (;;) {
      if (depth == outside) {
        next_ = next;
        return true;
      }
      const bool in_object = open[depth] == '{';
      const char* const expected = in_object ? "expected ',' or '}'" : "expected ',' or ']'";
      if (next == count_) return fault(size_, expected);
      const char c = body[tokens[next]];
      if (c == ',') {
        ++next;
        if (in_object && !skip_key(next)) return false;
        break;
      }
      if (c != (in_object ? '}' : ']')) return fault(tokens[next], expected);
      ++next;
      --depth;
    }
  }
}

}  // namespace sluice::decode
