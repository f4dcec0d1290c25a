// Goal: nobody waits for a neighbour: a destination that is away, hangs, trickles, floods or flaps holds up
// no other, no sender and not the node's memory. Method: one healthy receiver among bad ones, all of which
// are owed the same events; the healthy one must have everything while the bad ones still have nothing.
#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr milliseconds patience(60'000);

class neighbours : public ::testing::Test {
 protected:
  static constexpr std::size_t bad_ones = 5;

  neighbours() {
    hanging().answer_with([](const delivery&, std::size_t) { return reply{.how = reply::manner::hang}; });
    trickling().answer_with([](const delivery&, std::size_t) {
      return reply{.delay = milliseconds(1000), .how = reply::manner::trickle};
    });
    flooding().answer_with(
        [](const delivery&, std::size_t) { return reply{.status = 500, .how = reply::manner::flood}; });
    flapping().answer_with([this](const delivery&, std::size_t number) {
      return reply{.status = !healed_ && number % 2 == 0 ? 503 : 200, .delay = milliseconds(20)};
    });
    for (receiver* each : {&healthy_, &hanging(), &trickling(), &flooding(), &flapping()}) each->start();

    std::string configuration(node_base);
    configuration += "match: all\nroutes:\n  - { source: \"^conversation:\", to: [ healthy";
    for (std::size_t i = 0; i < bad_ones; ++i) configuration += ", bad" + std::to_string(i);
    configuration += " ] }\ndestinations:\n";
    const auto add = [&](const std::string& name, const receiver& at) {
      configuration +=
          "  " + name + ": { kind: http, url: \"http://127.0.0.1:" + std::to_string(at.port()) +
          "/\", batch: 50, timeout: 1s, retry: { initial: 50ms, max: 300ms }, allow: 127.0.0.0/8 }\n";
    };
    add("healthy", healthy_);
    for (std::size_t i = 0; i < bad_ones; ++i) add("bad" + std::to_string(i), bad_[i]);
    there_.emplace(configuration);
    there_->start();
  }

  receiver& dead() { return bad_[0]; }  // not started: connections are refused
  receiver& hanging() { return bad_[1]; }
  receiver& trickling() { return bad_[2]; }
  receiver& flooding() { return bad_[3]; }
  receiver& flapping() { return bad_[4]; }

  void heal() {
    healed_ = true;
    for (receiver* each : {&hanging(), &trickling(), &flooding()})
      each->answer_with([](const delivery&, std::size_t) { return reply{}; });
    dead().start();
  }

  void post(std::size_t batches, std::size_t events) {
    for (std::size_t i = 0; i < batches; ++i) {
      const made_batch batch = maker_.next_for(warehouse, events);
      for (const made_event& e : batch.events) ids_.push_back(e.id);
      ASSERT_EQ(there_->post(batch.body).status, 200);
    }
  }

  std::atomic<bool> healed_ = false;
  receiver healthy_, bad_[bad_ones];
  std::optional<node> there_;
  batch_maker maker_{77, 0};
  std::vector<std::string> ids_;
};

TEST_F(neighbours, the_healthy_one_has_everything_while_the_bad_ones_have_nothing) {
  post(30, 100);
  ASSERT_TRUE(healthy_.wait_for_events(ids_.size(), patience)) << there_->last_words();
  EXPECT_EQ(healthy_.received(), ids_);
  for (receiver* each : {&dead(), &hanging(), &trickling(), &flooding()})
    EXPECT_TRUE(each->received().empty()) << "bad" << each - bad_ << " was no bad one";

  // And nothing that the bad ones are owed was given up for it.
  heal();
  for (receiver& each : bad_) {
    EXPECT_TRUE(each.wait_for_events(ids_.size(), patience))
        << "bad" << &each - bad_ << ": " << there_->last_words();
  }
  for (receiver* each : {&dead(), &hanging(), &trickling(), &flooding(), &flapping()})
    EXPECT_LE(each->fastest_second(), 1000U) << "bad" << each - bad_;
}

TEST_F(neighbours, a_stop_waits_for_none_of_them) {
  post(5, 100);
  ASSERT_TRUE(healthy_.wait_for_events(ids_.size(), patience)) << there_->last_words();
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  there_->start();
  heal();
  for (receiver& each : bad_)
    EXPECT_TRUE(each.wait_for_events(ids_.size(), patience)) << "bad" << &each - bad_;
}

}  // namespace
}  // namespace sluice::testing
