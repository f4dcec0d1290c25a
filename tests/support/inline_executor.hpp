// A stage's blocking work done where it is given, in the test's own thread.
#pragma once

#include <functional>

#include "actors/worker.hpp"

namespace sluice::testing {

class inline_executor final : public executor {
 public:
  void run(std::function<void()> job) override { job(); }
};

}  // namespace sluice::testing
