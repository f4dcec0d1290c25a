// Where the tokens of a JSON text begin, found many bytes at a time. The only part that knows simdjson: its
// first stage also checks UTF-8, control characters in strings, and that every string ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::decode {

/// One for each decoder, reused from body to body; not thread-safe.
///
/// Tokens are the brackets, braces, colons and commas outside strings, the opening quotes, and the first
/// bytes of everything else that is not whitespace; a quote or any other byte right behind such a first byte
/// belongs to its run and is no token. Between a string's closing quote and the next token there is only
/// whitespace.
class token_index {
 public:
  /// Buffers for bodies up to this size are kept (4 bytes a byte of body); larger ones last for one body.
  static constexpr std::size_t retained_body_max = std::size_t{1} << 20;

  token_index();
  ~token_index();
  token_index(const token_index&) = delete;
  token_index& operator=(const token_index&) = delete;

  /// Offsets of the tokens in `body`, at least one, ascending; they live until the next call. Reads `body`
  /// alone, no byte behind it. Errors: not_json with the byte that is wrong, too_large when 32 bits cannot
  /// count the body or there is no memory for its index.
  result<std::span<const std::uint32_t>> index(std::string_view body);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice::decode
