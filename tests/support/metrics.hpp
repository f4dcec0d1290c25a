// Values out of a Prometheus text page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::testing {

using labels = std::map<std::string, std::string>;

/// The value of the sample with that name and at least those labels; the sum where several have them, nothing
/// where none has.
std::optional<double> metric_value(std::string_view page, std::string_view name, const labels& wanted = {});

}  // namespace sluice::testing
