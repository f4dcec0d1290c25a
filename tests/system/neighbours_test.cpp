// Goal: nobody waits for a neighbour: a destination that is away, hangs, trickles, floods or flaps holds up
// no other, no sender and not the node's memory. Method: one healthy receiver among bad ones, all of which
// are owed the same events; the healthy one must have everything while the bad ones still have nothing.
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/bad_receivers.hpp"
#include "tests/support/batches.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"

namespace sluice::testing {
namespace {

constexpr milliseconds patience(60'000);

class neighbours : public ::testing::Test {
 protected:
  neighbours() {
    healthy_.start();
    there_.emplace(node_with_neighbours(healthy_, &bad_));
    there_->start();
  }

  void post(std::size_t batches, std::size_t events) {
    for (std::size_t i = 0; i < batches; ++i) {
      const made_batch batch = maker_.next_for(warehouse, events);
      for (const made_event& e : batch.events) ids_.push_back(e.id);
      ASSERT_EQ(there_->post(batch.body).status, 200);
    }
  }

  std::string name(const receiver& of) { return "bad" + std::to_string(&of - bad_.all().data()); }

  receiver healthy_;
  bad_receivers bad_;
  std::optional<node> there_;
  batch_maker maker_{77, 0};
  std::vector<std::string> ids_;
};

TEST_F(neighbours, the_healthy_one_has_everything_while_the_bad_ones_have_nothing) {
  post(30, 100);
  ASSERT_TRUE(healthy_.wait_for_events(ids_.size(), patience)) << there_->last_words();
  EXPECT_EQ(healthy_.received(), ids_);
  for (receiver* each : {&bad_.dead(), &bad_.hanging(), &bad_.trickling(), &bad_.flooding()})
    EXPECT_TRUE(each->received().empty()) << name(*each) << " was no bad one";

  // And nothing that the bad ones are owed was given up for it.
  bad_.heal();
  for (receiver& each : bad_.all()) {
    EXPECT_TRUE(each.wait_for_events(ids_.size(), patience)) << name(each) << ": " << there_->last_words();
  }
  for (receiver& each : bad_.all()) EXPECT_LE(each.fastest_second(), 1000U) << name(each);
}

TEST_F(neighbours, a_stop_waits_for_none_of_them) {
  post(5, 100);
  ASSERT_TRUE(healthy_.wait_for_events(ids_.size(), patience)) << there_->last_words();
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  there_->start();
  bad_.heal();
  for (receiver& each : bad_.all()) EXPECT_TRUE(each.wait_for_events(ids_.size(), patience)) << name(each);
}

}  // namespace
}  // namespace sluice::testing
