// The target of a request, taken apart: segments of the path, parameters of the query, both decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::node::admin {

/// `%41` is `A`; nothing for a `%` without two hexadecimal digits, and for a NUL.
std::optional<std::string> percent_decoded(std::string_view text);

struct target {
  std::vector<std::string> segments;  ///< of `/a/b`: a, b
  std::vector<std::pair<std::string, std::string>> query;
};
/// Nothing when a part cannot be decoded.
std::optional<target> parse_target(std::string_view text);

}  // namespace sluice::node::admin
