// The rules of a configuration, compiled for routing, and the lanes that events are split over.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "actors/node/config/config.hpp"
#include "actors/route/lane_split.hpp"
#include "actors/route/rule_set.hpp"
#include "messages/result.hpp"

namespace sluice::config {

/// `number_of` gives the durable number of each destination that the configuration names. Of a configuration
/// that was loaded without errors this does not fail.
result<std::shared_ptr<const route::rule_set>> compile_rules(
    const config& from, const std::function<destination_id(std::string_view name)>& number_of);

/// The same with each destination's place in `destinations` as its number: for what runs without a log.
result<std::shared_ptr<const route::rule_set>> compile_rules(const config& from);

/// How each destination's events are split over its lanes.
std::shared_ptr<const route::lane_split> make_split(
    const config& from, const std::function<destination_id(std::string_view name)>& number_of);

}  // namespace sluice::config
