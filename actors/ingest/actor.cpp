#include "actors/ingest/actor.hpp"

#include <caf/all.hpp>
#include <chrono>
#include <deque>

namespace sluice::ingest {
namespace {

class ingest_stage : public ingest_actor::base {
 public:
  ingest_stage(caf::actor_config& config, const actor_options& options)
      : ingest_actor::base(config), options_(options), queue_(options.queue) {
    set_down_handler([this](caf::down_msg& down) {
      below_.drop([&](const consumer_actor& c) { return c.address() == down.source; });
    });
  }

  const char* name() const override { return "ingest"; }

  // Answers what it holds now, not when the last handle to it goes; and neighbours hold handles of one
  // another.
  void on_exit() override {
    waiting_.clear();
    queue_.set(0);
    below_.clear();
  }

  behavior_type make_behavior() override {
    return {
        [this](grant_a, epoch number, std::uint32_t n) {
          below_.grant(number, n);
          hand_on();
        },
        [this](submit_a) { hand_on(); },
        [this](attach_a, epoch number, const consumer_actor& consumer) {
          monitor(consumer);
          below_.attach(number, consumer);
          send(consumer, open_a{}, number, caf::actor_cast<producer_actor>(this));
        },
    };
  }

 private:
  // What waits for credit waits ungrouped, so that a group holds everything that came until its turn.
  void hand_on() {
    const auto received_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    options_.from->drain_into([&](std::unique_ptr<batch> b) {
      b->received_ms = received_ms;
      waiting_.push_back(std::move(b));
    });
    while (!waiting_.empty()) {
      const auto* link = below_.spend();
      if (link == nullptr) break;
      auto group = std::make_shared<batch_group>();
      do {
        group->bytes += waiting_.front()->done.body().size();
        group->batches.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      } while (!waiting_.empty() && group->bytes < options_.group_bytes);
      send(link->consumer, push_a{}, link->number, std::move(group));
    }
    queue_.set(waiting_.size());
  }

  const actor_options options_;
  std::deque<std::unique_ptr<batch>> waiting_;  // bounded by the lease
  credit_ledger<consumer_actor> below_;
  stage_queue::share queue_;
};

}  // namespace

ingest_actor spawn_ingest(caf::actor_system& system, const actor_options& options) {
  return system.spawn<ingest_stage>(options);
}

}  // namespace sluice::ingest
