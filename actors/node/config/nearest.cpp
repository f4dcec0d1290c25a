// Levenshtein's distance, row by row.
#include "actors/node/config/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sluice::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view name, std::span<const std::string> known) {
  constexpr std::size_t name_bytes_max = 128;  // longer ones are no slip of the hand
  if (name.size() > name_bytes_max) return {};
  std::string_view best;
  std::size_t least = name_bytes_max;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance * 2 <= std::max(name.size(), candidate.size()) && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

}  // namespace sluice::config
