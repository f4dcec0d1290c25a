// POST /api/v1/destinations/{name}/pause and its like: an operator's order goes to the checkpoint, and is
// answered when it is durable.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "actors/checkpoint/order.hpp"
#include "actors/node/admin/destinations.hpp"
#include "actors/node/admin/request.hpp"

namespace sluice::node::admin {

/// Where orders are handed in. Thread-safe.
class order_desk {
 public:
  using take = std::function<void(checkpoint::order_ptr)>;

  /// The checkpoint of now; empty: there is none.
  void connect(take to) {
    const std::lock_guard lock(mutex_);
    to_ = std::make_shared<const take>(std::move(to));
  }
  /// False without a checkpoint; the order is dropped then.
  bool hand_in(checkpoint::order_ptr what) const {
    const auto to = [this] {
      const std::lock_guard lock(mutex_);
      return to_;
    }();
    if (!to || !*to) return false;
    (*to)(std::move(what));
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const take> to_;
};

/// 200 when the order is durable; 404 for a name that is none, with the nearest; 409 for a destination that
/// is gone, which can only be discarded; 503 without a log, or when it takes nothing any more. `desk`
/// outlives the handler.
handler order_destination(checkpoint::order_kind what, destination_sources from, const order_desk& desk);

}  // namespace sluice::node::admin
