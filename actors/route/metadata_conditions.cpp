// Numbers keys and values in the order in which the rules name them.
#include "actors/route/metadata_conditions.hpp"

#include <algorithm>

namespace sluice::route {

metadata_conditions::metadata_conditions(std::span<const rule> rules) : ends_{0} {
  for (const rule& r : rules) {
    for (const auto& [key, value] : r.metadata) {
      auto known = std::ranges::find(keys_, key, &key_values::text);
      if (known == keys_.end()) known = keys_.insert(known, key_values{key, {}});
      const auto next = static_cast<std::uint32_t>(known->values.size());
      flat_.push_back({static_cast<std::uint32_t>(known - keys_.begin()),
                       known->values.try_emplace(value, next).first->second});
    }
    ends_.push_back(flat_.size());
  }
}

}  // namespace sluice::route
