// Backpressure between two stages as arithmetic: a producer pushes only against credit that its consumer
// granted, link by link, and a link's epoch tells a restarted neighbour from its predecessor. No actor in
// here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "messages/assert.hpp"

namespace sluice {

/// Names one link between two particular actors; given by the supervisor, never twice.
using epoch = std::uint64_t;

/// A producer's links to its consumers. `Handle` is whatever reaches a consumer.
template <class Handle>
class credit_ledger {
 public:
  struct link {
    epoch number = 0;
    Handle consumer;
    std::uint32_t credit = 0;
  };

  /// A new link, without credit until the consumer grants some.
  void attach(epoch number, Handle consumer) { links_.push_back({number, std::move(consumer), 0}); }
  /// Credit for a link; an epoch that is not known is ignored (its link is gone).
  void grant(epoch number, std::uint32_t n) {
    for (auto& l : links_) {
      if (l.number == number) l.credit += n;
    }
  }
  /// The link with the most credit, the next in turn among equals, one credit taken; nothing when no link has
  /// any.
  const link* spend() {
    link* best = nullptr;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      auto& l = links_[(turn_ + i) % links_.size()];
      if (l.credit > 0 && (best == nullptr || l.credit > best->credit)) best = &l;
    }
    if (best == nullptr) return nullptr;
    --best->credit;
    turn_ = static_cast<std::size_t>(best - links_.data()) + 1;
    return best;
  }
  /// Forgets links for which `gone(handle)` holds.
  template <class Predicate>
  void drop(Predicate gone) {
    std::erase_if(links_, [&](const link& l) { return gone(l.consumer); });
    turn_ = 0;
  }
  void clear() noexcept { links_.clear(); }
  std::uint32_t credit() const noexcept {
    std::uint32_t sum = 0;
    for (const auto& l : links_) sum += l.credit;
    return sum;
  }
  const std::vector<link>& links() const noexcept { return links_; }

 private:
  std::vector<link> links_;  // bounded by the configuration's number of consumers
  std::size_t turn_ = 0;
};

/// A consumer's links to its producers: who is owed how much.
template <class Handle>
class debt_ledger {
 public:
  explicit debt_ledger(std::uint32_t window) : window_(window) { SLUICE_ASSERT(window > 0); }

  /// A new link; its producer is to be granted the window.
  void open(epoch number, Handle producer) { links_.push_back({number, std::move(producer), window_}); }
  std::uint32_t window() const noexcept { return window_; }

  /// A push arrived. False when its link is gone: the group is taken all the same, but earns no credit.
  bool pushed(epoch number) {
    auto* l = find(number);
    if (l == nullptr) return false;
    SLUICE_ASSERT(l->outstanding > 0);
    --l->outstanding;
    return true;
  }
  /// A group of that link has left the stage: the producer to grant one credit to, or nothing when the link
  /// is gone.
  const Handle* left(epoch number) {
    auto* l = find(number);
    if (l == nullptr) return nullptr;
    ++l->outstanding;
    SLUICE_ASSERT(l->outstanding <= window_);
    return &l->producer;
  }
  template <class Predicate>
  void drop(Predicate gone) {
    std::erase_if(links_, [&](const link& l) { return gone(l.producer); });
  }
  void clear() noexcept { links_.clear(); }
  std::size_t links() const noexcept { return links_.size(); }

 private:
  struct link {
    epoch number;
    Handle producer;
    std::uint32_t outstanding;  // credit that the producer holds
  };
  link* find(epoch number) {
    for (auto& l : links_) {
      if (l.number == number) return &l;
    }
    return nullptr;
  }
  std::uint32_t window_;
  std::vector<link> links_;  // bounded by the configuration's number of producers
};

}  // namespace sluice
