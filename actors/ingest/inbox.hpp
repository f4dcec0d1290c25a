// Where io threads leave requests for the ingest actor: a lock-free stack that wakes its reader once, however
// many come.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "messages/batch.hpp"

namespace sluice::ingest {

/// Any number of writers, one reader. Bounded by the lease that every request holds.
class inbox {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;
  ~inbox() {
    drain_into([](std::unique_ptr<batch>) {});
  }

  /// True when it was empty: the writer wakes the reader.
  bool push(std::unique_ptr<batch> b) noexcept {
    auto* below = head_.load(std::memory_order_relaxed);
    auto* n = new node{std::move(b), below};
    while (!head_.compare_exchange_weak(below, n, std::memory_order_release, std::memory_order_relaxed)) {
      n->next = below;
    }
    return below == nullptr;  // n is the reader's by now, or gone
  }

  /// Takes everything, in the order in which it came.
  template <class Take>
  void drain_into(Take take) {
    node* newest = head_.exchange(nullptr, std::memory_order_acquire);
    node* oldest = nullptr;
    while (newest != nullptr) {
      node* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      const std::unique_ptr<node> n(oldest);
      oldest = n->next;
      take(std::move(n->item));
    }
  }

 private:
  struct node {
    std::unique_ptr<batch> item;
    node* next;
  };
  std::atomic<node*> head_ = nullptr;
};

}  // namespace sluice::ingest
