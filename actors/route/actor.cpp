#include "actors/route/actor.hpp"

#include <memory>

#include "actors/relay.hpp"
#include "actors/route/router.hpp"

namespace sluice::route {
namespace {

class part {
 public:
  explicit part(const actor_options& options)
      : router_(std::make_unique<router>(options.rules, options.split)) {}

  void operator()(batch_group& group) {
    std::erase_if(group.batches, [this](const std::unique_ptr<batch>& b) {
      auto routed = router_->apply(b->events, b->targets);
      if (!routed) b->done.complete(tl::unexpected(std::move(routed.error())));
      return !routed;
    });
  }

 private:
  std::unique_ptr<router> router_;
};

}  // namespace

relay_actor spawn_route(caf::actor_system& system, const actor_options& options) {
  return system.spawn<relay<part>>("route", options.link_window, options.queue, part(options));
}

}  // namespace sluice::route
