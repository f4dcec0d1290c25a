// Goal: a lane follows from its key alone, for ever, and lanes get their share.
// Method: fixed values of the hash, tables of rules, and shares counted over many keys.
#include "actors/route/lane_split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

namespace sluice::route {
namespace {

using by = split_rule::by;

lane_id lane_of(const split_rule& rule, std::string_view source, std::vector<metadata_member> metadata = {}) {
  lane_split split;
  split.tell(3, rule);
  std::uint64_t turn = 0;
  return split.lane_of(3, source, metadata, turn);
}

// A log holds events by their lanes: another hash would let a key's next events overtake those that wait.
TEST(lane_split, has_a_hash_that_never_changes) {
  EXPECT_EQ(stable_hash(""), 0xe220a8397b1dcdafU);
  EXPECT_EQ(stable_hash("conversation:transcript"), 18084869204636948853U);
  EXPECT_EQ(stable_hash(std::string_view("\0", 1)), 4270994876219440133U);
  EXPECT_NE(stable_hash(std::string_view("\0", 1)), stable_hash(std::string_view("\0\0", 2)));
}

TEST(lane_split, goes_by_what_the_rule_says) {
  const std::vector<metadata_member> member = {{"region", "north"}, {"region", "south"}};
  const split_rule by_member{64, by::metadata, "region"};
  EXPECT_EQ(lane_of({64, by::source}, "a"), stable_hash("a") % 64);
  EXPECT_EQ(lane_of({64, by::source}, "a"), lane_of({64, by::source}, "a", member));
  EXPECT_EQ(lane_of(by_member, "a", member), stable_hash("north") % 64) << "the first of two members counts";
  EXPECT_EQ(lane_of(by_member, "a"), stable_hash("a") % 64)
      << "an event without the member goes by its source";
  EXPECT_EQ(lane_of(by_member, "a", {{"region", ""}}), stable_hash("") % 64) << "an empty member is one";
}

TEST(lane_split, of_one_lane_is_none) {
  for (const by what : {by::source, by::metadata, by::turn}) EXPECT_EQ(lane_of({1, what, "k"}, "a"), 0);
  lane_split split;
  split.tell(3, {8, by::turn});
  EXPECT_TRUE(split.splits(3));
  EXPECT_FALSE(split.splits(2));
  EXPECT_FALSE(split.splits(4));
  std::uint64_t turn = 5;
  EXPECT_EQ(split.lane_of(4, "a", {}, turn), 0) << "a destination that is not told has one lane";
  EXPECT_EQ(turn, 5U);
  EXPECT_EQ(split.lane_of(3, "a", {}, turn), 5);
  EXPECT_EQ(split.lane_of(3, "a", {}, turn), 6);
}

TEST(lane_split, keeps_a_key_at_its_endpoint_when_the_concurrency_changes) {
  for (int i = 0; i < 1000; ++i) {
    const std::string source = "queue:" + std::to_string(i);
    EXPECT_EQ(lane_of({4, by::source}, source), lane_of({4 * 8, by::source}, source) % 4) << source;
  }
}

TEST(lane_split, gives_each_lane_its_share_of_the_keys) {
  for (const lane_id lanes : std::initializer_list<lane_id>{2, 3, 16, 60}) {
    std::vector<int> keys(lanes);
    const int each = 1000;
    for (int i = 0; i < each * lanes; ++i)
      ++keys[lane_of({lanes, by::source}, "conversation:" + std::to_string(i))];
    const auto [fewest, most] = std::ranges::minmax(keys);
    // Six standard deviations of a fair draw are about 190.
    EXPECT_GT(fewest, each - 200) << lanes << " lanes";
    EXPECT_LT(most, each + 200) << lanes << " lanes";
  }
}

}  // namespace
}  // namespace sluice::route
