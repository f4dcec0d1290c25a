// What a webhook's body looks like: the batch in its envelope, or what receivers of other makes take.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "actors/deliver/cloud_event.hpp"

namespace sluice::deliver {

enum class format : std::uint8_t {
  envelope,           ///< `{"events":[…]}`
  event,              ///< one event as it came
  cloudevents,        ///< one CloudEvent, structured
  cloudevents_batch,  ///< a JSON array of CloudEvents
};

/// Its requests hold one event each.
constexpr bool is_single(format of) noexcept { return of == format::event || of == format::cloudevents; }
constexpr bool is_cloud_event(format of) noexcept {
  return of == format::cloudevents || of == format::cloudevents_batch;
}
constexpr std::string_view content_type(format of) noexcept {
  switch (of) {
    case format::envelope:
    case format::event:
      return "application/json";
    case format::cloudevents:
      return "application/cloudevents+json";
    case format::cloudevents_batch:
      return "application/cloudevents-batch+json";
  }
  return {};
}

/// Makes bodies of one format. One for each lane: it keeps buffers, and is not thread-safe.
class body_maker {
 public:
  /// `type`: of CloudEvents, see cloud_event_writer.
  body_maker(format of, std::string type) : format_(of), cloud_events_(std::move(type)) {}

  /// The same id and events give the same bytes each time. Where the format is single, there is one event.
  std::string make(std::string_view id, std::span<const std::string_view> events);

 private:
  format format_;
  cloud_event_writer cloud_events_;
};

}  // namespace sluice::deliver
