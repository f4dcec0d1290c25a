#include "net/oauth2/token_cache.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "messages/assert.hpp"
#include "net/base64.hpp"
#include "net/http/quoted.hpp"

namespace sluice::net::oauth2 {
namespace {

using nlohmann::json;
using std::chrono::nanoseconds;

/// Of an answer that does not say (RFC 6749 section 5.1 lets it).
constexpr nanoseconds usual_life = std::chrono::hours(1);
constexpr double life_seconds_max = 365.0 * 24 * 3600;

}  // namespace

std::string describe_answer(const http::reply& answer, const redactor& secrets) {
  return http::describe_answer(answer.status, secrets.clean(answer.body));
}

token_cache::token_cache(token_options options) : options_(std::move(options)) {
  const credentials& who = options_.who;
  credentials_.hide(who.client_secret);
  if (!who.client_secret.empty()) credentials_.hide(who.client_id + ":" + who.client_secret);
}

token_cache::advice token_cache::ask(nanoseconds now) {
  if (!token_.empty() && now >= ends_at_) token_.clear();
  const bool due = token_.empty() || now >= renew_at_;
  if (!due) return advice::use;
  if (fetching_since_) return token_.empty() ? advice::wait : advice::use;
  fetching_since_ = now;
  ++requests_;
  return advice::fetch;
}

http::outgoing token_cache::request() const {
  http::outgoing what;
  what.target = options_.target;
  what.content_type = "application/x-www-form-urlencoded";
  what.fields = {
      {"Authorization", "Basic " + to_base64(options_.who.client_id + ":" + options_.who.client_secret)},
      {"Accept", "application/json"}};
  what.body = "grant_type=client_credentials";
  if (!options_.who.scope.empty()) what.body += "&scope=" + form_text(options_.who.scope);
  return what;
}

result<void> token_cache::fetched(const http::attempt& how, nanoseconds now) {
  SLUICE_ASSERT(fetching_since_);
  result<void> done;
  if (!how) {
    done = fail(how.error().why);
  } else if (how->status != 200) {
    done = fail(explain(*how));
  } else {
    done = taken(how->body);
  }
  fetching_since_.reset();
  if (!done) renew_at_ = now + renewal_pause;
  return done;
}

// Its life began at the latest when it was asked for.
result<void> token_cache::taken(std::string_view body) {
  const json answer = json::parse(body, nullptr, false);
  const auto member = [&](const char* name) -> const json* {
    if (!answer.is_object()) return nullptr;
    const auto found = answer.find(name);
    return found == answer.end() || found->is_null() ? nullptr : &*found;
  };
  const json* const token = member("access_token");
  if (token == nullptr || !token->is_string() || token->get_ref<const std::string&>().empty())
    return fail(errc::bad_request, "answer 200 has no access_token");
  // It becomes part of a header field.
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::ranges::all_of(token->get_ref<const std::string&>(), visible))
    return fail(errc::bad_request, "the access_token has characters that no token has");
  nanoseconds life = usual_life;
  if (const json* const seconds = member("expires_in")) {
    if (!seconds->is_number() || seconds->get<double>() < 1)
      return fail(errc::bad_request, "expires_in is no number of seconds from 1");
    life = std::chrono::duration_cast<nanoseconds>(
        std::chrono::duration<double>(std::min(seconds->get<double>(), life_seconds_max)));
  }
  previous_token_ = std::exchange(newest_token_, token->get<std::string>());
  token_ = newest_token_;
  ends_at_ = *fetching_since_ + life;
  renew_at_ = ends_at_ - std::min(margin, life / 2);
  return {};
}

error token_cache::explain(const http::reply& answer) const {
  const redactor hidden = secrets();
  const json body = json::parse(answer.body, nullptr, false);
  const auto text = [&](const char* name) -> std::string {
    if (!body.is_object()) return {};
    const auto found = body.find(name);
    return found == body.end() || !found->is_string() ? std::string() : found->get<std::string>();
  };
  const std::string code = text("error");
  std::string said = text("error_description");
  if (said.empty()) said = text("description");
  said = " (" + excerpt(said.empty() ? code : code + ": " + said, hidden) + ")";
  const std::string id = key("client_id");
  std::string detail;
  if (code == "invalid_client") {
    detail = id + " or " + key("client_secret") + " is wrong" + said;
  } else if (code == "invalid_scope") {
    detail = key("scope") + " asks for what the client may not have" + said;
  } else if (code == "unauthorized_client" || code == "unsupported_grant_type") {
    detail = "the client of " + id + " is not made for the client credentials grant" + said;
  } else {
    detail = "no token for " + id + ": " + options_.describe(answer, hidden);
  }
  return {errc::refused, std::move(detail), {}};
}

void token_cache::refused(std::string_view token) {
  if (token == token_) token_.clear();
}

redactor token_cache::secrets() const {
  redactor all = credentials_;
  all.hide(newest_token_);
  all.hide(previous_token_);
  return all;
}

}  // namespace sluice::net::oauth2
