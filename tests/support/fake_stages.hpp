// Stand-ins for the stages that a test is not about. They keep the protocol and note what they were told.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/telemetry/actor.hpp"

namespace sluice::testing {

/// What a fake checkpoint does with groups, and what came. Outlives it.
struct checkpoint_script {
  static constexpr std::uint32_t window = 2;
  bool holds = false;             ///< keep groups until `release`
  std::size_t groups = 0;         ///< that came
  std::vector<epoch> opened;      ///< links, in order
  std::vector<std::string> told;  ///< names of other messages
};

/// Answers each batch with as many accepted as it has events.
class fake_checkpoint : public checkpoint_actor::base {
 public:
  fake_checkpoint(caf::actor_config& config, checkpoint_script& script)
      : checkpoint_actor::base(config), script_(script), links_(checkpoint_script::window) {
    set_down_handler([this](caf::down_msg& down) {
      links_.drop([&](const producer_actor& p) { return p.address() == down.source; });
    });
  }
  const char* name() const override { return "fake_checkpoint"; }
  void on_exit() override {
    held_.clear();
    links_.clear();
  }

  behavior_type make_behavior() override {
    return {
        [this](open_a, epoch number, const producer_actor& producer) {
          script_.opened.push_back(number);
          monitor(producer);
          links_.open(number, producer);
          send(producer, grant_a{}, number, links_.window());
        },
        [this](push_a, epoch number, batch_group_ptr& group) {
          ++script_.groups;
          links_.pushed(number);
          held_.emplace_back(number, std::move(group));
          if (!script_.holds) release();
        },
        [](durable_a, const commit_result_ptr&) {},
        [this](room_a) { release(); },  // of the test: let go what is held
        [](offer_a, const checkpoint::offer_head&, const deliver_actor&) {},
        [](settle_a, const checkpoint::outcome_ptr&, const deliver_actor&) {},
        [this](attach_a, const target&, const deliver_actor&) { script_.told.emplace_back("deliver"); },
        [](relieve_a) {},
        [](audited_a, group_number, position, std::uint64_t) {},
        [](note_a, const std::string&) {},
        [](order_a, const checkpoint::order_ptr&) {},
        [this](attach_a, const telemetry_actor&) { script_.told.emplace_back("telemetry"); },
        [](grant_a, epoch, std::uint32_t) {},
        [](tick_a) {},
        [this](drain_a) {
          script_.told.emplace_back("drain");
          quit(caf::exit_reason::normal);
        },
    };
  }

 private:
  void release() {
    while (!held_.empty()) {
      auto [number, group] = std::move(held_.front());
      held_.pop_front();
      for (auto& b : group->batches) {
        b->done.complete(receipt{static_cast<std::uint32_t>(b->events.entries.size()), 0, 0, 0});
      }
      group->batches.clear();
      if (const auto* producer = links_.left(number)) send(*producer, grant_a{}, number, std::uint32_t{1});
    }
  }

  checkpoint_script& script_;
  debt_ledger<producer_actor> links_;
  std::deque<std::pair<epoch, batch_group_ptr>> held_;
};

/// A delivery that delivers nothing and ends when it is told to drain.
class fake_delivery : public deliver_actor::base {
 public:
  using deliver_actor::base::base;
  const char* name() const override { return "fake_delivery"; }
  behavior_type make_behavior() override {
    return {[](ready_a) {},
            [](chunk_a, const log_chunk_ptr&) {},
            [](offered_a, std::uint64_t) {},
            [](settled_a) {},
            [](written_a, const work_result_ptr&) {},
            [](reply_a, const attempt_result_ptr&) {},
            [](reply_a, const burst_result_ptr&) {},
            [](relieve_a, const checkpoint::relief&) {},
            [](tick_a) {},
            [this](drain_a) { quit(caf::exit_reason::normal); }};
  }
};

class fake_audit : public audit_actor::base {
 public:
  using audit_actor::base::base;
  const char* name() const override { return "fake_audit"; }
  behavior_type make_behavior() override {
    return {[](ready_a) {}, [](chunk_a, const log_chunk_ptr&) {}, [](written_a, const work_result_ptr&) {},
            [](tick_a) {}, [this](drain_a) { quit(caf::exit_reason::normal); }};
  }
};

/// A subscription with nothing to do.
class fake_subscription : public subscription_actor::base {
 public:
  using subscription_actor::base::base;
  const char* name() const override { return "fake_subscription"; }
  behavior_type make_behavior() override {
    return {[](reply_a, const attempt_result_ptr&) {}, [](tick_a) {}};
  }
};

class fake_telemetry : public telemetry_actor::base {
 public:
  using telemetry_actor::base::base;
  const char* name() const override { return "fake_telemetry"; }
  behavior_type make_behavior() override {
    return {[](sample_a, const commit_sample_ptr&) {}, [](scrape_a, const scrape_request_ptr&) {}};
  }
};

}  // namespace sluice::testing
