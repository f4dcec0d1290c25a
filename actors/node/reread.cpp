// A plain event may have a member by which an event of another kind is told. Among `events` of a batch it was
// plain all the same; as an element of an array it is what the member says. So both ways are tried, and the
// id and the source that it had tell which was the one.
#include "actors/node/reread.hpp"

#include <limits>

namespace sluice::node {
namespace {

bool is(const event_entry& e, std::string_view body, const accepted_event& was) {
  const auto slice = body.substr(e.offset, e.length);
  return !e.quarantined() && slice == was.event && slice.substr(e.id_offset, e.id_length) == was.id &&
         slice.substr(e.source_offset, e.source_length) == was.source;
}

}  // namespace

rereader::rereader(const decode::identity_key& key)
    : decoder_({.max_events = std::numeric_limits<std::uint32_t>::max()}, key) {}

result<void> rereader::read(std::span<const accepted_event> events, const visit& to) {
  const auto show = [&](std::size_t first) {
    to(events_, std::string_view(body_).substr(0, body_.size() - body_padding), first);
  };
  if (events.empty()) return {};
  if (read_as("[", events, "]")) return show(0), result<void>{};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto alone = events.subspan(i, 1);
    if (!read_as("[", alone, "]") && !read_as(R"({"events":[)", alone, "]}")) {
      return fail(errc::corrupt, "its bytes are not the event that they were",
                  "event `" + std::string(events[i].id) + "` of `" + std::string(events[i].source) + "`");
    }
    show(i);
  }
  return {};
}

bool rereader::read_as(std::string_view before, std::span<const accepted_event> events,
                       std::string_view behind) {
  body_ = before;
  for (const accepted_event& one : events) {
    if (&one != &events.front()) body_ += ',';
    body_ += one.event;
  }
  body_ += behind;
  const std::size_t size = body_.size();
  body_.append(body_padding, '\0');
  const auto body = std::string_view(body_).substr(0, size);
  if (!decoder_.decode(body, events_) || events_.entries.size() != events.size()) return false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!is(events_.entries[i], body, events[i])) return false;
  }
  return true;
}

}  // namespace sluice::node
