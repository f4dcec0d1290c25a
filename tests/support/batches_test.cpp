// Goal: events are unique, repeatable by seed, and go where the maker says. Method: two makers side by side.
#include "tests/support/batches.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

TEST(batches, are_the_same_for_the_same_seed) {
  batch_maker one(7, 1), other(7, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(one.next(20).body, other.next(20).body);
}

TEST(batches, share_no_id_between_senders) {
  batch_maker one(7, 1), other(7, 2);
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    for (batch_maker* maker : {&one, &other}) {
      for (const made_event& e : maker->next(10).events) EXPECT_TRUE(ids.insert(e.id).second) << e.id;
    }
  }
}

TEST(batches, hold_what_they_say) {
  const made_batch batch = batch_maker(7, 1).next(100);
  const auto slices = json::events(batch.body);
  ASSERT_EQ(slices.size(), batch.events.size());
  std::set<std::string_view> destinations;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(json::text_of(slices[i], "id"), batch.events[i].id);
    const std::string source = json::text_of(slices[i], "source");
    const std::string_view expected = source.starts_with("conversation:")  ? warehouse
                                      : source.starts_with("interaction:") ? dashboard
                                                                           : std::string_view();
    EXPECT_EQ(batch.events[i].destination, expected);
    destinations.insert(expected);
  }
  EXPECT_EQ(destinations.size(), 3U);
}

}  // namespace
}  // namespace sluice::testing
