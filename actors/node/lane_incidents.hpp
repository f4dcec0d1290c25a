// One line an incident of an endpoint, however many lanes meet it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "messages/position.hpp"

namespace sluice::node {

/// What the lanes of one endpoint run into. Thread-safe. Memory: a text for each lane.
class lane_incidents {
 public:
  /// `say` gets what is new, and an empty text when the last lane goes on; it must not block for long.
  explicit lane_incidents(std::function<void(const std::string& what)> say) : say_(std::move(say)) {}

  /// The lane cannot go on for now; empty: it goes on. Said unless another lane has said the same.
  void tell(lane_id lane, const std::string& what);
  /// The lane begins anew: what it told before is not its own any more. Says nothing.
  void forget(lane_id lane);

 private:
  const std::function<void(const std::string& what)> say_;
  std::mutex mutex_;
  std::map<lane_id, std::string> of_lane_;
};

}  // namespace sluice::node
