// Takes an event apart again, on its way out: its members as they stand, each value a slice of its bytes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::decode {

/// A member of an object: its key unescaped, its value as JSON text without whitespace around it.
struct object_member {
  std::string_view key;
  std::string_view value;

  bool is_string() const noexcept { return value.front() == '"'; }
};

/// Reads one object after the other with the same buffers; not thread-safe. Between objects it keeps about
/// five times the bytes of the largest so far up to a MiB.
class object_reader {
 public:
  object_reader();
  ~object_reader();
  object_reader(object_reader&&) noexcept;
  object_reader& operator=(object_reader&&) noexcept;

  /// The members of `text` in its order, a key that is there twice twice. What they point into lasts until
  /// the next call, and does not depend on `text`. Errors: not_json; unsupported when it is another value
  /// than an object.
  result<std::span<const object_member>> read(std::string_view text);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// What a string value stands for. `value` is well-formed and has its quotes.
std::string string_text(std::string_view value);

}  // namespace sluice::decode
