// Takes everything, counts it, delivers nowhere: for measuring and dry runs.
#include "actors/deliver/actors.hpp"
#include "actors/deliver/stage.hpp"

namespace sluice::deliver {
namespace {

class discard_stage : public stage {
 public:
  using stage::stage;

 protected:
  // One event is taken in any case, to ask for its place.
  bool wants() override { return events_ == 0 || my().endpoint->available() > events_; }
  void take(const lane_event& event) override {
    ++events_;
    last_ = event.at;
  }
  void pulled() override {
    if (events_ == 0) return;
    const auto places = ask(events_);
    if (!places) return;
    my().endpoint->ended(*places, end_kind::answered);
    auto what = outcome_upto(last_, checkpoint::settlement::delivered);
    what.head.events = static_cast<std::uint32_t>(std::exchange(events_, 0));
    what.head.attempts = 1;
    my().gauges.delivered.fetch_add(1, std::memory_order_relaxed);
    settle(std::move(what));
    pull();
  }
  void ticked() override { pull(); }
  void surrender() override {
    if (!paused()) return;
    events_ = 0;
    put_back();
  }
  bool hand_empty() const override { return events_ == 0; }
  bool busy() const override { return false; }

 private:
  std::size_t events_ = 0;
  position last_ = 0;
};

}  // namespace

deliver_actor spawn_discard(caf::actor_system& system, stage_options options) {
  return system.spawn<discard_stage>(std::move(options));
}

}  // namespace sluice::deliver
