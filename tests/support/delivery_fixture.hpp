// A delivery under test with everything around it replaced: the log, the checkpoint, the dead letters, the
// disk's thread.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/deliver/actors.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_feed.hpp"
#include "tests/support/inline_executor.hpp"

namespace sluice::testing {

/// What a delivery told its checkpoint, and whether it gets answers. Outlives the actors.
struct checkpoint_notes {
  bool holds_offers = false;
  std::vector<checkpoint::offer_head> offers;
  std::vector<checkpoint::outcome> outcomes;
  /// Of all outcomes that settle events in this way.
  std::uint64_t events(checkpoint::settlement how) const {
    std::uint64_t sum = 0;
    for (const auto& o : outcomes) sum += o.head.how == how ? o.head.events : 0;
    return sum;
  }
};

class noting_checkpoint : public checkpoint_actor::base {
 public:
  noting_checkpoint(caf::actor_config& config, checkpoint_notes& notes)
      : checkpoint_actor::base(config), notes_(notes) {}
  const char* name() const override { return "noting_checkpoint"; }
  void on_exit() override { held_.clear(); }
  behavior_type make_behavior() override {
    return {
        [](open_a, epoch, const producer_actor&) {},
        [](push_a, epoch, batch_group_ptr&) {},
        [](durable_a, const commit_result_ptr&) {},
        [this](room_a) {  // of the test: what was held is durable
          for (auto& [offer, to] : std::exchange(held_, {})) send(to, offered_a{}, offer);
        },
        [this](offer_a, const checkpoint::offer_head& offer, const deliver_actor& from) {
          notes_.offers.push_back(offer);
          if (notes_.holds_offers) return held_.emplace_back(offer.offer, from), void();
          send(from, offered_a{}, offer.offer);
        },
        [this](settle_a, const checkpoint::outcome_ptr& settled, const deliver_actor& from) {
          notes_.outcomes.push_back(*settled);
          send(from, settled_a{});
        },
        [](attach_a, const target&, const deliver_actor&) {},
        [](relieve_a) {},
        [](audited_a, group_number, position, std::uint64_t) {},
        [](note_a, const std::string&) {},
        [](order_a, const checkpoint::order_ptr&) {},
        [](attach_a, const telemetry_actor&) {},
        [](grant_a, epoch, std::uint32_t) {},
        [](tick_a) {},
        [](drain_a) {},
    };
  }

 private:
  checkpoint_notes& notes_;
  std::vector<std::pair<std::uint64_t, deliver_actor>> held_;
};

/// Dead letters in a vector.
class noted_letters final : public deliver::dead_letter_store {
 public:
  std::vector<deliver::dead_letter> all;
  bool has_room = true;
  result<void> append(std::span<const deliver::dead_letter> letters) override {
    if (!has_room) return fail(errc::backlog_full, "the dead letters have no room");
    all.insert(all.end(), letters.begin(), letters.end());
    return {};
  }
  result<std::uint64_t> remove(std::span<const deliver::letter_key> keys) override {
    return std::erase_if(all, [&](const auto& l) { return std::ranges::find(keys, l.key()) != keys.end(); });
  }
  result<deliver::letter_page> page(const deliver::letter_filter& which, const std::string&,
                                    const deliver::page_bounds&) const override {
    deliver::letter_page found;
    std::ranges::copy_if(all, std::back_inserter(found.letters),
                         [&](const auto& l) { return which.matches(l); });
    return found;
  }
  result<std::optional<deliver::dead_letter>> find(const deliver::letter_key& key) const override {
    const auto at = std::ranges::find(all, key, &deliver::dead_letter::key);
    return at == all.end() ? std::nullopt : std::optional(*at);
  }
  std::uint64_t count(std::string_view) const override { return all.size(); }
  std::uint64_t bytes() const override { return 0; }
  bool full() const noexcept override { return !has_room; }
};

class delivery_fixture : public actor_fixture {
 public:
  static constexpr destination_id destination = 1;

  delivery_fixture() {
    lane->destination = destination;
    lane->name = "warehouse";
    deliver::endpoint_options unlimited;
    unlimited.now = [this] { return now(); };
    lane->endpoint = std::make_shared<deliver::endpoint>(std::move(unlimited));
    checkpoint = system.spawn<noting_checkpoint>(notes);
  }
  ~delivery_fixture() {
    for (const auto& one : {caf::actor_cast<caf::actor>(checkpoint), caf::actor_cast<caf::actor>(delivery)}) {
      if (one) caf::anon_send_exit(one, caf::exit_reason::kill);
    }
    checkpoint = checkpoint_actor{};
    delivery = deliver_actor{};
    run();
  }

  deliver::stage_options options() {
    deliver::stage_options o;
    o.lane = lane;
    o.feed = &feed;
    o.checkpoint = checkpoint;
    o.letters = &letters;
    o.incident = [this](const std::string&, const std::string& what) { incidents.push_back(what); };
    o.workers = [](const char*) { return std::make_unique<inline_executor>(); };
    o.wall_ms = [this] { return wall_ms; };
    return o;
  }
  /// From here on the lane has an endpoint with this limit.
  void limit(std::size_t rate, std::chrono::nanoseconds timeout) {
    deliver::endpoint_options o;
    o.rate = rate;
    o.timeout = timeout;
    o.now = [this] { return now(); };
    lane->endpoint = std::make_shared<deliver::endpoint>(std::move(o));
  }
  deliver::instant now() { return system.clock().now().time_since_epoch(); }
  /// Events `e<first>`, `e<first + 1>`, … for the lane, in one group.
  void append(int first, int events) {
    std::vector<test::sample_event> all;
    for (int i = 0; i < events; ++i)
      all.push_back({.id = "e" + std::to_string(first + i), .targets = {{destination, 0}}});
    feed.append(all, wall_ms);
  }
  /// The actor dies; nothing of it is left but what its lane knows.
  void kill_delivery() {
    kill(delivery);
    run();
    delivery = deliver_actor{};
  }

  test::fake_feed feed;
  checkpoint_notes notes;
  noted_letters letters;
  std::shared_ptr<deliver::lane> lane = std::make_shared<deliver::lane>();
  std::vector<std::string> incidents;
  std::int64_t wall_ms = 1'700'000'000'000;
  checkpoint_actor checkpoint;
  deliver_actor delivery;
};

}  // namespace sluice::testing
