#include "actors/subscription/specification.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "messages/event.hpp"
#include "messages/json_string.hpp"
#include "net/http/client.hpp"
#include "net/loopback.hpp"

namespace sluice::subscription {
namespace {

using json = nlohmann::ordered_json;  // as the platform's reference has it

/// What is wrong with a text of 1 … `bytes_max` bytes, or nothing.
std::string wrong_text(std::string_view text, std::size_t bytes_max) {
  const std::string allowed = "; allowed are 1 to " + std::to_string(bytes_max) + " bytes of UTF-8";
  if (text.empty()) return "is empty" + allowed;
  if (text.size() > bytes_max) return "has " + std::to_string(text.size()) + " bytes" + allowed;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_sequence(rest);
    if (length == 0) return "is not UTF-8" + allowed;
    if (static_cast<unsigned char>(rest.front()) < 0x20) return "has a control character" + allowed;
    rest.remove_prefix(length);
  }
  return {};
}

std::string wrong_endpoint(const std::string& endpoint) {
  constexpr const char* allowed = "; allowed is an https URL, or http on loopback";
  const auto url = net::http::parse_url(endpoint);
  if (!url) return url.error().detail + allowed;
  if (!url->tls && !net::is_loopback(url->host)) return std::string("sends events unencrypted") + allowed;
  return {};
}

std::string wrong_number(std::uint32_t is, std::uint32_t max) {
  if (is >= 1 && is <= max) return {};
  return "is " + std::to_string(is) + "; allowed is 1 to " + std::to_string(max);
}

json fields(const specification& what) {
  return {{"name", what.name},
          {"destination", {{"type", "http"}, {"endpoint", what.endpoint}}},
          {"filter", {{"eventSources", what.sources}}},
          {"retentionPeriodDays", what.retention_days}};
}

std::string text_of(const json& what) { return what.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::vector<error> check(const specification& what) {
  std::vector<error> wrong;
  const auto note = [&](std::string place, std::string detail) {
    if (!detail.empty()) wrong.push_back({errc::invalid_config, std::move(detail), std::move(place)});
  };
  note("name", wrong_text(what.name, name_bytes_max));
  note("endpoint", wrong_endpoint(what.endpoint));
  if (what.sources.empty()) note("sources", "is empty; at least one kind of events is needed");
  if (what.sources.size() > sources_max) {
    note("sources", "has " + std::to_string(what.sources.size()) + " entries; allowed are " +
                        std::to_string(sources_max));
  }
  for (std::size_t i = 0; i < what.sources.size(); ++i) {
    const std::string place = "sources[" + std::to_string(i) + "]";
    note(place, wrong_text(what.sources[i], source_bytes_max));
    const auto first = std::ranges::find(what.sources, what.sources[i]) - what.sources.begin();
    if (!what.sources[i].empty() && std::cmp_less(first, i))
      note(place, "repeats sources[" + std::to_string(first) + "]; each once");
  }
  note("retention_days", wrong_number(what.retention_days, retention_days_max));
  note("max_events_per_second", wrong_number(what.max_events_per_second, events_per_second_max));
  return wrong;
}

std::string wrong_origin(std::string_view text) {
  const auto url = net::http::parse_url(text);
  if (!url) return "is no URL to send to: " + url.error().detail;
  if (url->target != "/") return "has a path";
  if (!url->tls && !net::is_loopback(url->host)) return "would send the credentials unencrypted";
  return {};
}

std::string create_body(const specification& what) { return text_of(fields(what)); }

std::string update_body(const specification& what) {
  json body = fields(what);
  body["status"] = "active";
  return text_of(body);
}

}  // namespace sluice::subscription
