#include "actors/sandbox/token_issuer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "actors/sandbox/encoded_text.hpp"
#include "actors/sandbox/json.hpp"
#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

using net::http::response;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::ranges::equal(text.substr(0, lower_case.size()), lower_case, {}, lower);
}

/// What follows a scheme; nothing where the field has another one.
std::optional<std::string_view> credentials(std::string_view field, std::string_view lower_scheme) {
  if (!begins_with(field, lower_scheme)) return std::nullopt;
  field.remove_prefix(lower_scheme.size());
  if (!field.starts_with(' ')) return std::nullopt;
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  return field;
}

response oauth_error(std::string_view code, std::string_view description) {
  response r;
  r.status = 400;
  r.body = to_text({{"error", code}, {"description", description}, {"error_description", description}});
  return r;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) all.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return all;
}

}  // namespace

bool grant::may(std::string_view scope) const { return std::ranges::find(scopes, scope) != scopes.end(); }

token_issuer::token_issuer(std::vector<oauth_client> clients, std::chrono::seconds lifetime)
    : clients_(std::move(clients)), lifetime_(lifetime) {
  SLUICE_ASSERT(lifetime_ >= std::chrono::seconds(1));
}

const oauth_client* token_issuer::authenticated(std::string_view authorization) const {
  const auto encoded = credentials(authorization, "basic");
  const auto plain = encoded ? decode_base64(*encoded) : std::nullopt;
  if (!plain) return nullptr;
  const auto found =
      std::ranges::find_if(clients_, [&](const oauth_client& c) { return *plain == c.id + ":" + c.secret; });
  return found == clients_.end() ? nullptr : &*found;
}

response token_issuer::issue(std::string_view authorization, std::string_view content_type,
                             std::string_view body, instant now, dice& random) {
  ++counts_.requests;
  ++counts_.refused;  // taken back when a token is issued
  const oauth_client* const who = authenticated(authorization);
  if (who == nullptr) return oauth_error("invalid_client", "authentication failed");
  if (!begins_with(content_type, "application/x-www-form-urlencoded"))
    return oauth_error("invalid_request", "the content type must be application/x-www-form-urlencoded");
  const auto fields = parse_form(body);
  const std::string* const type = fields ? value_of(*fields, "grant_type") : nullptr;
  if (type == nullptr) return oauth_error("invalid_request", "grant_type is missing");
  if (*type != "client_credentials")
    return oauth_error("unsupported_grant_type", "only client_credentials is known here");
  std::vector<std::string> scopes = who->scopes;
  if (const std::string* const asked = value_of(*fields, "scope"); asked != nullptr && !asked->empty()) {
    scopes = words(*asked);
    for (const auto& scope : scopes)
      if (std::ranges::find(who->scopes, scope) == who->scopes.end())
        return oauth_error("invalid_scope", "the client may not have the scope " + scope);
  }
  make_room(now);
  const std::string token = random.uuid() + random.uuid();
  grants_[token] = grant{who->id, std::move(scopes), now + lifetime_, now, 0};
  --counts_.refused;
  ++counts_.issued;
  response r;
  r.body = to_text({{"access_token", token}, {"token_type", "bearer"}, {"expires_in", lifetime_.count()}});
  r.fields.emplace_back("Cache-Control", "no-store");
  return r;
}

void token_issuer::make_room(instant now) {
  std::erase_if(grants_, [&](const auto& known) { return known.second.ends <= now; });
  if (grants_.size() < tokens_max) return;
  grants_.erase(std::ranges::min_element(grants_, {}, [](const auto& known) { return known.second.ends; }));
}

grant* token_issuer::find(std::string_view authorization, instant now) {
  const auto token = credentials(authorization, "bearer");
  const auto found = token ? grants_.find(*token) : grants_.end();
  return found == grants_.end() || found->second.ends <= now ? nullptr : &found->second;
}

}  // namespace sluice::sandbox
