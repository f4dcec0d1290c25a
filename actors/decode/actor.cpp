#include "actors/decode/actor.hpp"

#include <algorithm>
#include <memory>

#include "actors/relay.hpp"

namespace sluice::decode {
namespace {

class part {
 public:
  explicit part(const actor_options& o)
      : reject_invalid_(o.reject_invalid), decoder_(std::make_unique<decoder>(o.limits, *o.key)) {}

  void operator()(batch_group& group) {
    std::erase_if(group.batches, [this](const std::unique_ptr<batch>& b) { return !decoded_well(*b); });
  }

 private:
  bool decoded_well(batch& b) {
    if (auto done = decoder_->decode(b.done.body(), b.events); !done) {
      b.done.complete(tl::unexpected(std::move(done.error())));
      return false;
    }
    if (reject_invalid_ && b.events.quarantined > 0) {
      const auto bad = std::ranges::find_if(b.events.entries, &event_entry::quarantined);
      const auto index = static_cast<std::size_t>(bad - b.events.entries.begin());
      b.done.complete(fail(errc::not_a_batch, describe(b.events, index)));
      return false;
    }
    return true;
  }

  bool reject_invalid_;
  std::unique_ptr<decoder> decoder_;
};

}  // namespace

relay_actor spawn_decode(caf::actor_system& system, const actor_options& options) {
  return system.spawn<relay<part>>("decode", options.link_window, options.queue, part(options));
}

}  // namespace sluice::decode
