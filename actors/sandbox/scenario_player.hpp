// Plays a scenario's steps, each when its time has come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/sandbox/scenario.hpp"
#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {

/// What a scenario acts on and looks at.
class stage {
 public:
  virtual ~stage() = default;
  virtual void steer(const steering& how) = 0;
  /// False when too many wait already.
  virtual bool add_fault(const fault& what) = 0;
  /// By name, or all for an empty one; how many there were.
  virtual std::size_t drop_subscriptions(const std::string& name) = 0;
  virtual void behave(std::size_t receiver, const receiver_manner& how) = 0;

  virtual std::uint64_t active_subscriptions() = 0;
  virtual std::uint64_t acknowledged() = 0;
  virtual bool all_sent() = 0;
  virtual bool settled() = 0;
  virtual bool drained() = 0;
  virtual std::uint64_t requests_received() = 0;  ///< by all receivers
};

/// Pure but for the stage.
class scenario_player {
 public:
  scenario_player(const scenario& what, stage& on) : steps_(what.steps), stage_(on) {}

  /// Does what is due at `now`, as often as it is called. False when the story is over.
  bool play(instant now);
  /// What went wrong on the way, one line each.
  const std::vector<std::string>& complaints() const noexcept { return complaints_; }

 private:
  bool done(const wait_step& s, instant now);
  bool done(const sleep_step& s, instant now);
  bool done(const steering& s, instant now);
  bool done(const fault& s, instant now);
  bool done(const drop_step& s, instant now);
  bool done(const receiver_step& s, instant now);
  bool reached(const wait_step& s, instant now);
  bool quiet(instant now);

  const std::vector<step> steps_;
  stage& stage_;
  std::size_t next_ = 0;
  std::optional<instant> began_;  ///< the step under way
  std::uint64_t requests_seen_ = 0;
  instant requests_changed_{};
  std::vector<std::string> complaints_;  // at most one a step
};

}  // namespace sluice::sandbox
