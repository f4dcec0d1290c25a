// Reading what a server answered, written apart from the node's own HTTP code so that it can judge it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::load {

/// Bytes of one answer, head and framing included, that are ever kept; a longer one is malformed. A page of
/// metrics fits.
inline constexpr std::size_t answer_bytes_max = 1 << 20;

enum class answer_state : std::uint8_t { incomplete, complete, malformed };

/// One HTTP/1.1 answer (RFC 9112).
struct answer {
  answer_state state = answer_state::incomplete;
  int status = 0;
  std::size_t size = 0;  ///< bytes of the input that it took, informational answers before it included
  bool closes = false;   ///< the server ends the connection after it
  std::optional<unsigned> retry_after_seconds;  ///< of a number; a date is not understood and left out
  std::string body;                             ///< without its framing
};

/// Reads the answer at the beginning of `input`. `ended` says that no more bytes will come, which ends a body
/// that has no length of its own. The same bytes may be given again with more behind them.
answer read_answer(std::string_view input, bool ended);

/// The text that begins with the value of the first member `name` of a JSON object, up to the end of the
/// object; nothing when there is no such member. For flat objects of a known writer: it knows no nesting and
/// no escapes.
std::optional<std::string_view> member_of(std::string_view json, std::string_view name);

/// The whole number that is the value of that member; nothing when there is none.
std::optional<std::uint64_t> count_in(std::string_view json, std::string_view name);

}  // namespace sluice::load
