// From the bytes of a request to its events: checks that the body is JSON (RFC 8259, all of it) and a batch,
// and finds each event's slice, identity and texts in the same pass. An invalid event is quarantined, an
// invalid body refused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "actors/decode/identity.hpp"
#include "messages/batch.hpp"
#include "messages/result.hpp"

namespace sluice::decode {

struct decode_limits {
  std::size_t max_events = 10'000;     ///< in a body
  std::size_t max_depth = 512;         ///< containers open at once, the body's own included
  std::size_t max_metadata = 200'000;  ///< metadata members in a body; bounds the memory they take
};

/// Decodes one body after the other with the same buffers: one for each actor, not thread-safe. Between
/// bodies it keeps at most 4 bytes a byte of body up to 4 MiB, and 24 bytes for each of limits.max_metadata
/// members.
///
/// What is a batch:
///  * an object with one member `events`, an array of plain events
///  `{"id","source","timestamp","data","metadata"}`, may
///    be empty; other members of the object are checked to be JSON and ignored;
///  * an object without `events`: one CloudEvent (1.0, structured) if it has `specversion`, else one AWS
///  EventBridge
///    event if it has a string `detail-type`;
///  * a non-empty array whose elements are any of these, each told by its own members, plain otherwise.
///
/// How an event is understood (keys are compared unescaped):
///  * plain: metadata is an object of strings; absent or null is none.
///  * EventBridge: source is `detail-type`, timestamp is `time`, region is `region`; metadata are `region`,
///  `account` and
///    `source`, those that are strings.
///  * CloudEvent: timestamp is `time`, region is an extension `region`; metadata are all string members but
///  `id`,
///    `source`, `time`, `specversion` and the data. A null id or source is a missing one.
///  * A member of the envelope that has a meaning and occurs twice quarantines the event. Metadata may repeat
///  a key:
///    every member is kept in order, and the first counts.
///  * A timestamp that is missing or no RFC 3339 text leaves no_timestamp; the event stays valid.
class decoder {
 public:
  decoder(decode_limits limits, const identity_key& key);
  ~decoder();
  decoder(const decoder&) = delete;
  decoder& operator=(const decoder&) = delete;

  /// Fills `out` (cleared first) with the events of `body`, in its order; `out` has views into `body` and is
  /// empty after an error. `body_padding` bytes behind the body must be readable; nothing is written. Errors:
  /// not_json (place `byte N`, from 0), not_a_batch, too_large (a limit above, the body's index).
  result<void> decode(std::string_view body, decoded& out);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Why and where the event is quarantined, for problem documents: `events[3].id: id is missing (byte 1423)`,
/// the byte being where the event begins. `index` must be of a quarantined event.
std::string describe(const decoded& events, std::size_t index);

}  // namespace sluice::decode
