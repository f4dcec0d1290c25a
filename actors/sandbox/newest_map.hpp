// A map that a ledger can keep for ever: beyond its bound the oldest entries are forgotten, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "actors/sandbox/identity.hpp"

namespace sluice::sandbox {

/// Pure, not thread-safe. About 60 bytes an entry beside the value.
template <class Value>
class newest_map {
 public:
  explicit newest_map(std::size_t entries_max) : entries_max_(entries_max) {}

  Value* find(identity what) noexcept {
    const auto found = entries_.find(what);
    return found == entries_.end() ? nullptr : &found->second;
  }
  const Value* find(identity what) const noexcept {
    const auto found = entries_.find(what);
    return found == entries_.end() ? nullptr : &found->second;
  }
  /// False, and nothing changed, when it is there.
  bool insert(identity what, Value value) {
    if (!entries_.emplace(what, std::move(value)).second) return false;
    order_.push_back(what);
    if (order_.size() > entries_max_) {
      entries_.erase(order_.front());
      order_.pop_front();
      ++forgotten_;
    }
    return true;
  }
  std::size_t size() const noexcept { return entries_.size(); }
  std::uint64_t forgotten() const noexcept { return forgotten_; }

  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

 private:
  std::size_t entries_max_;
  std::unordered_map<identity, Value> entries_;
  std::deque<identity> order_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace sluice::sandbox
