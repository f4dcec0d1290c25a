// Base64 with padding (RFC 4648 section 4), read strictly: one text for one value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::net {

std::string to_base64(std::string_view bytes);

/// Nothing for a text that `to_base64` would not have written: other characters, missing or wrong padding,
/// bits behind the last byte.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::net
