#include "actors/sandbox/owed_events.hpp"

namespace sluice::sandbox {

void owed_events::acknowledge(identity what, const event_class& of) {
  const auto [known, is_new] = numbers_.emplace(of, static_cast<std::uint32_t>(classes_.size()));
  if (is_new) classes_.push_back(of);
  events_.insert(what, known->second);
}

const event_class* owed_events::find(identity what) const noexcept {
  const std::uint32_t* const number = events_.find(what);
  return number == nullptr ? nullptr : &classes_[*number];
}

void owed_events::each(const selection& of, const std::function<void(identity)>& what) const {
  for (const auto& [event, number] : events_)
    if (of.has(classes_[number])) what(event);
}

}  // namespace sluice::sandbox
