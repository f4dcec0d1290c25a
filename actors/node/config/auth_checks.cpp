#include "actors/node/config/auth_checks.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "actors/deliver/request_maker.hpp"
#include "actors/node/config/paths.hpp"
#include "actors/node/config/quoted.hpp"
#include "actors/subscription/specification.hpp"
#include "net/http/client.hpp"
#include "net/http/field.hpp"
#include "net/tls/context.hpp"

namespace sluice::config {
namespace {

/// One kind of proof: its keys below `auth`, the first of which names it.
struct proof {
  std::string_view name;
  std::array<std::string_view, 4> keys;
  std::size_t needed;  ///< so many of them, the first ones, belong together
};

constexpr proof proofs[] = {
    {"bearer", {"bearer"}, 1},
    {"basic", {"basic.user", "basic.password"}, 2},
    {"api_key", {"api_key.header", "api_key.value"}, 2},
    {"oauth2", {"oauth2.token_url", "oauth2.client_id", "oauth2.client_secret", "oauth2.scope"}, 3},
};

bool begun(const reader& read, const std::string& auth, const proof& of) {
  return std::ranges::any_of(of.keys,
                             [&](std::string_view k) { return !k.empty() && given(read, in(auth, k)); });
}

void check_one_kind(reader& read, const std::string& auth) {
  const proof* first = nullptr;
  for (const proof& one : proofs) {
    if (!begun(read, auth, one)) continue;
    for (std::size_t i = 0; i < one.needed; ++i) {
      const std::string path = in(auth, one.keys[i]);
      if (!given(read, path))
        read.complain(path, std::string("is missing; `").append(one.name).append("` needs it"));
    }
    if (first != nullptr) {
      read.complain(in(auth, one.name),
                    std::string("is there beside `").append(first->name).append("`; one of the two"));
    } else {
      first = &one;
    }
  }
}

void check_header(reader& read, const std::string& auth, const webhook_options& w) {
  const std::string path = in(auth, "api_key.header"), &name = w.auth.api_key_header;
  if (name.empty()) return;
  const bool twice =
      std::ranges::any_of(w.headers, [&](const auto& h) { return net::http::same_name(h.first, name); });
  if (!deliver::is_free_field(name))
    read.complain(path, "is for a header that the node writes itself; another one");
  else if (twice)
    read.complain(path, "is for a header that stands in `headers` too; once");
}

}  // namespace

void check_auth(reader& read, const destination_options& d) {
  const std::string auth = in(in("destinations", d.name), "auth");
  check_one_kind(read, auth);
  check_header(read, auth, d.webhook);
  const auth_options& a = d.webhook.auth;
  if (a.user.find(':') != a.user.npos)
    read.complain(in(auth, "basic.user"), "has a colon, which ends a name (RFC 7617); another name");
  if (const auto url = net::http::parse_url(a.token_url); !a.token_url.empty() && url) {
    const std::string origin = std::string(url->tls ? "https://" : "http://").append(url->authority());
    if (const std::string wrong = subscription::wrong_origin(origin); !wrong.empty())
      read.complain(in(auth, "oauth2.token_url"), std::string(wrong).append("; https, or http on loopback"));
  }
}

void complain_of_file(reader& read, const std::string& path, const error& why) {
  const auto from = read.origins().find(path);
  const bool hidden = from != read.origins().end() && from->second.hidden;
  std::string said =
      hidden || why.place.empty() ? std::string() : sluice::config::quoted(why.place).append(" ");
  read.complain(path, said.append(why.detail));
}

void check_client_tls(reader& read, const destination_options& d, std::string_view scheme, bool spoken) {
  const client_tls_options& tls = d.tls;
  const std::string section = in(in("destinations", d.name), "tls");
  if (tls.ca.empty() && tls.certificate.empty() && tls.key.empty()) return;
  for (const auto& [name, value, other] : {std::tuple("certificate", &tls.certificate, &tls.key),
                                           std::tuple("key", &tls.key, &tls.certificate)}) {
    if (value->empty() && !other->empty())
      return read.complain(in(section, name), "is missing; a certificate and its key belong together");
  }
  if (!spoken)
    return read.complain(section,
                         std::string("is for ").append(scheme).append("; leave it out, or send there"));
  std::vector<std::string> authorities;
  if (!tls.ca.empty()) authorities.push_back(tls.ca);
  const auto made = net::tls::client_context::make(authorities, {tls.certificate, tls.key});
  if (made) return;
  const std::string& file = made.error().place;
  complain_of_file(read,
                   in(section, file == tls.key  ? "key"
                               : file == tls.ca ? "ca"
                                                : "certificate"),
                   made.error());
}

}  // namespace sluice::config
