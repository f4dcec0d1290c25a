// The sending side of one subscription, without its sockets: what goes out when, and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/batch_maker.hpp"
#include "actors/sandbox/owed_events.hpp"
#include "actors/sandbox/pacer.hpp"
#include "actors/sandbox/retry_policy.hpp"

namespace sluice::sandbox {

struct feed_options {
  batch_options batches = {};
  retry_limits retry = {};
  std::size_t connections = 1;  ///< requests in flight; with one, order is kept until something is retried
};

/// Events, but where it says otherwise. offered = acknowledged + lost + abandoned + those on their way.
struct sent_counts {
  std::uint64_t offered = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;               ///< refused for good, or given up after all attempts
  std::uint64_t abandoned = 0;          ///< their subscription was deleted before they were acknowledged
  std::uint64_t duplicates = 0;         ///< sent once more on purpose
  std::uint64_t forgone = 0;            ///< were due while the feed was held up, and never made
  std::uint64_t requests = 0;           ///< attempts
  std::uint64_t retries = 0;            ///< of them, beyond a batch's first
  std::uint64_t malformed = 0;          ///< batches that were broken on purpose
  std::uint64_t malformed_refused = 0;  ///< of them, answered 4xx
  std::map<int, std::uint64_t> answers = {};  ///< attempts by status; 0: no answer
};

/// A request on its way out.
struct shipment {
  std::uint64_t ticket = 0;
  std::string_view body;  ///< good until the ticket ends
};

/// Pure, not thread-safe. At most `waiting_max` batches are in flight or wait for a retry: beyond it no new
/// ones are made, which `forgone` counts.
class feed {
 public:
  static constexpr std::size_t waiting_max = 500;

  feed(const feed_options& options, std::uint64_t stream, instant now);

  /// The subscription's sources; whether it sends at all, and how fast.
  void serve(std::vector<std::string> sources, bool sends, pace how, instant now);

  /// The next request, if one is due and may go. Fresh events are taken from `left`.
  std::optional<shipment> next(instant now, std::chrono::milliseconds wall, std::uint64_t& left);
  /// How that attempt ended; ignored when its batch was abandoned. Status 0: no answer. What was acknowledged
  /// is noted in `owed`.
  void ended(std::uint64_t ticket, int status, std::string_view retry_after, instant now, owed_events& owed);
  /// The subscription is gone: what is on its way is abandoned, and nothing is sent any more.
  void abandon();

  /// The earliest time at which `next` may have something, without an `ended` in between.
  instant wakes(instant now, std::uint64_t left) const;
  /// Nothing is in flight, waits for a retry or was put off.
  bool idle() const noexcept;
  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t waiting() const noexcept { return batches_.size() - in_flight_; }
  sent_counts counts() const;

 private:
  struct parcel {
    batch what;
    std::size_t attempts = 0;
    instant made{}, due{};
    bool flying = false;
  };
  using parcels = std::map<std::uint64_t, parcel>;

  std::optional<shipment> ship(parcels::iterator which);
  bool ends(std::uint64_t left) const noexcept;
  std::uint64_t first_sent(const batch& what) const;

  feed_options options_;
  pacer pacer_;
  batch_maker maker_;
  dice random_;
  std::vector<std::string> sources_;
  bool sends_ = false;
  parcels batches_;  // by ticket
  std::size_t in_flight_ = 0;
  std::uint64_t tickets_ = 0;
  sent_counts counts_;
};

}  // namespace sluice::sandbox
