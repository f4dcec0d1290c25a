// The platform's ErrorBody: message, code, status, messageParams, contextId; all of it may be missing.
#include "actors/subscription/answer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "net/http/quoted.hpp"

namespace sluice::subscription {
namespace {

using nlohmann::json;

std::string text_of(const json& body, const char* name) {
  if (!body.is_object()) return {};
  const auto found = body.find(name);
  return found == body.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

}  // namespace

std::string describe(const net::http::reply& answer, const net::oauth2::redactor& secrets) {
  const json body = json::parse(answer.body, nullptr, false);
  const std::string message = text_of(body, "message");
  std::string id(answer.field(correlation_field));
  if (id.empty()) id = text_of(body, "contextId");
  std::string text =
      net::http::describe_answer(answer.status, secrets.clean(message.empty() ? answer.body : message));
  if (!id.empty()) text += " (correlation id " + net::oauth2::excerpt(id, secrets) + ")";
  return text;
}

net::oauth2::token_options tokens_for(net::oauth2::credentials who) {
  net::oauth2::token_options options;
  options.who = std::move(who);
  options.describe = describe;
  return options;
}

std::string missing_permissions(const net::http::reply& answer, const net::oauth2::redactor& secrets) {
  const json body = json::parse(answer.body, nullptr, false);
  if (!body.is_object()) return {};
  const auto params = body.find("messageParams");
  if (params == body.end() || !params->is_object()) return {};
  return net::oauth2::excerpt(text_of(*params, "permissions"), secrets);
}

}  // namespace sluice::subscription
