#include "actors/sandbox/cloud.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "actors/sandbox/encoded_text.hpp"

namespace sluice::sandbox {
namespace {

using net::http::method;
using net::http::response;

constexpr std::size_t page_size_max = 100;
constexpr std::size_t page_size_usual = 25;
constexpr std::size_t page_number_max = 1'000'000;
constexpr std::chrono::seconds limit_window{60};

response json_answer(int status, const json& body) {
  response r;
  r.status = status;
  r.body = to_text(body);
  return r;
}

/// The id behind the collection's path, or nothing.
std::optional<std::string_view> item_of(std::string_view path) {
  if (!path.starts_with(subscriptions_path)) return std::nullopt;
  path.remove_prefix(subscriptions_path.size());
  if (!path.starts_with('/') || path.size() == 1 || path.find('/', 1) != path.npos) return std::nullopt;
  return path.substr(1);
}

/// A path as it is counted: without ids, and unknown ones as one.
std::string counted_path(std::string_view path) {
  if (path == token_path || path == subscriptions_path) return std::string(path);
  if (item_of(path)) return std::string(subscriptions_path) + "/{id}";
  return "other";
}

/// A number of the query; nothing where it is none from 1 to `most`.
std::optional<std::size_t> number_of(const form& query, std::string_view name, std::size_t otherwise,
                                     std::size_t most) {
  const std::string* const text = value_of(query, name);
  if (text == nullptr) return otherwise;
  std::size_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size() || value < 1 || value > most)
    return std::nullopt;
  return value;
}

bool is_json(std::string_view content_type) {
  return content_type.substr(0, content_type.find(';')) == "application/json";
}

}  // namespace

cloud::cloud(cloud_options options)
    : options_(std::move(options)),
      random_(options_.seed),
      tokens_(options_.clients, options_.token_lifetime) {}

bool cloud::serves(std::string_view path) noexcept {
  return path.starts_with("/oauth/") || path.starts_with("/api/");
}

outcome cloud::take(const call& what, instant now) {
  const auto verb = to_string(what.verb);
  const auto due = faults_.take(verb, what.path());
  outcome made;
  made.answer = due && due->status != 0 ? spoilt(*due, what) : api(what, now);
  if (due) {
    made.delay = due->delay;
    made.lost = due->loses_answer;
  }
  ++calls_[{std::string(verb), counted_path(what.path()), made.answer.status}];
  return made;
}

response cloud::spoilt(const fault& by, const call& what) {
  response r = refused(by.status, "fault.on.request", "This failure was asked for.");
  if (what.path() == token_path)
    r.body = to_text({{"error", "server_error"},
                      {"description", "this failure was asked for"},
                      {"error_description", "this failure was asked for"}});
  if (by.body) r.body = *by.body;
  if (by.retry_after) r.fields.emplace_back("Retry-After", std::to_string(by.retry_after->count()));
  return r;
}

/// The ErrorBody of the platform, with an id that support could ask for.
response cloud::refused(int status, std::string_view code, std::string_view message, json parameters) {
  const std::string context = random_.uuid();
  response r = json_answer(status, {{"message", message},
                                    {"code", code},
                                    {"status", status},
                                    {"messageParams", std::move(parameters)},
                                    {"contextId", context},
                                    {"details", json::array()},
                                    {"errors", json::array()}});
  r.fields.emplace_back("ININ-Correlation-Id", context);
  return r;
}

response cloud::token(const call& what, instant now) {
  if (what.verb == method::post)
    return tokens_.issue(what.authorization, what.content_type, what.body, now, random_);
  response r = refused(405, "method.not.allowed", "A token is asked for with POST.");
  r.fields.emplace_back("Allow", "POST");
  return r;
}

response cloud::api(const call& what, instant now) {
  if (what.path() == token_path) return token(what, now);
  if (what.authorization.empty())
    return refused(401, "authentication.required",
                   "No authentication bearer token specified in authorization header.");
  grant* const who = tokens_.find(what.authorization, now);
  if (who == nullptr) return refused(401, "bad.credentials", "Invalid login credentials.");
  if (options_.rate_limit == 0) return permitted(what, *who, now);

  if (now - who->minute_begins >= limit_window) {
    who->minute_begins = now;
    who->in_minute = 0;
  }
  const auto reset = std::to_string(
      std::chrono::ceil<std::chrono::seconds>(who->minute_begins + limit_window - now).count());
  const bool within = ++who->in_minute <= options_.rate_limit;
  response r = within
                   ? permitted(what, *who, now)
                   : refused(429, "too.many.requests",
                             "Rate limit exceeded the maximum. Retry the request in [" + reset + "] seconds");
  if (!within) r.fields.emplace_back("Retry-After", reset);
  r.fields.emplace_back("inin-ratelimit-count", std::to_string(who->in_minute));
  r.fields.emplace_back("inin-ratelimit-allowed", std::to_string(options_.rate_limit));
  r.fields.emplace_back("inin-ratelimit-reset", reset);
  return r;
}

