#include "actors/sandbox/subscription.hpp"

#include <utility>

#include "net/http/client.hpp"
#include "net/loopback.hpp"

namespace sluice::sandbox {
namespace {

tl::unexpected<error> wrong(std::string place, std::string detail) {
  return fail(errc::bad_request, std::move(detail), std::move(place));
}

result<std::string> endpoint_of(const json& body) {
  const json* const destination = member(body, "destination");
  if (destination == nullptr || !destination->is_object()) return wrong("destination", "must be an object");
  if (text_of(*destination, "type") != "http") return wrong("destination.type", "must be \"http\"");
  const std::string endpoint = text_of(*destination, "endpoint");
  const auto at = net::http::parse_url(endpoint);
  if (!at) return wrong("destination.endpoint", at.error().detail);
  if (!at->tls && !net::is_loopback(at->host))
    return wrong("destination.endpoint", "must be https, or http to a loopback address");
  return endpoint;
}

result<std::vector<std::string>> sources_of(const json& body) {
  const json* const filter = member(body, "filter");
  const json* const listed = filter == nullptr ? nullptr : member(*filter, "eventSources");
  constexpr const char* place = "filter.eventSources";
  if (listed == nullptr || !listed->is_array() || listed->empty() ||
      listed->size() > subscription_draft::sources_max)
    return wrong(place, "must be an array of 1 to 100 event sources");
  std::vector<std::string> sources;
  for (const json& one : *listed) {
    if (!one.is_string()) return wrong(place, "must hold texts only");
    sources.push_back(one.get<std::string>());
    if (sources.back().empty() || sources.back().size() > subscription_draft::source_bytes_max)
      return wrong(place, "each must have 1 to 512 bytes");
  }
  return sources;
}

}  // namespace

result<subscription_draft> parse_subscription(std::string_view text) {
  const auto body = parse_json(text);
  if (!body || !body->is_object()) return wrong("body", "must be a JSON object");
  subscription_draft draft;
  draft.name = text_of(*body, "name");
  if (draft.name.empty() || draft.name.size() > subscription_draft::name_bytes_max)
    return wrong("name", "must be a text of 1 to 256 bytes");
  auto endpoint = endpoint_of(*body);
  if (!endpoint) return fail(endpoint.error());
  draft.endpoint = std::move(*endpoint);
  auto sources = sources_of(*body);
  if (!sources) return fail(sources.error());
  draft.sources = std::move(*sources);
  const json* const days = member(*body, "retentionPeriodDays");
  if (days == nullptr || !days->is_number_integer() || *days < 1 ||
      *days > subscription_draft::retention_days_max)
    return wrong("retentionPeriodDays", "must be a whole number from 1 to 365");
  draft.retention_days = days->get<int>();
  if (const json* const status = member(*body, "status")) {
    if (*status != "active" && *status != "inactive")
      return wrong("status", "must be \"active\" or \"inactive\"");
    draft.active = *status == "active";
  }
  return draft;
}

json to_json(const subscription& s) {
  return {{"id", s.id},
          {"name", s.name},
          {"destination", {{"type", "http"}, {"endpoint", s.endpoint}}},
          {"filter", {{"eventSources", s.sources}}},
          {"retentionPeriodDays", s.retention_days},
          {"status", s.active ? "active" : "inactive"},
          {"createdDate", s.created}};
}

}  // namespace sluice::sandbox
