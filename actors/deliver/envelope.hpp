// What events look like on their way out: the HTTP body and the line of a file. An event's own bytes are not
// touched, but that a line has no line breaks inside.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::deliver {

/// `{"events":[slice,slice,…]}`, each slice byte for byte. One allocation.
std::string envelope(std::span<const std::string_view> events);

/// Appends the event as one line ending in LF. CR and LF become spaces: in JSON text they can only stand
/// between tokens (RFC 8259 section 7 forbids them inside strings), so the value is the same. Allocates only
/// when `to` grows.
void append_line(std::string& to, std::string_view event);

}  // namespace sluice::deliver
