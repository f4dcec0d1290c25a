// Commits of a start, before the log has any other user.
#pragma once

#include "actors/checkpoint/segment_log.hpp"
#include "messages/result.hpp"

namespace sluice::node {

/// Commits `group` and applies it to `state`. Blocks for the disk, and while the log prepares a segment.
/// errc::log_full when there is no room; nothing was written then.
result<void> commit_now(checkpoint::group_builder& group, checkpoint::segment_log& log,
                        checkpoint::log_state& state, checkpoint::segment_log::moment when);

}  // namespace sluice::node
