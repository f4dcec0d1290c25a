#include "actors/telemetry/actor.hpp"

#include <caf/all.hpp>
#include <utility>

#include "actors/telemetry/registry.hpp"

namespace sluice::telemetry {
namespace {

class telemetry_stage : public telemetry_actor::base {
 public:
  telemetry_stage(caf::actor_config& config, sources from)
      : telemetry_actor::base(config), from_(std::move(from)), metrics_(from_) {}

  const char* name() const override { return "telemetry"; }

  behavior_type make_behavior() override {
    return {[this](sample_a, const commit_sample_ptr& sample) {
              metrics_.commits(*sample);
              send(caf::actor_cast<checkpoint_actor>(current_sender()), grant_a{}, epoch{0},
                   std::uint32_t{1});
            },
            [this](scrape_a, const scrape_request_ptr& scrape) { scrape->respond(metrics_.render()); }};
  }

 private:
  sources from_;
  registry metrics_;
};

}  // namespace

telemetry_actor spawn_telemetry(caf::actor_system& system, sources from) {
  return system.spawn<telemetry_stage>(std::move(from));
}

}  // namespace sluice::telemetry
