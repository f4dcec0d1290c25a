// What a new destination with `from: oldest` gets of the log before its time.
#pragma once

#include <cstdint>
#include <memory>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/decode/identity.hpp"
#include "actors/route/lane_split.hpp"
#include "actors/route/rule_set.hpp"
#include "messages/result.hpp"

namespace sluice::node {

struct backfill_sources {
  checkpoint::segment_log* log = nullptr;
  checkpoint::log_state* state = nullptr;
  const decode::identity_key* key = nullptr;  ///< the log's
  std::shared_ptr<const route::rule_set> rules;
  std::shared_ptr<const route::lane_split> split;
  checkpoint::segment_log::moment when;
};

/// Writes again, for destination `to`, every event that the log retains whole from before its time and that
/// the rules of now send there, in the order of the log; says how many. Nothing for a destination that is
/// owed nothing. Blocking, before the log has any other user; a start that was cut short goes on where it
/// stood. Memory: a megabyte, or one event. errc::log_full when the log has no room for them: what was
/// written stays.
result<std::uint64_t> backfill(destination_id to, const backfill_sources& from);

}  // namespace sluice::node
