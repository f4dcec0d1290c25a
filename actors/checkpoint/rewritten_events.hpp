// Events on their way to being written again, whole in memory: what a rewritten record is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// Bounded by whoever makes it; a record takes at most group_bytes_max.
struct rewritten_events {
  rewrite_kind kind{};
  std::string who;               ///< asked, for the audit; at most order_who_bytes_max
  std::int64_t received_ms = 0;  ///< Unix milliseconds: when they are written again
  std::vector<event_entry> entries;
  std::vector<rewritten_event> before;  ///< beside `entries`
  target_sets targets;                  ///< of one destination
  std::string body;                     ///< the entries' slices lie in it

  /// Takes an entry of `from` and its slice; what stands beside it comes apart.
  void add(event_entry entry, std::string_view from) {
    const auto slice = from.substr(entry.offset, entry.length);
    entry.offset = static_cast<std::uint32_t>(body.size());
    entries.push_back(entry);
    body += slice;
  }
  bool append_to(group_builder& group) const {
    return group.append_rewritten({kind, who, before}, {received_ms, entries, targets, body});
  }
  /// Room that their record needs at most.
  std::size_t record_bytes() const noexcept {
    return sizeof(record_header) + sizeof(rewritten_head) + sizeof(batch_head) + record_padded(who.size()) +
           entries.size() * (sizeof(event_entry) + sizeof(rewritten_event)) +
           targets.size() * 2 * sizeof(target) + record_padded(body.size());
  }
};

}  // namespace sluice::checkpoint
