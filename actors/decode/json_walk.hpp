// One pass over the tokens of a body that checks every rule of RFC 8259 the token index does not: structure,
// numbers, literals, escapes, depth. Whoever drives it stops at the members that matter and skips, checked,
// over the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "messages/assert.hpp"

namespace sluice::decode {

/// A string as it stands in the body: offsets of what is between its quotes, and whether escapes are in it.
struct raw_string {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool escaped = false;
  constexpr std::uint32_t size() const noexcept { return end - begin; }
};

/// A cursor that stands on a token. Every function that moves it says by its result whether the text was
/// right; after a fault only `fault_at` and `fault_text` mean anything. Uses no recursion: depth costs a byte
/// a level.
class json_walk {
 public:
  enum class step : std::uint8_t {
    item,   ///< the cursor stands on a value
    end,    ///< the container has ended, the cursor stands behind it
    fault,  ///< not JSON
  };

  /// Containers open at once, the outermost included.
  explicit json_walk(std::size_t max_depth) : open_(max_depth + 1), max_depth_(max_depth) {}

  /// Stands on the first token. `tokens` as token_index gives them; the last one must be a closing bracket or
  /// brace, which is what keeps every scan within the body. Both must stay until the walk is over; a few
  /// bytes behind the body are read (fewer than body_padding).
  void start(std::string_view body, std::span<const std::uint32_t> tokens);

  bool at_end() const noexcept { return next_ == count_; }
  /// Offset of the token; not at the end.
  std::uint32_t offset() const noexcept { return tokens_[next_]; }
  /// Its first byte; not at the end.
  char peek() const noexcept { return body_[tokens_[next_]]; }
  /// Offset behind the value that was passed last; only right behind a value.
  std::uint32_t value_end() const noexcept;

  /// On `{`: enters it, reads the first key and its colon.
  step first_member(raw_string& key);
  /// Behind a member's value.
  step next_member(raw_string& key);
  /// On `[`: enters it.
  step first_element();
  /// Behind an element.
  step next_element();
  /// On `"`: reads the string.
  bool string(raw_string& text);
  /// Over the value under the cursor, whatever it is, checking all of it.
  bool skip_value();

  /// Records a fault; for callers that find one of their own.
  bool fault(std::size_t at, const char* text) noexcept;
  std::size_t fault_at() const noexcept { return fault_at_; }
  /// What is wrong there, for people; `too_deep` itself when it is the limit on depth.
  const char* fault_text() const noexcept { return fault_text_; }
  static constexpr char too_deep[] = "containers are nested too deep";

 private:
  bool enter(char opener);
  step member(raw_string& key);
  bool check_escapes(std::uint32_t limit);
  bool check_scalar(std::uint32_t at, std::uint32_t next_at);
  bool skip_key(std::size_t& next);

  std::vector<char> open_;  // [1..depth_]: the opener of each container that skip_value has entered
  std::size_t max_depth_;
  const char* body_ = nullptr;
  std::size_t size_ = 0;
  const std::uint32_t* tokens_ = nullptr;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::size_t backslash_ =
      0;  // offset of the first backslash at or behind the cursor, size_ when there is none
  std::size_t fault_at_ = 0;
  const char* fault_text_ = nullptr;
};

inline bool json_walk::string(raw_string& text) {
  const std::uint32_t begin = tokens_[next_] + 1;
  ++next_;
  std::uint32_t end = tokens_[next_] - 1;
  while (body_[end] != '"') --end;  // whitespace only, see token_index
  SLUICE_ASSERT(begin <= end);
  text = {.begin = begin, .end = end, .escaped = backslash_ < end};
  return !text.escaped || check_escapes(end);
}

inline std::uint32_t json_walk::value_end() const noexcept {
  const std::uint32_t last = tokens_[next_ - 1];
  if (body_[last] == '}' || body_[last] == ']') return last + 1;
  std::uint32_t end = tokens_[next_];  // behind a scalar there is always a token
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (is_space(body_[end - 1])) --end;
  return end;
}

inline json_walk::step json_walk::member(raw_string& key) {
  if (peek() != '"') return fault(offset(), "expected a key"), step::fault;
  if (!string(key)) return step::fault;
  if (peek() != ':') return fault(offset(), "expected ':'"), step::fault;
  ++next_;
  return step::item;
}

inline json_walk::step json_walk::next_member(raw_string& key) {
  if (at_end()) return fault(size_, "expected ',' or '}'"), step::fault;
  if (peek() == ',') {
    ++next_;
    return member(key);
  }
  if (peek() != '}') return fault(offset(), "expected ',' or '}'"), step::fault;
  ++next_;
  --depth_;
  return step::end;
}

inline json_walk::step json_walk::next_element() {
  if (at_end()) return fault(size_, "expected ',' or ']'"), step::fault;
  if (peek() == ',') {
    ++next_;
    return step::item;
  }
  if (peek() != ']') return fault(offset(), "expected ',' or ']'"), step::fault;
  ++next_;
  --depth_;
  return step::end;
}

}  // namespace sluice::decode