response cloud::permitted(const call& what, const grant& who, instant now) {
  const auto id = item_of(what.path());
  if (!id && what.path() != subscriptions_path)
    return refused(404, "not.found", "The requested resource does not exist here.");
  const bool reads = what.verb == method::get;
  const bool known =
      reads || (id ? what.verb == method::del || (what.verb == method::put && !options_.refuses_put)
                   : what.verb == method::post);
  if (!known) {
    response r = refused(405, "method.not.allowed", "The method is not allowed on this resource.");
    r.fields.emplace_back("Allow", !id                    ? "GET, POST"
                                   : options_.refuses_put ? "GET, DELETE"
                                                          : "GET, PUT, DELETE");
    return r;
  }
  const std::string_view scope = reads ? read_scope : write_scope;
  if (!who.may(scope))
    return refused(403, "missing.permissions",
                   "Unable to perform the requested action. You are missing the following permission(s): " +
                       std::string(scope),
                   {{"permissions", scope}});
  if ((what.verb == method::post || what.verb == method::put) && !is_json(what.content_type))
    return refused(415, "unsupported.media.type", "The content type must be application/json.");
  response r = id ? item(what, *id) : reads ? list(what) : create(what, now);
  if (r.status < 400) r.fields.emplace_back("ININ-Correlation-Id", random_.uuid());
  return r;
}

response cloud::list(const call& what) {
  const auto query = parse_form(what.query());
  const auto size = query ? number_of(*query, "pageSize", page_size_usual, page_size_max) : std::nullopt;
  if (!size) return refused(400, "bad.request", "pageSize: must be a whole number from 1 to 100");
  const auto number = number_of(*query, "pageNumber", 1, page_number_max);
  if (!number) return refused(400, "bad.request", "pageNumber: must be a whole number from 1");
  const auto all = subscriptions_.all();
  json entities = json::array();
  for (std::size_t i = (*number - 1) * *size; i < all.size() && entities.size() < *size; ++i)
    entities.push_back(to_json(all[i]));
  return json_answer(200, {{"entities", std::move(entities)},
                           {"pageSize", *size},
                           {"pageNumber", *number},
                           {"total", all.size()},
                           {"pageCount", (all.size() + *size - 1) / *size}});
}

response cloud::create(const call& what, instant now) {
  auto draft = parse_subscription(what.body);
  if (!draft) return refused(400, "bad.request", to_string(draft.error()), {{"field", draft.error().place}});
  if (const auto* const other = subscriptions_.named(draft->name))
    return refused(409, "conflict", "A subscription of the name " + other->name + " exists already.",
                   {{"name", other->name}});
  if (subscriptions_.full())
    return refused(400, "limit.exceeded", "An organization has at most 1000 subscriptions.");
  const auto& made =
      subscriptions_.create(std::move(*draft), random_.uuid(), rfc3339(options_.clock.at(now)));
  return json_answer(200, to_json(made));
}

response cloud::item(const call& what, std::string_view id) {
  const subscription* const found = subscriptions_.find(id);
  if (found == nullptr)
    return refused(404, "not.found", "The requested subscription does not exist.", {{"id", id}});
  if (what.verb == method::get) return json_answer(200, to_json(*found));
  if (what.verb == method::put) return replace(what, *found);
  subscriptions_.remove(id);
  response r;
  r.status = 204;
  return r;
}

response cloud::replace(const call& what, const subscription& old) {
  auto draft = parse_subscription(what.body);
  if (!draft) return refused(400, "bad.request", to_string(draft.error()), {{"field", draft.error().place}});
  const auto* const other = subscriptions_.named(draft->name);
  if (other != nullptr && other != &old)
    return refused(409, "conflict", "A subscription of the name " + other->name + " exists already.",
                   {{"name", other->name}});
  return json_answer(200, to_json(subscriptions_.replace(old.id, std::move(*draft))));
}

json cloud::state() const {
  json entities = json::array();
  for (const auto& one : subscriptions_.all()) entities.push_back(to_json(one));
  json calls = json::array();
  for (const auto& [what, times] : calls_)
    calls.push_back({{"method", std::get<0>(what)},
                     {"path", std::get<1>(what)},
                     {"status", std::get<2>(what)},
                     {"count", times}});
  const auto& counts = tokens_.counts();
  return {{"subscriptions", std::move(entities)},
          {"api_calls", std::move(calls)},
          {"tokens", {{"requests", counts.requests}, {"issued", counts.issued}, {"refused", counts.refused}}},
          {"faults_waiting", faults_.size()}};
}

}  // namespace sluice::sandbox
