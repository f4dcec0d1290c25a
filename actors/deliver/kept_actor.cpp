// Delivers nothing: what is left of a destination that the configuration has no more waits for an operator,
// or for the destination's return, and gives way like any backlog.
#include "actors/deliver/actors.hpp"
#include "actors/deliver/stage.hpp"

namespace sluice::deliver {
namespace {

class kept_stage : public stage {
 public:
  using stage::stage;

 protected:
  bool wants() override { return false; }
  void take(const lane_event&) override {}
  void pulled() override {}
  bool hand_empty() const override { return true; }
  bool busy() const override { return false; }
};

}  // namespace

deliver_actor spawn_kept(caf::actor_system& system, stage_options options) {
  SLUICE_ASSERT(options.lane->paused);
  return system.spawn<kept_stage>(std::move(options));
}

}  // namespace sluice::deliver
