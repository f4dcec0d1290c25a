#include "actors/node/config/http_checks.hpp"

#include "actors/node/config/auth_checks.hpp"
#include "actors/node/config/paths.hpp"
#include "actors/node/config/reach_checks.hpp"
#include "actors/node/config/split_checks.hpp"
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

bool speaks_https(const destination_options& d) {
  if (d.webhook.auth.token_url.starts_with("https")) return true;
  for (std::size_t i = 0; i < d.endpoint_count(); ++i)
    if (d.endpoint_url(i).starts_with("https")) return true;
  return false;
}

void check_url(reader& read, const std::string& path, const std::string& text, const destination_options& d) {
  if (const auto url = net::http::parse_url(text)) check_reach(read, path, url->host, d);
}

}  // namespace

void check_http(reader& read, destination_options& d) {
  const std::string member = in("destinations", d.name);
  check_format(read, member, d);
  check_secrets(read, member, d.webhook);
  check_allow(read, d);
  check_auth(read, d);
  check_client_tls(read, d, "https", speaks_https(d));
  check_split(read, d);
  check_url(read, in(member, "url"), d.url, d);
  check_url(read, in(member, "auth.oauth2.token_url"), d.webhook.auth.token_url, d);
  for (std::size_t i = 0; i < d.split.endpoints.size(); ++i)
    check_url(read, endpoint_path(read, d, i), d.split.endpoints[i], d);
}

}  // namespace sluice::config
