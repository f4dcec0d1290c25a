// What decode and route have in common: take a group against credit, do one's part on it, hand it on against
// credit. A group counts as on the way here until the next stage has it, so a slow consumer closes the link
// above.
#pragma once

#include <caf/all.hpp>
#include <deque>
#include <utility>

#include "actors/interfaces.hpp"
#include "actors/stage_queues.hpp"

namespace sluice {

/// `Part` is called with each group on the actor's turn; it may answer and remove batches.
template <class Part>
class relay : public relay_actor::base {
 public:
  relay(caf::actor_config& config, const char* stage, std::uint32_t window, stage_queue* queue, Part part)
      : relay_actor::base(config), stage_(stage), above_(window), queue_(queue), part_(std::move(part)) {
    set_down_handler([this](caf::down_msg& down) {
      above_.drop([&](const producer_actor& p) { return p.address() == down.source; });
      below_.drop([&](const consumer_actor& c) { return c.address() == down.source; });
    });
  }

  const char* name() const override { return stage_; }

  /// Answers what it holds now, not when the last handle to it goes; and neighbours hold handles of one
  /// another, so each lets go of its own.
  void on_exit() override {
    out_.clear();
    queue_.set(0);
    above_.clear();
    below_.clear();
  }

  behavior_type make_behavior() override {
    return {
        [this](open_a, epoch number, const producer_actor& producer) {
          monitor(producer);
          above_.open(number, producer);
          send(producer, grant_a{}, number, above_.window());
        },
        [this](push_a, epoch number, batch_group_ptr& group) {
          above_.pushed(number);
          part_(*group);
          waiting_ += group->batches.size();
          out_.emplace_back(number, std::move(group));
          hand_on();
        },
        [this](grant_a, epoch number, std::uint32_t n) {
          below_.grant(number, n);
          hand_on();
        },
        [this](attach_a, epoch number, const consumer_actor& consumer) {
          monitor(consumer);
          below_.attach(number, consumer);
          send(consumer, open_a{}, number, caf::actor_cast<producer_actor>(this));
        },
    };
  }

 private:
  void hand_on() {
    while (!out_.empty()) {
      auto& [from, group] = out_.front();
      if (!group->batches.empty()) {
        const auto* link = below_.spend();
        if (link == nullptr) break;
        waiting_ -= group->batches.size();
        send(link->consumer, push_a{}, link->number, std::move(group));
      }
      if (const auto* producer = above_.left(from)) send(*producer, grant_a{}, from, std::uint32_t{1});
      out_.pop_front();
    }
    queue_.set(waiting_);
  }

  const char* stage_;
  debt_ledger<producer_actor> above_;
  credit_ledger<consumer_actor> below_;
  std::deque<std::pair<epoch, batch_group_ptr>> out_;  // bounded by the windows granted above
  std::size_t waiting_ = 0;                            // batches in out_
  stage_queue::share queue_;
  Part part_;
};

}  // namespace sluice
