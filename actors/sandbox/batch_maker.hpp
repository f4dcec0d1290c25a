// What the next request of a subscription carries: fresh events, some sent twice, some late, and now and then
// something broken.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/event_maker.hpp"

namespace sluice::sandbox {

struct batch_options {
  std::size_t events = 20;  ///< fresh ones in a request; in the shape eventbridge always 1
  double duplicates = 0;    ///< share of events that come once more, in the next request
  double reorder = 0;       ///< share of events that come only in the next request, behind newer ones
  double malformed = 0;     ///< share of requests that are followed by a broken one
  shape how = shape::envelope;
  std::uint64_t seed = 1;
};

struct batch {
  struct entry {
    identity what;
    event_class of;
    bool repeated = false;  ///< it was in an earlier batch
  };
  std::string body;
  std::vector<entry> events;  ///< empty when malformed
  bool malformed = false;     ///< no JSON, or an event without an id: nothing of it is owed to anybody
};

/// One subscription's batches. Pure.
class batch_maker {
 public:
  batch_maker(const batch_options& options, std::uint64_t stream);

  /// Whether events wait for the next request: at most two a fresh event of the last two.
  bool has_leftovers() const noexcept { return !put_off_.empty(); }
  /// The next request, with up to `fresh` new events, as far as a request holds so many; nothing when there
  /// is nothing to say. Takes from `fresh` what it made. Without fresh events everything put off is due.
  std::optional<batch> next(std::size_t& fresh, const std::vector<std::string>& sources,
                            std::chrono::milliseconds wall);

 private:
  struct waiting {
    made_event event;
    bool repeated;
    std::uint64_t due;  ///< number of the first request that may carry it
  };

  void add_fresh(batch& to, const std::vector<std::string>& sources, std::chrono::milliseconds wall);
  void add_due(batch& to, bool all);
  void add(batch& to, const made_event& event, bool repeated) const;
  batch broken(const std::vector<std::string>& sources, std::chrono::milliseconds wall);

  batch_options options_;
  dice random_;
  event_maker maker_;
  std::vector<waiting> put_off_;
  std::uint64_t number_ = 0;
  bool broken_due_ = false;
};

}  // namespace sluice::sandbox
