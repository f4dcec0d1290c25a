// The built-in destination of quarantined events: each goes into the dead letters with its reason.
#include "actors/deliver/actors.hpp"

namespace sluice::deliver {
namespace {

/// Letters stored with one sync.
constexpr std::size_t letters_max = 1000;
constexpr std::size_t letters_bytes_max = 4u << 20;

class dead_letters_stage : public stage {
 public:
  using stage::stage;

 protected:
  bool wants() override {
    return !giving_up() && letters_.size() < letters_max && bytes_ < letters_bytes_max;
  }
  void take(const lane_event& event) override {
    letters_.push_back(letter(event, std::string(to_string(static_cast<quarantine>(event.entry->why))), 0));
    bytes_ += event.slice.size();
  }
  void pulled() override {
    if (letters_.empty() || giving_up()) return;
    const auto last = letters_.back().at;
    bytes_ = 0;
    give_up(std::exchange(letters_, {}), last, checkpoint::settlement::dead_lettered, {}, 0);
  }
  bool busy() const override { return false; }
  bool hand_empty() const override { return letters_.empty(); }

 private:
  std::vector<dead_letter> letters_;
  std::size_t bytes_ = 0;
};

}  // namespace

deliver_actor spawn_dead_letters(caf::actor_system& system, stage_options options) {
  // Their audit line is written when they are quarantined.
  options.name_events = false;
  return system.spawn<dead_letters_stage>(std::move(options));
}

}  // namespace sluice::deliver
