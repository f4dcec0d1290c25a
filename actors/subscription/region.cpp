// As the platform's public SDKs have them (PureCloudRegionHosts, getRegionMap).
#include "actors/subscription/region.hpp"

#include <algorithm>
#include <string>

namespace sluice::subscription {
namespace {

struct region {
  std::string_view key;
  std::string_view domain;
};

constexpr region regions[] = {
    {"us-east-1", "mypurecloud.com"},
    {"us-east-2", "use2.us-gov-pure.cloud"},
    {"us-west-2", "usw2.pure.cloud"},
    {"ca-central-1", "cac1.pure.cloud"},
    {"mx-central-1", "mxc1.pure.cloud"},
    {"sa-east-1", "sae1.pure.cloud"},
    {"eu-west-1", "mypurecloud.ie"},
    {"eu-west-2", "euw2.pure.cloud"},
    {"eu-central-1", "mypurecloud.de"},
    {"eu-central-2", "euc2.pure.cloud"},
    {"eusc-de-east-1", "edee1.eusc-pure.cloud"},
    {"me-central-1", "mec1.pure.cloud"},
    {"ap-south-1", "aps1.pure.cloud"},
    {"ap-southeast-1", "apse1.pure.cloud"},
    {"ap-southeast-2", "mypurecloud.com.au"},
    {"ap-northeast-1", "mypurecloud.jp"},
    {"ap-northeast-2", "apne2.pure.cloud"},
    {"ap-northeast-3", "apne3.pure.cloud"},
};

}  // namespace

result<hosts> find_hosts(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(regions, [&](const region& r) { return r.key == name || r.domain == name; });
  if (found != std::end(regions)) {
    const std::string domain(found->domain);
    return hosts{"https://login." + domain, "https://api." + domain};
  }
  return fail(errc::invalid_config, "is no region of Genesys Cloud; allowed is " + known_regions());
}

std::string known_regions() {
  std::string known;
  for (const region& r : regions)
    known.append(known.empty() ? "" : ", ").append(r.key).append(" (").append(r.domain).append(")");
  return known;
}

}  // namespace sluice::subscription
