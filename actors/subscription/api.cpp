#include "actors/subscription/api.hpp"

#include "actors/subscription/answer.hpp"
#include "actors/subscription/patience.hpp"

namespace sluice::subscription {
namespace {

using net::http::attempt;
using net::http::method;

constexpr int unauthorized = 401, forbidden = 403, too_many_requests = 429;

std::string untrusted(const error& why) {
  return "the certificate is not believed (" + why.detail +
         "); genesys.ca names one more authority to believe";
}

/// Permissions as the platform's reference names them.
const char* permission_for(method verb) {
  return verb == method::get ? "eventbridge:subscriptions:read" : "eventbridge:subscriptions:write";
}

}  // namespace

net::http::outgoing api::outgoing_of(const request& what) {
  net::http::outgoing out;
  out.method = what.method;
  out.target = what.target;
  out.content_type = what.body.empty() ? "" : "application/json";
  out.fields = {{"Accept", "application/json"}};
  out.body = what.body;
  return out;
}

task<called<net::http::reply>> api::call(request what) {
  patience patient(what.method != method::post);
  bool renewed = false;
  for (;;) {
    called<std::string> token = co_await this->token();
    if (!token) co_return tl::unexpected(std::move(token.error()));
    net::http::outgoing out = outgoing_of(what);
    out.fields.emplace_back("Authorization", "Bearer " + *token);
    attempt ended = co_await out_.send(host::api, std::move(out));
    if (ended && ended->status >= 200 && ended->status < 300) co_return *std::move(ended);
    if (ended && ended->status == unauthorized && !renewed) {
      renewed = true;
      tokens_.refused(*token);
      continue;
    }
    const std::optional<std::chrono::nanoseconds> wait = wait_after(patient, ended);
    if (!wait) co_return tl::unexpected(explain(what, ended));
    co_await out_.wait(*wait);
  }
}

task<called<std::string>> api::token() {
  patience patient(true);
  for (;;) {
    const net::oauth2::token_cache::advice advice = tokens_.ask(out_.now());
    if (advice == net::oauth2::token_cache::advice::use) co_return tokens_.token();
    SLUICE_ASSERT(advice ==
                  net::oauth2::token_cache::advice::fetch);  // one process at a time asks this cache
    attempt ended = co_await out_.send(host::login, tokens_.request());
    const result<void> fetched = tokens_.fetched(ended, out_.now());
    if (fetched || tokens_.has_token(out_.now())) continue;
    const std::optional<std::chrono::nanoseconds> wait = wait_after(patient, ended);
    if (!wait) {
      const error& why = fetched.error();
      co_return call_fails(why.code, why.code == errc::untrusted ? untrusted(why) : why.detail,
                           "POST " + at_.login + tokens_.request().target);
    }
    co_await out_.wait(*wait);
  }
}

std::optional<std::chrono::nanoseconds> api::wait_after(patience& patient, const attempt& ended) {
  const std::chrono::sys_time<std::chrono::milliseconds> wall{std::chrono::milliseconds(out_.wall_ms())};
  return patient.after(ended, out_.random(), std::chrono::floor<std::chrono::seconds>(wall));
}

call_failure api::explain(const request& what, const attempt& ended) const {
  call_failure failure;
  failure.perhaps_done = patience::perhaps_done(ended);
  failure.why.place = std::string(to_string(what.method)) + " " + at_.api + what.target;
  if (!ended) {
    failure.why.code = ended.error().why.code;
    failure.why.detail =
        failure.why.code == errc::untrusted ? untrusted(ended.error().why) : ended.error().why.detail;
    return failure;
  }
  const std::string id = tokens_.key("client_id");
  failure.status = ended->status;
  failure.why.code = errc::refused;
  const net::oauth2::redactor secrets = tokens_.secrets();
  failure.why.detail = describe(*ended, secrets);
  switch (ended->status) {
    case unauthorized:
      failure.why.detail +=
          "; a new token for " + id +
          " is not accepted either: does the client belong to this region, and is it enabled?";
      break;
    case forbidden: {
      const std::string named = missing_permissions(*ended, secrets);
      const std::string needed = named.empty() ? permission_for(what.method) : named;
      failure.why.detail += "; give the client of " + id + " a role with " + needed;
      break;
    }
    case too_many_requests:
      failure.why.code = errc::overloaded;
      failure.why.detail += "; too many calls with this client, try later";
      break;
    default:
      break;
  }
  return failure;
}

}  // namespace sluice::subscription
