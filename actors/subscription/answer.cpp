// The platform's ErrorBody: message, code, status, messageParams, contextId; all of it may be missing.
#include "actors/subscription/answer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace sluice::subscription {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_quoted = 200;

std::string text_of(const json& body, const char* name) {
  if (!body.is_object()) return {};
  const auto found = body.find(name);
  return found == body.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

}  // namespace

std::string excerpt(std::string text, const redactor& secrets) {
  text = secrets.clean(std::move(text));
  std::string out;
  for (const char c : std::string_view(text).substr(0, bytes_quoted)) out += c >= ' ' && c < 127 ? c : ' ';
  if (text.size() > bytes_quoted) out += "...";
  return out;
}

std::string describe(const net::http::reply& answer, const redactor& secrets) {
  const json body = json::parse(answer.body, nullptr, false);
  const std::string message = text_of(body, "message");
  const std::string said = excerpt(message.empty() ? answer.body : message, secrets);
  std::string id(answer.field(correlation_field));
  if (id.empty()) id = text_of(body, "contextId");
  std::string text = "answer " + std::to_string(answer.status);
  if (!said.empty()) text += ": " + said;
  if (!id.empty()) text += " (correlation id " + excerpt(id, secrets) + ")";
  return text;
}

std::string missing_permissions(const net::http::reply& answer, const redactor& secrets) {
  const json body = json::parse(answer.body, nullptr, false);
  if (!body.is_object()) return {};
  const auto params = body.find("messageParams");
  if (params == body.end() || !params->is_object()) return {};
  return excerpt(text_of(*params, "permissions"), secrets);
}

}  // namespace sluice::subscription
