// Goal: a lane keeps its connection for as long as the receiver does, and one that it loses costs no event.
// Method: the tests' own receiver, which says over which connection each request came.
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::_;
using ::testing::Each;
using ::testing::Gt;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class connections : public ::testing::Test {
 protected:
  static constexpr std::size_t batches = 40, batch = 20;

  /// Delivers `batches` requests of `batch` events each to the webhook, which is `more`.
  void deliver(const std::string& more) {
    webhook_.start();
    node there(webhook_node(", batch: 20" + more), {{"receiver", std::to_string(webhook_.port())}});
    there.start();
    batch_maker maker(19, 0);
    const made_batch made = maker.next_for(warehouse, batches * batch);
    for (const made_event& e : made.events) ids_.push_back(e.id);
    ASSERT_EQ(there.post(made.body).status, 200);
    ASSERT_TRUE(webhook_.wait_for_events(ids_.size(), milliseconds(60'000))) << there.last_words();
    EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  }

  std::map<std::size_t, std::size_t> requests_by_connection() const {
    std::map<std::size_t, std::size_t> requests;
    for (const delivery& each : webhook_.deliveries()) ++requests[each.connection];
    return requests;
  }

  receiver webhook_;
  std::vector<std::string> ids_;
};

TEST_F(connections, one_serves_every_request_of_a_lane) {
  deliver("");
  EXPECT_EQ(webhook_.received(), ids_);
  EXPECT_EQ(webhook_.connections(), 1U);
}

TEST_F(connections, there_are_as_many_as_lanes) {
  constexpr std::size_t lanes = 4;
  webhook_.answer_with([](const delivery&, std::size_t) { return reply{.delay = milliseconds(20)}; });
  deliver(", ordering: none, concurrency: " + std::to_string(lanes));
  EXPECT_THAT(webhook_.received(), UnorderedElementsAreArray(ids_));
  EXPECT_EQ(webhook_.connections(), lanes);
  EXPECT_THAT(requests_by_connection(), Each(Pair(_, Gt(1U))));
}

TEST_F(connections, that_the_receiver_ends_after_each_answer_are_opened_anew_and_lose_nothing) {
  webhook_.answer_with([](const delivery&, std::size_t) {
    return reply{.fields = {{"Connection", "close"}}};
  });
  deliver("");
  EXPECT_EQ(webhook_.received(), ids_);
  EXPECT_THAT(webhook_.deliveries(), SizeIs(batches)) << "an attempt failed";
  EXPECT_EQ(webhook_.connections(), batches);
}

}  // namespace
}  // namespace sluice::testing
