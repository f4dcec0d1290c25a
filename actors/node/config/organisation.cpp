#include "actors/node/config/organisation.hpp"

#include "actors/subscription/region.hpp"
#include "messages/assert.hpp"

namespace sluice::config {

subscription::settings settings_of(const genesys_options& from) {
  subscription::settings to;
  if (!from.region.empty()) {
    auto hosts = subscription::find_hosts(from.region);
    SLUICE_ASSERT(hosts.has_value());
    to.hosts = std::move(*hosts);
  }
  if (!from.login_url.empty()) to.hosts.login = from.login_url;
  if (!from.base_url.empty()) to.hosts.api = from.base_url;
  to.credentials = from.credentials;
  to.wanted = from.subscription;
  to.check_interval = from.check_interval;
  return to;
}

result<std::shared_ptr<const net::tls::client_context>> authorities_of(const genesys_options& from) {
  std::vector<std::string> files;
  if (!from.ca.empty()) files.push_back(from.ca);
  auto made = net::tls::client_context::make(files);
  if (made) return made;
  return fail(errc::invalid_config, made.error().detail, "genesys.ca");
}

}  // namespace sluice::config
