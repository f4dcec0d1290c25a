// JSON string text as bytes: escapes, and where text is wrong. The fast path only learns that something is
// wrong; these slower functions say where.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::decode {

/// The end of the escape whose backslash is at `p`, a surrogate pair counted as one, or nullptr when it is
/// none of RFC 8259 section 7 or a surrogate without its other half (which no UTF-8 text can hold). Stops at
/// the first byte that is wrong, so a closing quote after `p` bounds what is read.
const char* escape_end(const char* p) noexcept;

/// Writes the text that `raw` (between the quotes, escapes valid) stands for and returns its size, at most
/// `raw.size()` bytes.
std::size_t unescape(std::string_view raw, char* to) noexcept;

/// Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629), or `text.size()`.
std::size_t first_invalid_utf8(std::string_view text) noexcept;

/// Offset of the first control character inside a string, else of the opening quote of a string that never
/// ends, else `text.size()`.
std::size_t first_string_fault(std::string_view text) noexcept;

}  // namespace sluice::decode
