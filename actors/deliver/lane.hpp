// What a delivery knows that must outlive its actor: where it stands, what it holds against the limit, what
// it counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "actors/checkpoint/format.hpp"
#include "actors/deliver/endpoint.hpp"
#include "messages/position.hpp"

namespace sluice::deliver {

/// For metrics; written by the delivery, read by telemetry.
struct lane_gauges {
  static constexpr std::array<double, 12> seconds_bounds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                         0.25,  0.5,   1,    2.5,   5,    10};
  std::atomic<std::uint64_t> delivered = 0;  ///< attempts by outcome
  std::atomic<std::uint64_t> endpoint_failed = 0;
  std::atomic<std::uint64_t> condemned = 0;
  std::atomic<std::int64_t> oldest_received_ms =
      0;  ///< since when the event that is next waits; 0: none does
  std::array<std::atomic<std::uint64_t>, seconds_bounds.size() + 1> seconds_buckets{};
  std::atomic<double> seconds_sum = 0;

  void took(double seconds) noexcept {
    std::size_t bucket = 0;
    while (bucket < seconds_bounds.size() && seconds > seconds_bounds[bucket]) ++bucket;
    seconds_buckets[bucket].fetch_add(1, std::memory_order_relaxed);
    seconds_sum.fetch_add(seconds, std::memory_order_relaxed);
  }
};

/// One lane of one destination. Owned by the node; used by one delivery actor at a time and, for the gauges,
/// by telemetry. What the checkpoint was told is written here in the same turn, so a successor starts behind
/// it.
struct lane {
  destination_id destination = 0;
  lane_id number = 0;
  std::string name;

  group_number scanned = 0;  ///< every group up to it is done with
  position cursor = 0;       ///< everything up to it is settled, as the checkpoint was told
  position scan_behind = 0;  ///< no unsettled event of the lane stands up to it; >= cursor
  std::uint64_t file_length = 0;
  std::uint64_t last_offer = 0;
  std::optional<checkpoint::offer_head> open_offer;
  bool offer_durable = false;  ///< of `open_offer`: attempts may be made
  std::shared_ptr<deliver::endpoint> endpoint =
      std::make_shared<deliver::endpoint>(endpoint_options{});  ///< never null; shared with other lanes
  position discard_upto = 0;         ///< an operator gave up what waits up to here, as known at the start
  std::atomic<bool> paused = false;  ///< by an operator; written by the node, on any thread
  lane_gauges gauges;
};

}  // namespace sluice::deliver
