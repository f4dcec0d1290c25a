// An independent checker of RFC 8259, slow and plain: recursive descent over bytes, no tables, no lookahead.
// The fast walk must agree with it on every input.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::decode {

/// Whether `text` is one JSON text in UTF-8, with at most `max_depth` containers open at once, no byte order
/// mark, and no escape that stands for half a surrogate pair.
bool reference_is_json(std::string_view text, std::size_t max_depth);

}  // namespace sluice::decode
