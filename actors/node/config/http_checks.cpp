#include "actors/node/config/http_checks.hpp"

#include <optional>

#include "actors/node/config/auth_checks.hpp"
#include "actors/node/config/paths.hpp"
#include "actors/node/config/split_checks.hpp"
#include "net/address_guard/address_guard.hpp"
#include "net/http/client.hpp"

namespace sluice::config {
namespace {

void check_format(reader& read, const std::string& member, destination_options& d) {
  const webhook_options& w = d.webhook;
  if (deliver::is_single(w.format)) {
    if (!given(read, in(member, "batch"))) {
      d.batch = 1;
    } else if (d.batch > 1) {
      read.complain(in(member, "batch"), "is more than one, which this `format` holds; 1, or leave it out");
    }
  }
  if (!w.type.empty() && !deliver::is_cloud_event(w.format))
    read.complain(in(member, "type"), "is for the formats cloudevents and cloudevents_batch; leave it out");
}

void check_secrets(reader& read, const std::string& member, const webhook_options& w) {
  if (w.sign.size() > webhook_options::sign_max) {
    read.complain(in(member, "sign"), std::string("has ")
                                          .append(std::to_string(w.sign.size()))
                                          .append(" secrets; at most ")
                                          .append(std::to_string(webhook_options::sign_max)));
  }
}

/// What the host of a URL can be told to be without asking anybody.
std::vector<net::ip_address> known_addresses(const std::string& host) {
  std::vector<std::string> texts{host};
  if (host == "localhost" || host.ends_with(".localhost")) texts = {"127.0.0.1", "::1"};  // RFC 6761
  std::vector<net::ip_address> all;
  for (const std::string& text : texts)
    if (const auto address = net::ip_address::parse(text)) all.push_back(*address);
  return all;
}

/// Every attempt would be refused: better said now. Names are looked up when it connects.
void check_reach(reader& read, const std::string& path, const std::string& text, const webhook_options& w) {
  const auto url = net::http::parse_url(text);
  if (!url) return;
  const net::address_guard guard(w.allow);
  std::optional<net::network> closed;
  for (const net::ip_address& address : known_addresses(url->host)) {
    const auto range = guard.closed_range(address);
    if (!range) return;
    if (!closed) closed = range;
  }
  if (!closed) return;
  const auto from = read.origins().find(path);
  const bool hidden = from != read.origins().end() && from->second.hidden;
  read.complain(path, std::string("leads to ")
                          .append(hidden ? "an address" : url->host)
                          .append(" that is not a public one; `allow: [")
                          .append(hidden ? "RANGE" : closed->text())
                          .append("]` opens it"));
}

void check_allow(reader& read, const std::string& member, const webhook_options& w) {
  if (w.allow.size() > webhook_options::allow_max) {
    read.complain(in(member, "allow"), std::string("has ")
                                           .append(std::to_string(w.allow.size()))
                                           .append(" ranges; at most ")
                                           .append(std::to_string(webhook_options::allow_max)));
  }
}

}  // namespace

void check_http(reader& read, destination_options& d) {
  const std::string member = in("destinations", d.name);
  check_format(read, member, d);
  check_secrets(read, member, d.webhook);
  check_allow(read, member, d.webhook);
  check_auth(read, d);
  check_client_tls(read, d);
  check_split(read, d);
  check_reach(read, in(member, "url"), d.url, d.webhook);
  check_reach(read, in(member, "auth.oauth2.token_url"), d.webhook.auth.token_url, d.webhook);
  for (std::size_t i = 0; i < d.split.endpoints.size(); ++i)
    check_reach(read, endpoint_path(read, d, i), d.split.endpoints[i], d.webhook);
}

}  // namespace sluice::config
