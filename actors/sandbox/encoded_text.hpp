// Two encodings of the token endpoint: base64 of Basic credentials, and forms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sandbox {

/// RFC 4648 section 4, with its padding; nothing else.
std::optional<std::string> decode_base64(std::string_view text);

using form = std::vector<std::pair<std::string, std::string>>;

/// `application/x-www-form-urlencoded`, of a body or a query. Nothing where a % stands before no two digits.
std::optional<form> parse_form(std::string_view text);

/// The first value of that name, or null.
const std::string* value_of(const form& fields, std::string_view name);

}  // namespace sluice::sandbox
