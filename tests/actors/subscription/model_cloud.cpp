#include "tests/actors/subscription/model_cloud.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "actors/subscription/api.hpp"

namespace sluice::subscription::testing {
namespace {

using net::http::method;
using net::http::reply;
using nlohmann::json;

json shown(const resource& one) {
  return {{"id", one.id},
          {"name", one.name},
          {"destination", {{"type", "http"}, {"endpoint", one.endpoint}}},
          {"filter", {{"eventSources", one.sources}}},
          {"retentionPeriodDays", one.retention_days},
          {"status", one.status},
          {"createdDate", one.created},
          {"selfUri", "/not/known"}};
}

std::string field(const net::http::outgoing& what, std::string_view name) {
  for (const auto& [known, value] : what.fields)
    if (known == name) return value;
  return {};
}

std::size_t number(const std::string& query, const std::string& name) {
  return std::stoul(query.substr(query.find(name + "=") + name.size() + 1));
}

}  // namespace

reply answer(int status, std::string body, std::string retry_after) {
  return {status, std::move(retry_after), std::move(body), {}};
}
fate answered(int status, std::string body, std::string retry_after) {
  return {fate::kind::answer, answer(status, std::move(body), std::move(retry_after))};
}
fate lost_answer() { return {fate::kind::lost_answer}; }
fate lost() { return {fate::kind::lost}; }
fate late() { return {fate::kind::late}; }
fate not_sent() { return {fate::kind::not_sent}; }
fate untrusted() { return {fate::kind::untrusted}; }
fate garbled(std::string body) { return {fate::kind::garbled, answer(200, std::move(body))}; }

settings known_settings() {
  settings what;
  what.hosts = {"https://login.example", "https://api.example"};
  what.credentials = {"the-client", "the-secret", ""};
  what.wanted = {
      "analytics", "https://node.example/v1/events", {"conversation:transcript", "audit"}, 30, 1000};
  return what;
}

resource& model_cloud::add(resource what) {
  ++made_;
  if (what.id.empty()) what.id = "id-" + std::to_string(made_);
  if (what.created.empty()) {
    const std::string second = std::to_string(made_ % 60);
    what.created = "2026-01-15T10:" + std::to_string(10 + made_ / 60) + ":" + (second.size() < 2 ? "0" : "") +
                   second + ".000Z";
  }
  return subscriptions.emplace_back(std::move(what));
}

resource* model_cloud::named(const std::string& name) {
  const auto found = std::ranges::find(subscriptions, name, &resource::name);
  return found == subscriptions.end() ? nullptr : &*found;
}

std::size_t model_cloud::count(const std::string& name) const {
  return static_cast<std::size_t>(std::ranges::count(subscriptions, name, &resource::name));
}

std::optional<fate> model_cloud::fate_of(host at, const net::http::outgoing& what) {
  const auto due = std::ranges::find_if(script_, [&](const scripted& s) {
    return s.at == at && (s.method.empty() || s.method == to_string(what.method));
  });
  if (due != script_.end()) {
    fate decided = std::move(due->what);
    script_.erase(due);
    return decided;
  }
  return decide_ ? decide_(at, what) : std::nullopt;
}

net::http::attempt model_cloud::take(host at, const net::http::outgoing& what) {
  log.push_back(std::string(to_string(what.method)) + " " + what.target);
  const auto failure = [](errc code, std::string detail, bool sent) {
    return tl::unexpected(net::http::attempt_failure{{code, std::move(detail), {}}, sent});
  };
  const std::optional<fate> due = fate_of(at, what);
  if (!due) return carry_out(at, what);
  switch (due->what) {
    case fate::kind::answer:
      return due->reply;
    case fate::kind::lost_answer:
      carry_out(at, what);
      return failure(errc::timed_out, "no answer within 15 s", true);
    case fate::kind::lost:
      return failure(errc::closed, "the peer ended the connection", true);
    case fate::kind::late:
      late_.emplace_back(at, what);
      return failure(errc::timed_out, "no answer within 15 s", true);
    case fate::kind::not_sent:
      return failure(errc::unreachable, "connection refused", false);
    case fate::kind::untrusted:
      return failure(errc::untrusted, "self-signed certificate", false);
    case fate::kind::garbled:
      carry_out(at, what);
      return due->reply;
  }
  return failure(errc::closed, "no such fate", false);
}

void model_cloud::arrive() {
  for (const auto& [at, what] : std::exchange(late_, {})) carry_out(at, what);
}

reply model_cloud::carry_out(host at, const net::http::outgoing& what) {
  reply made = at == host::login ? token(what) : api(what);
  if (changed) changed();
  return made;
}

reply model_cloud::token(const net::http::outgoing& what) {
  // the-client:the-secret
  if (field(what, "Authorization") != "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0")
    return answer(
        400, R"({"error":"invalid_client","description":"authentication failed","error_description":""})");
  const std::string made = "token-" + std::to_string(++tokens_given);
  return answer(200,
                json{{"access_token", made}, {"token_type", "bearer"}, {"expires_in", token_life}}.dump());
}

reply model_cloud::api(const net::http::outgoing& what) {
  if (!field(what, "Authorization").starts_with("Bearer token-")) return answer(401);
  const std::string path = what.target.substr(0, what.target.find('?'));
  if (path == collection) {
    if (what.method == method::get) return page(what.target.substr(path.size()));
    const json body = json::parse(what.body);
    if (unique_names && named(body.at("name")) != nullptr)
      return answer(409, R"({"message":"name is taken"})");
    return put(what.body, add({}));
  }
  const std::string id = path.substr(std::string(collection).size() + 1);
  const auto found = std::ranges::find(subscriptions, id, &resource::id);
  if (found == subscriptions.end()) return answer(404, R"({"message":"not there"})");
  if (what.method == method::get) return answer(200, shown(*found).dump());
  if (what.method == method::put) return refuses_put ? answer(405) : put(what.body, *found);
  subscriptions.erase(found);
  return answer(204);
}

reply model_cloud::page(const std::string& query) const {
  const std::size_t size = number(query, "pageSize"), at = number(query, "pageNumber");
  json entities = json::array();
  for (std::size_t i = (at - 1) * size; i < std::min(at * size, subscriptions.size()); ++i)
    entities.push_back(shown(subscriptions[i]));
  return answer(200, json{{"entities", entities},
                          {"pageSize", size},
                          {"pageNumber", at},
                          {"total", subscriptions.size()},
                          {"pageCount", (subscriptions.size() + size - 1) / size}}
                         .dump());
}

reply model_cloud::put(const std::string& text, resource& into) {
  const json body = json::parse(text);
  if (unique_names) {
    for (const resource& other : subscriptions) {
      if (&other != &into && other.name == body.at("name").get<std::string>())
        return answer(409, R"({"message":"name is taken"})");
    }
  }
  into.name = body.at("name");
  into.endpoint = body.at("destination").at("endpoint");
  into.sources = body.at("filter").at("eventSources").get<std::vector<std::string>>();
  into.retention_days = body.at("retentionPeriodDays");
  if (into.status.empty()) into.status = "active";
  if (body.contains("status")) into.status = body.at("status");
  if (shapes) shapes(into);
  return answer(200, shown(into).dump());
}

}  // namespace sluice::subscription::testing
