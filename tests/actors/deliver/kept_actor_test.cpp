// Goal: what is left of a destination that is gone is neither delivered nor lost, and goes when it is told
// to, with the offer that its former kind left open. Method: the stage in virtual time.
#include <gtest/gtest.h>

#include "tests/support/delivery_fixture.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using checkpoint::settlement;

class kept_delivery : public delivery_fixture, public ::testing::Test {
 protected:
  void start() {
    lane->paused = true;
    delivery = deliver::spawn_kept(system, options());
    run();
  }
  void relieve(const checkpoint::relief& what) {
    caf::anon_send(delivery, relieve_a{}, what);
    advance(5s);
  }
};

TEST_F(kept_delivery, keeps_everything_and_knows_its_oldest_event) {
  append(1, 10);
  start();
  advance(60s);
  EXPECT_TRUE(notes.outcomes.empty());
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms);
}

TEST_F(kept_delivery, is_discarded_with_the_names_of_its_events_and_the_offer_that_was_open) {
  append(1, 2'500);
  lane->last_offer = 4;
  lane->open_offer = checkpoint::offer_head{destination, 0, 10, 4, 1, 10};
  lane->offer_durable = true;
  start();
  relieve({.upto = 2'400, .how = settlement::discarded});
  EXPECT_EQ(notes.events(settlement::discarded), 2'400u);
  EXPECT_EQ(notes.outcomes.front().head.offer, 4u);
  std::size_t named = 0, closing = 0;
  for (const auto& outcome : notes.outcomes) {
    named += outcome.names.size();
    closing += outcome.head.offer != 0 ? 1 : 0;
  }
  EXPECT_EQ(named, 2'400u);
  EXPECT_EQ(closing, 1u);
  EXPECT_TRUE(letters.all.empty());
  EXPECT_EQ(lane->cursor, 2'400u);
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms) << "the next one waits";
}

TEST_F(kept_delivery, gives_way_to_its_bound_into_the_dead_letters) {
  append(1, 10);
  start();
  relieve({.events = 4});
  EXPECT_EQ(letters.all.size(), 4u);
  EXPECT_EQ(letters.all.front().destination, "warehouse");
  relieve({.events = 6});
  EXPECT_EQ(lane->gauges.oldest_received_ms, 0) << "nothing waits";
}

}  // namespace
}  // namespace sluice::testing
