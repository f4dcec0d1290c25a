#include "actors/deliver/formats.hpp"

#include "actors/deliver/envelope.hpp"
#include "messages/assert.hpp"

namespace sluice::deliver {

std::string body_maker::make(std::string_view id, std::span<const std::string_view> events) {
  SLUICE_ASSERT(!is_single(format_) || events.size() == 1);
  std::string body;
  switch (format_) {
    case format::envelope:
      return envelope(events);
    case format::event:
      return std::string(events.front());
    case format::cloudevents:
      cloud_events_.append(body, events.front(), id);
      return body;
    case format::cloudevents_batch:
      break;
  }
  body += '[';
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) body += ',';
    cloud_events_.append(body, events[i], std::string(id).append("-").append(std::to_string(i)));
  }
  return body += ']';
}

}  // namespace sluice::deliver
