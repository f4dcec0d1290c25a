// Finds what a person meant when a name is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

/// Edits (insert, delete, replace one byte) that make one of the other. Quadratic.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name with the fewest edits, the first of several; empty when even that one differs in more than
/// half of the longer one's bytes.
std::string_view nearest(std::string_view name, std::span<const std::string> known);

}  // namespace sluice::config
