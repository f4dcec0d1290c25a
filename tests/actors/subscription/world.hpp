// Drives tasks of this stage against the model, in virtual time.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "actors/subscription/outside.hpp"
#include "messages/assert.hpp"
#include "tests/actors/subscription/model_cloud.hpp"

namespace sluice::subscription::testing {

class world {
 public:
  model_cloud cloud;
  moment at{std::chrono::hours(1000), 1'768'000'000'000};
  std::vector<std::chrono::nanoseconds> waits;  ///< every wait that was asked for
  double random_next = 0.5;

  std::function<double()> random() {
    return [this] { return random_next; };
  }
  void pass(std::chrono::nanoseconds time) {
    at.now += time;
    at.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }

  /// Does what `next` says to `who`; what it says then.
  template <class Machine>
  step perform(Machine& who, step next) {
    if (auto* const send = std::get_if<send_step>(&next)) {
      pass(std::chrono::milliseconds(50));
      return who.answered(cloud.take(send->to, send->what), at);
    }
    const auto* const wait = std::get_if<wait_step>(&next);
    SLUICE_ASSERT(wait != nullptr);
    waits.push_back(wait->time);
    pass(wait->time);
    return who.woken(at);
  }

  /// The result of a task that uses `through`.
  template <class T>
  T run(outside& through, task<T> what) {
    process<T> under_way(through, std::move(what));
    step next = under_way.start(at);
    while (!std::holds_alternative<done_step>(next)) next = perform(under_way, std::move(next));
    return under_way.take();
  }
};

}  // namespace sluice::subscription::testing
