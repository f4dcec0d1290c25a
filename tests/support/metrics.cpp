// Prometheus text format: `name{label="value",…} number` a line, `#` before comments.
#include "tests/support/metrics.hpp"

#include <cstdlib>

namespace sluice::testing {
namespace {

/// The labels between the braces; no label value of ours holds a quote or a comma.
labels parse_labels(std::string_view text) {
  labels all;
  while (!text.empty()) {
    const std::size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) break;
    const std::size_t end = text.find('"', equals + 2);
    all.emplace(text.substr(0, equals), text.substr(equals + 2, end - equals - 2));
    text.remove_prefix(std::min(text.size(), end + 2));
  }
  return all;
}

bool has(const labels& all, const labels& wanted) {
  for (const auto& [name, value] : wanted) {
    const auto found = all.find(name);
    if (found == all.end() || found->second != value) return false;
  }
  return true;
}

}  // namespace

std::optional<double> metric_value(std::string_view page, std::string_view name, const labels& wanted) {
  std::optional<double> sum;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    std::string_view line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    labels all;
    if (line.starts_with('{')) {
      const std::size_t close = line.rfind('}');
      all = parse_labels(line.substr(1, close - 1));
      line.remove_prefix(close + 1);
    }
    if (!line.starts_with(' ') || !has(all, wanted)) continue;
    sum = sum.value_or(0) + std::strtod(std::string(line).c_str(), nullptr);
  }
  return sum;
}

}  // namespace sluice::testing
