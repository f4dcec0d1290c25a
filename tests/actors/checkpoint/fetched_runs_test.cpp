// Goal: what was read is found by whoever goes on within it, and memory keeps to its bound.
// Method: runs of groups made by hand.
#include "actors/checkpoint/fetched_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace sluice::checkpoint {
namespace {

using ::testing::ElementsAre;

/// A group without content in a buffer of one block, for the lane where one is given.
committed_group_ptr group(group_number number, std::optional<target> lane = {}) {
  auto made = std::make_shared<committed_group>();
  made->buffer = aligned_buffer(block_bytes);
  group_header header;
  header.number = number;
  std::memcpy(made->buffer.data(), &header, sizeof header);
  made->bytes = block_bytes;
  if (lane) made->targets = std::vector<target>{*lane};
  return made;
}
std::vector<committed_group_ptr> groups(std::initializer_list<group_number> numbers) {
  std::vector<committed_group_ptr> all;
  for (const group_number n : numbers) all.push_back(group(n));
  return all;
}
std::vector<group_number> numbers(const std::vector<committed_group_ptr>& all) {
  std::vector<group_number> out;
  for (const auto& g : all) out.push_back(g->header().number);
  return out;
}

TEST(fetched_runs, are_found_from_anywhere_within) {
  fetched_runs runs(100 * block_bytes);
  runs.put(4, 1, groups({6, 7, 9}));
  for (const group_number after : {4u, 5u, 6u, 8u}) {
    const auto* found = runs.find(after, 1);
    ASSERT_NE(found, nullptr) << after;
    EXPECT_EQ(found->upto, 9u);
  }
  EXPECT_EQ(runs.find(4, 2), nullptr) << "what is there for another destination may be less";
  EXPECT_EQ(runs.find(4, std::nullopt), nullptr);
  for (const group_number after : {3u, 9u, 10u}) EXPECT_EQ(runs.find(after, 1), nullptr) << after;
}

TEST(fetched_runs, leave_when_they_were_used_longest_ago) {
  fetched_runs runs(4 * block_bytes);
  runs.put(0, 1, groups({1, 2}));
  runs.put(2, 1, groups({3, 4}));
  ASSERT_NE(runs.find(0, 1), nullptr);
  runs.put(4, 1, groups({5}));
  EXPECT_NE(runs.find(0, 1), nullptr);
  EXPECT_EQ(runs.find(2, 1), nullptr);
  EXPECT_NE(runs.find(4, 1), nullptr);
  runs.put(5, 1, groups({6, 7, 8, 9, 10}));
  for (const group_number after : {0u, 4u, 5u}) EXPECT_EQ(runs.find(after, 1), nullptr) << "larger than all";
}

TEST(groups_behind, are_those_of_the_lane_up_to_so_many_bytes) {
  std::vector<committed_group_ptr> all;
  for (group_number n = 1; n <= 9; ++n) all.push_back(group(n, target{1, static_cast<lane_id>(n % 3)}));
  all.push_back(group(10));
  EXPECT_THAT(numbers(groups_behind(all, 0, 2 * block_bytes, {})), ElementsAre(1, 2));
  EXPECT_THAT(numbers(groups_behind(all, 8, 1, {})), ElementsAre(9)) << "at least one";
  EXPECT_THAT(numbers(groups_behind(all, 1, 100 * block_bytes, target{1, 1})), ElementsAre(4, 7, 10));
  EXPECT_THAT(numbers(groups_behind(all, 4, block_bytes, target{1, 1})), ElementsAre(7));
  EXPECT_THAT(numbers(groups_behind(all, 10, 100, {})), ElementsAre());
}

}  // namespace
}  // namespace sluice::checkpoint
