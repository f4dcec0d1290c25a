#include "actors/node/admin/guard.hpp"

#include <algorithm>

#include "net/http/field.hpp"
#include "net/loopback.hpp"
#include "net/same_secret.hpp"

namespace sluice::node::admin {

using net::http::method;
using net::http::problem;
using net::http::response;

namespace {

std::unique_ptr<response> refusal(response r) { return std::make_unique<response>(std::move(r)); }

std::string_view without_port(std::string_view authority) noexcept {
  const auto colon = authority.rfind(':');
  const bool in_brackets = authority.starts_with('[') && colon < authority.find(']');
  return colon == std::string_view::npos || in_brackets ? authority : authority.substr(0, colon);
}

/// What a browser says of where the request comes from: nothing, itself, or a page of this very origin.
bool comes_from_elsewhere(const net::http::head_view& head) {
  const auto site = head.field("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  auto origin = head.field("origin");
  if (origin.empty()) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme))
      return !net::http::same_name(origin.substr(scheme.size()), head.field("host"));
  }
  return true;  // null, or no web page
}

}  // namespace

bool names_loopback(std::string_view authority) noexcept {
  auto host = without_port(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::is_loopback(host);
}

std::size_t guard::token_of(std::string_view authorization) const noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (!net::http::same_name(authorization.substr(0, scheme.size()), scheme)) return 0;
  authorization.remove_prefix(scheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  std::size_t found = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (net::same_secret(authorization, tokens_[i])) found = i + 1;
  }
  return found;
}

std::unique_ptr<response> guard::refuse_stranger(const net::http::head_view& head) const {
  if (tokens_.empty()) return nullptr;
  const auto shown = head.field("authorization");
  if (token_of(shown) > 0) return nullptr;
  auto r = problem(
      401, "unauthorized",
      shown.empty() ? "a token is needed here: Authorization: Bearer TOKEN" : "this token is not known");
  r.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"sluice admin\"");
  return refusal(std::move(r));
}

std::unique_ptr<response> guard::refuse(const net::http::head_view& head) const {
  if (auto stranger = refuse_stranger(head)) return stranger;
  if (tokens_.empty() && !names_loopback(head.field("host"))) {
    return refusal(problem(403, "forbidden",
                           "Host is not a name of this machine's loopback; localhost or a loopback address"));
  }
  const bool reads = head.method == method::get || head.method == method::head;
  if (!reads && comes_from_elsewhere(head))
    return refusal(problem(403, "forbidden", "a page of another site asks for it"));
  return nullptr;
}

std::string guard::who(std::string_view peer, std::string_view authorization) const {
  std::string text(peer.empty() ? std::string_view("unknown") : peer);
  if (const auto token = token_of(authorization); token > 0)
    text.append(" (token ").append(std::to_string(token)).append(")");
  return text;
}

}  // namespace sluice::node::admin
