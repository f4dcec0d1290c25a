// The parts of a running sandbox that a scenario acts on, and how they are summed up.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/sandbox/clockwork.hpp"
#include "actors/sandbox/cloud.hpp"
#include "actors/sandbox/guarded.hpp"
#include "actors/sandbox/receiver.hpp"
#include "actors/sandbox/scenario_player.hpp"
#include "actors/sandbox/sender.hpp"
#include "actors/sandbox/verdict.hpp"

namespace sluice::sandbox {

/// Plays on the clock's thread, from `start` to the end of the story. `over` and `sum_up` from any thread.
class theatre final : public stage {
 public:
  /// All outlive it, and the clock stops before it ends.
  theatre(guarded<cloud>& of, clockwork& clock, sender& source,
          const std::vector<std::unique_ptr<receiver>>& receivers, scenario story);

  void start();
  bool over() const;
  verdict sum_up() const;

  void steer(const steering& how) override;
  bool add_fault(const fault& what) override;
  std::size_t drop_subscriptions(const std::string& name) override;
  void behave(std::size_t number, const receiver_manner& how) override;
  std::uint64_t active_subscriptions() override;
  std::uint64_t acknowledged() override;
  bool all_sent() override;
  bool settled() override;
  bool drained() override;
  std::uint64_t requests_received() override;

 private:
  void play();
  comparison compared(const receiver_expectation& by) const;

  guarded<cloud>& cloud_;
  clockwork& clock_;
  sender& sender_;
  const std::vector<std::unique_ptr<receiver>>& receivers_;
  const scenario story_;
  scenario_player player_;  ///< the clock's thread's
  mutable std::mutex lock_;
  bool over_ = false;                    // guarded by lock_, as complaints_
  std::vector<std::string> complaints_;  ///< the player's, so far
};

}  // namespace sluice::sandbox
