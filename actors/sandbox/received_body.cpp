#include "actors/sandbox/received_body.hpp"

#include <optional>

#include "actors/sandbox/json.hpp"

namespace sluice::sandbox {
namespace {

std::uint64_t number_of(const json& from, const char* name) {
  const json* const found = member(from, name);
  return found != nullptr && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::optional<received_event> read_event(const json& event) {
  const bool cloud_event = member(event, "specversion") != nullptr;
  const bool from_aws = !cloud_event && member(event, "detail-type") != nullptr;
  const std::string id = text_of(event, "id");
  received_event read;
  read.source = text_of(event, from_aws ? "detail-type" : "source");
  if (id.empty() || read.source.empty()) return std::nullopt;
  read.what = identity_of(read.source, id);
  const json* const outer = member(event, from_aws ? "detail" : "data");
  const json* const data = outer != nullptr && from_aws ? member(*outer, "eventBody") : outer;
  if (data == nullptr) return read;
  read.stream = number_of(*data, "stream");
  read.sequence = number_of(*data, "sequence");
  return read;
}

}  // namespace

result<std::vector<received_event>> read_events(std::string_view body, accepted_shape accepted) {
  const auto whole = parse_json(body);
  if (!whole) return fail(errc::not_json, "the body is no JSON");
  const json* const enveloped = member(*whole, "events");
  const bool envelope = enveloped != nullptr && enveloped->is_array();
  if (accepted == accepted_shape::envelope && !envelope)
    return fail(errc::not_a_batch, "this receiver takes {\"events\":[…]} only");
  if (accepted == accepted_shape::bare && envelope)
    return fail(errc::not_a_batch, "this receiver takes one event or an array of them only");
  std::vector<received_event> all;
  const auto add = [&](const json& event) {
    auto read = read_event(event);
    if (read) all.push_back(std::move(*read));
    return read.has_value();
  };
  const json* const listed = envelope ? enveloped : whole->is_array() ? &*whole : nullptr;
  if (listed == nullptr) {
    if (!add(*whole)) return fail(errc::not_a_batch, "is no event with a source and an id");
    return all;
  }
  for (const json& event : *listed)
    if (!add(event))
      return fail(errc::not_a_batch, "has no source or no id", "events[" + std::to_string(all.size()) + "]");
  return all;
}

}  // namespace sluice::sandbox
