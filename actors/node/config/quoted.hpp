// Foreign text inside a message for people.
#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// In backquotes, at most 80 bytes of it (then …), control characters as `?`: it cannot start a line or
/// colour a terminal.
std::string quoted(std::string_view text);

}  // namespace sluice::config
