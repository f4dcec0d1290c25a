// Keys of the Genesys section. What a region, a host or a subscription may be is the subscription stage's to
// say.
#include "actors/node/config/key_makers.hpp"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// The section that is there as soon as one of its keys is.
genesys_options& section_of(const cursor& c) {
  if (!c.all.genesys) c.all.genesys.emplace();
  return *c.all.genesys;
}

}  // namespace

std::vector<key> genesys_keys() {
  return {
      leaf(
          "genesys.check_interval", duration_between(seconds(1), hours(1)),
          [](const cursor& c) -> auto& { return section_of(c).check_interval; },
          "How often the subscription is looked at."),
  };
}

}  // namespace sluice::config
