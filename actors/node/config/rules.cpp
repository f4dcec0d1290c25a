// Names become numbers, patterns become automata.
#include "actors/node/config/rules.hpp"

#include <algorithm>

namespace sluice::config {

result<std::shared_ptr<const route::rule_set>> compile_rules(
    const config& from, const std::function<destination_id(std::string_view name)>& number_of) {
  std::vector<route::rule> rules;
  rules.reserve(from.routes.size());
  for (const route_options& r : from.routes) {
    route::rule made{r.source, r.metadata, {}};
    for (const std::string& name : r.to) made.to.push_back(number_of(name));
    rules.push_back(std::move(made));
  }
  return route::rule_set::compile(std::move(rules), from.match).map([](route::rule_set&& set) {
    return std::make_shared<const route::rule_set>(std::move(set));
  });
}

result<std::shared_ptr<const route::rule_set>> compile_rules(const config& from) {
  return compile_rules(from, [&](std::string_view name) {
    const auto found = std::ranges::find(from.destinations, name, &destination_options::name);
    SLUICE_ASSERT(found != from.destinations.end());
    return static_cast<destination_id>(found - from.destinations.begin());
  });
}

std::shared_ptr<const route::lane_split> make_split(
    const config& from, const std::function<destination_id(std::string_view name)>& number_of) {
  using by = route::split_rule::by;
  constexpr std::string_view metadata_prefix = "metadata.";
  auto split = std::make_shared<route::lane_split>();
  for (const destination_options& d : from.destinations) {
    route::split_rule rule;
    rule.lanes = static_cast<lane_id>(d.lane_count());
    if (d.split.ordering == ordering::none) {
      rule.what = by::turn;
    } else if (d.split.key.starts_with(metadata_prefix)) {
      rule.what = by::metadata;
      rule.key = d.split.key.substr(metadata_prefix.size());
    }
    split->tell(number_of(d.name), std::move(rule));
  }
  return split;
}

}  // namespace sluice::config
