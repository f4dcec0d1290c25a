// Everything the node must know again after a crash besides the events themselves: cursors, lanes, offers,
// totals. It changes only by applying committed groups, live and in recovery alike, and is written whole at
// each segment's head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/group.hpp"
#include "actors/checkpoint/settled_ranges.hpp"

namespace sluice::checkpoint {

/// received = accepted + duplicates + quarantined, over the life of the log.
struct event_totals {
  std::uint64_t batches = 0, received = 0, accepted = 0, duplicates = 0, quarantined = 0, dropped = 0;
  friend bool operator==(const event_totals&, const event_totals&) = default;
};

/// routed + redriven = delivered + dead_lettered + discarded + dropped_oldest + pending.
struct destination_totals {
  std::uint64_t routed = 0, redriven = 0, delivered = 0, dead_lettered = 0, discarded = 0, dropped_oldest = 0;
  std::uint64_t pending() const noexcept {
    return routed + redriven - delivered - dead_lettered - discarded - dropped_oldest;
  }
  friend bool operator==(const destination_totals&, const destination_totals&) = default;
};

struct lane_state {
  settled_ranges settled;
  std::uint64_t file_length = 0;         ///< file destinations: durable bytes
  bool file_attached = false;            ///< the base length of a file that was there before is known
  std::uint64_t last_offer = 0;          ///< highest offer number given
  std::uint64_t pending = 0;             ///< events that were routed to it and are not settled
  std::optional<offer_head> open_offer;  ///< one request in flight

  /// It needs nothing of the log.
  bool idle() const noexcept { return pending == 0 && !open_offer; }
  /// The first position that it still needs; `none` when it is idle.
  position needed_from(position none) const noexcept;
  friend bool operator==(const lane_state&, const lane_state&) = default;
};

struct destination_state {
  destination_id id = 0;
  std::string name;
  bool removed = false;
  bool paused = false;         ///< by an operator: no attempt begins
  position discard_upto = 0;   ///< an operator gives up what waits up to here; 0: nothing, or it is done
  position backfilled = 0;     ///< while a backfill is owed: everything up to here was looked at
  position backfill_upto = 0;  ///< a new destination gets what the log had for it up to here; 0: it has it
  std::vector<lane_state> lanes;
  destination_totals totals;  ///< totals.pending() is the sum over the lanes

  /// The first position that one of its lanes still needs; `none` when all are idle.
  position needed_from(position none) const noexcept;
  /// An event that was routed to the lane does not wait there any more.
  bool is_settled(lane_id lane, position at) const noexcept;
  friend bool operator==(const destination_state&, const destination_state&) = default;
};

/// A dead letter that was redriven, by its key.
struct leaving_letter {
  destination_id destination = 0;
  std::uint16_t reserved = 0;
  std::uint32_t generation = 0;
  position origin = 0;
  friend bool operator==(const leaving_letter&, const leaving_letter&) = default;
};
static_assert(sizeof(leaving_letter) == 16);

/// What a destination with a backlog still needs of the log.
struct destination_need {
  destination_id id = 0;
  position from = 0;            ///< the first position that one of its lanes needs
  std::vector<position> lanes;  ///< of each lane: the first position that it needs, or `nothing`
  static constexpr position nothing = std::numeric_limits<position>::max();
};

/// Most lanes of a destination.
inline constexpr std::size_t lanes_max = 1024;
/// Longest name of a destination, in bytes.
inline constexpr std::size_t destination_name_bytes_max = 255;
/// Most dead letters that are redriven at once.
inline constexpr std::size_t redrive_events_max = 1000;
/// Longest id of a subscription, in bytes.
inline constexpr std::size_t subscription_bytes_max = 255;

/// The id under which quarantined events are counted as routed: the built-in dead letters.
inline constexpr destination_id dead_letters_id = 0;
inline constexpr std::string_view dead_letters_name = "dead-letters";

class log_state {
 public:
  log_state();  ///< an empty log: destination 0 is the dead letters

  /// Applies a committed group, records in their order. errc::corrupt when a record contradicts the state (an
  /// unknown destination, a cursor that would go back, an offer that is not open); the state is then
  /// undefined. Outcomes and offers speak of earlier groups' events only. Where an event is routed, or
  /// written again, to a lane that is idle, the lane's cursor first moves up to the batch: what lies before
  /// was not for it, or is settled. So a cursor never names history that was given back.
  result<void> apply(const group_header& header, std::span<const std::byte> content);

  std::vector<std::byte> serialize() const;
  /// errc::corrupt or errc::unsupported.
  static result<log_state> parse(std::span<const std::byte> bytes);

  position next_position() const noexcept { return next_position_; }
  group_number next_group() const noexcept { return next_group_; }
  std::uint64_t running_ms() const noexcept { return running_ms_; }
  const event_totals& totals() const noexcept { return totals_; }
  const audited_head& audited() const noexcept { return audited_; }
  const std::vector<destination_state>& destinations() const noexcept { return destinations_; }
  /// Id of the subscription that events come from, as last noted; empty: none.
  const std::string& subscription() const noexcept { return subscription_; }
  /// What was redriven last: none of it may be in the store of dead letters when the next redrive begins.
  const std::vector<leaving_letter>& leaving() const noexcept { return leaving_; }
  const destination_state* find(std::string_view name) const noexcept;  ///< not removed ones only
  const destination_state* find(destination_id id) const noexcept;
  /// Number for the next new destination.
  destination_id next_destination() const noexcept;

  /// The first position that a lane of a destination still needs (removed ones too, while they have a
  /// backlog), or a backfill that is owed. An idle lane needs nothing, however far behind its cursor stands.
  position needed_from() const noexcept;
  /// Every destination that needs something of the log, removed ones too.
  std::vector<destination_need> needs() const;
  /// By destination: how many events were routed to it, or redriven, so far.
  std::vector<std::uint64_t> routed_events() const;

  friend bool operator==(const log_state&, const log_state&) = default;

 private:
  class applier;
  position next_position_ = 1;
  group_number next_group_ = 1;
  std::uint64_t running_ms_ = 0;
  event_totals totals_;
  audited_head audited_;
  std::string subscription_;
  std::vector<leaving_letter> leaving_;          // at most redrive_events_max
  std::vector<destination_state> destinations_;  // by id, dense
};

}  // namespace sluice::checkpoint
