// Which lanes have events in a group, so that a reader of one lane passes over the groups of the others
// unread, and sleeps meanwhile.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// The lanes that the events of a group may go to, ascending; quarantined ones count for the dead letters.
/// Lanes of duplicates may be among them: more than there are, but never fewer. Nothing when the content
/// contradicts itself: who reads it says how.
std::optional<std::vector<target>> targets_of(const group_header& header, std::span<const std::byte> content);

}  // namespace sluice::checkpoint
