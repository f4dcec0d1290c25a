#include "actors/sandbox/subscription_store.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::sandbox {

const subscription& subscription_store::create(subscription_draft draft, std::string id,
                                               std::string created) {
  SLUICE_ASSERT(!full());
  SLUICE_ASSERT(named(draft.name) == nullptr);
  ++revision_;
  return all_.emplace_back(subscription{std::move(id), std::move(draft.name), std::move(draft.endpoint),
                                        std::move(draft.sources), draft.retention_days,
                                        draft.active.value_or(true), std::move(created)});
}

const subscription& subscription_store::replace(std::string_view id, subscription_draft draft) {
  const auto found = std::ranges::find(all_, id, &subscription::id);
  SLUICE_ASSERT(found != all_.end());
  const subscription* const owner = named(draft.name);
  SLUICE_ASSERT(owner == nullptr || owner == &*found);
  ++revision_;
  found->name = std::move(draft.name);
  found->endpoint = std::move(draft.endpoint);
  found->sources = std::move(draft.sources);
  found->retention_days = draft.retention_days;
  found->active = draft.active.value_or(found->active);
  return *found;
}

bool subscription_store::remove(std::string_view id) {
  ++revision_;
  return std::erase_if(all_, [&](const subscription& s) { return s.id == id; }) > 0;
}

bool subscription_store::set_active(std::string_view id, bool active) {
  const auto found = std::ranges::find(all_, id, &subscription::id);
  if (found == all_.end()) return false;
  ++revision_;
  found->active = active;
  return true;
}

const subscription* subscription_store::find(std::string_view id) const noexcept {
  const auto found = std::ranges::find(all_, id, &subscription::id);
  return found == all_.end() ? nullptr : &*found;
}

const subscription* subscription_store::named(std::string_view name) const noexcept {
  const auto found = std::ranges::find(all_, name, &subscription::name);
  return found == all_.end() ? nullptr : &*found;
}

}  // namespace sluice::sandbox
