// The subscriptions of the one organisation that the sandbox emulates.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/subscription.hpp"

namespace sluice::sandbox {

/// In the order of their creation; names are unique. Pure, not thread-safe. Pointers are good until the next
/// change.
class subscription_store {
 public:
  static constexpr std::size_t subscriptions_max = 1000;

  bool full() const noexcept { return all_.size() >= subscriptions_max; }
  /// Needs room, and a name that nobody has.
  const subscription& create(subscription_draft draft, std::string id, std::string created);
  /// Needs the id to exist, and the name to be its own or nobody's. A draft that says no status changes none.
  const subscription& replace(std::string_view id, subscription_draft draft);
  /// False when there is no such id.
  bool remove(std::string_view id);
  bool set_active(std::string_view id, bool active);

  const subscription* find(std::string_view id) const noexcept;
  const subscription* named(std::string_view name) const noexcept;
  std::span<const subscription> all() const noexcept { return all_; }
  /// Grows with every change.
  std::uint64_t revision() const noexcept { return revision_; }

 private:
  std::vector<subscription> all_;
  std::uint64_t revision_ = 0;
};

}  // namespace sluice::sandbox
