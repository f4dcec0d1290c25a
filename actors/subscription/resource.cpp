#include "actors/subscription/resource.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "net/http/client.hpp"

namespace sluice::subscription {
namespace {

using nlohmann::json;

constexpr std::size_t id_bytes_max = 128;
constexpr std::size_t sources_named = 5;  // in a difference

/// Reads members of one object and keeps the first thing that is wrong.
class reader {
 public:
  reader(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object_.is_object()) note("", "is no object");
  }

  std::string text(const char* name) {
    const json* const found = member(name);
    if (found == nullptr) return {};
    if (found->is_string()) return found->get<std::string>();
    note(name, "is no text");
    return {};
  }
  std::uint64_t number(const char* name) {
    const json* const found = member(name);
    if (found == nullptr) return 0;
    if (found->is_number_unsigned()) return found->get<std::uint64_t>();
    note(name, "is no whole number from 0");
    return 0;
  }
  /// Null when it is not there or wrong.
  const json* list(const char* name) {
    const json* const found = member(name);
    if (found == nullptr || found->is_array()) return found;
    note(name, "is no list");
    return nullptr;
  }
  const json* object(const char* name) {
    const json* const found = member(name);
    if (found == nullptr || found->is_object()) return found;
    note(name, "is no object");
    return nullptr;
  }
  void note(const std::string& name, std::string detail) {
    if (!wrong_.detail.empty()) return;
    std::string place = place_;
    if (!place.empty() && !name.empty()) place += '.';
    wrong_ = {errc::bad_request, std::move(detail), place + name};
  }
  void adopt(const reader& nested) {
    if (wrong_.detail.empty()) wrong_ = nested.wrong_;
  }

  std::string place_of(const char* name) const { return place_.empty() ? name : place_ + "." + name; }
  bool good() const { return wrong_.detail.empty(); }
  const error& wrong() const { return wrong_; }

 private:
  const json* member(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  const json& object_;
  std::string place_;
  error wrong_;
};

resource read_resource(reader& from) {
  resource what;
  what.id = from.text("id");
  if (!is_id(what.id)) from.note("id", "is missing, or has characters that no id has");
  what.name = from.text("name");
  what.status = from.text("status");
  what.created = from.text("createdDate");
  const std::uint64_t days = from.number("retentionPeriodDays");
  what.retention_days =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(days, std::numeric_limits<std::uint32_t>::max()));
  if (const json* const destination = from.object("destination")) {
    reader nested(*destination, from.place_of("destination"));
    what.endpoint = nested.text("endpoint");
    from.adopt(nested);
  }
  if (const json* const filter = from.object("filter")) {
    reader nested(*filter, from.place_of("filter"));
    if (const json* const sources = nested.list("eventSources")) {
      for (const json& one : *sources) {
        if (one.is_string()) {
          what.sources.push_back(one.get<std::string>());
        } else {
          nested.note("eventSources", "has an entry that is no text");
        }
      }
    }
    from.adopt(nested);
  }
  return what;
}

result<json> parse(std::string_view body) {
  json document = json::parse(body, nullptr, false);
  if (document.is_discarded()) return fail(errc::not_json, "the answer is no JSON");
  return document;
}

bool same_endpoint(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto a = net::http::parse_url(one), b = net::http::parse_url(other);
  return a && b && a->tls == b->tls && a->host == b->host && a->port == b->port && a->target == b->target;
}

/// `sources lack "a", "b" and 3 more`; nothing when there are none.
void list_into(std::vector<std::string>& texts, const char* intro, const std::set<std::string>& these,
               const std::set<std::string>& without) {
  std::vector<std::string> names;
  std::ranges::set_difference(these, without, std::back_inserter(names));
  if (names.empty()) return;
  std::string text = intro;
  for (std::size_t i = 0; i < std::min(names.size(), sources_named); ++i)
    text.append(i == 0 ? " " : ", ").append(names[i]);
  if (names.size() > sources_named) text += " and " + std::to_string(names.size() - sources_named) + " more";
  texts.push_back(std::move(text));
}

}  // namespace

bool resource::active() const {
  constexpr std::string_view wanted = "active";
  return std::ranges::equal(status, wanted, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

bool is_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= id_bytes_max && std::ranges::all_of(text, allowed);
}

result<resource> parse_resource(std::string_view body) {
  const auto document = parse(body);
  if (!document) return fail(document.error());
  reader from(*document, "");
  resource what = read_resource(from);
  if (!from.good()) return fail(from.wrong());
  return what;
}

result<page> parse_page(std::string_view body) {
  const auto document = parse(body);
  if (!document) return fail(document.error());
  reader from(*document, "");
  page what;
  what.count = from.number("pageCount");
  what.total = from.number("total");
  const json* const entities = from.list("entities");
  if (entities == nullptr) {
    from.note("entities", "is missing");
    return fail(from.wrong());
  }
  for (std::size_t i = 0; i < entities->size() && from.good(); ++i) {
    reader nested((*entities)[i], "entities[" + std::to_string(i) + "]");
    what.entities.push_back(read_resource(nested));
    from.adopt(nested);
  }
  if (!from.good()) return fail(from.wrong());
  return what;
}

std::vector<std::string> differences(const specification& wanted, const resource& found) {
  std::vector<std::string> texts;
  if (found.name != wanted.name) texts.push_back("name is " + found.name + ", not " + wanted.name);
  if (!same_endpoint(found.endpoint, wanted.endpoint)) {
    texts.push_back("endpoint is " + (found.endpoint.empty() ? "none" : found.endpoint) + ", not " +
                    wanted.endpoint);
  }
  const std::set<std::string> has(found.sources.begin(), found.sources.end());
  const std::set<std::string> needs(wanted.sources.begin(), wanted.sources.end());
  list_into(texts, "sources lack", needs, has);
  list_into(texts, "sources have also", has, needs);
  if (!found.status.empty() && !found.active()) texts.push_back("status is " + found.status + ", not active");
  if (found.retention_days != 0 && found.retention_days != wanted.retention_days) {
    texts.push_back("retention is " + std::to_string(found.retention_days) + " days, not " +
                    std::to_string(wanted.retention_days));
  }
  return texts;
}

}  // namespace sluice::subscription
