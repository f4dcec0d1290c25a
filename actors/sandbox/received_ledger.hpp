// What a receiver has got: each event once or more, in which order, how fast.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "actors/sandbox/json.hpp"
#include "actors/sandbox/newest_map.hpp"
#include "actors/sandbox/received_body.hpp"
#include "actors/sandbox/second_window.hpp"

namespace sluice::sandbox {

/// Events, but where it says otherwise. Only requests that are answered 2xx count as received.
struct received_counts {
  std::uint64_t requests = 0;          ///< of every kind
  std::uint64_t received = 0;          ///< repeats included
  std::uint64_t unique = 0;            ///< different ones
  std::uint64_t repeated = 0;          ///< beyond an event's first time, in the same request again: same
                                       ///< webhook-id and same bytes
  std::uint64_t doubled = 0;           ///< beyond an event's first time, but in another request
  std::uint64_t inversions = 0;        ///< for the first time, but after a later one of its stream and source
  std::uint64_t fastest_answered = 0;  ///< second, of events in requests that got an answer
  std::uint64_t fastest_all = 0;       ///< second, of events in all requests
  std::uint64_t refused = 0;           ///< requests that were no events of the accepted shape (400), or not
                                       ///< signed as they must be (401)
  std::uint64_t condemned = 0;         ///< different ones that were refused for what they are, on purpose
  std::uint64_t failed = 0;            ///< requests answered with a failure on purpose
  std::uint64_t hung = 0;              ///< requests not answered on purpose
  std::uint64_t forgotten = 0;         ///< beyond `entries_max`; they would count as unique again
  std::uint64_t unordered = 0;         ///< beyond `orders_max` streams and sources: their order is unknown
};

/// What happened to a request.
enum class treatment : std::uint8_t { taken, failed, hung, condemned };

/// Pure, not thread-safe. Remembers the newest `entries_max` events.
class received_ledger {
 public:
  static constexpr std::size_t entries_max = 2'000'000;
  static constexpr std::size_t orders_max = 100'000;

  received_ledger() : events_(entries_max), condemned_(entries_max) {}

  /// A request with these events. Times do not run backwards. `webhook_id` may be empty.
  void request(std::span<const received_event> events, treatment how, std::string_view webhook_id,
               std::string_view body, instant now);
  /// A request that was no events of the accepted shape, or not signed.
  void refuse();
  /// This event is refused for what it is, with the whole request that it stands in.
  void condemn(identity what) { condemned_.insert(what, true); }

  bool has(identity what) const noexcept { return events_.find(what) != nullptr; }
  bool has_condemned(identity what) const noexcept { return condemned_.find(what) != nullptr; }
  /// Calls `what(identity)` for each event that is remembered.
  template <class F>
  void each(F&& what) const {
    for (const auto& known : events_) what(known.first);
  }
  received_counts counts() const noexcept;

 private:
  void take(const received_event& event, identity request);

  newest_map<identity> events_;  // to the request that brought it first
  newest_map<bool> condemned_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> newest_;  // sequence by stream and source
  second_window answered_, all_;
  received_counts counts_;
};

json to_json(const received_counts& c);

}  // namespace sluice::sandbox
