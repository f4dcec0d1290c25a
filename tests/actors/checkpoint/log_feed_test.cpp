// Goal: readers get every group once, from memory at the tail and from files behind it, and are woken once.
// Method: small rings, so that laggards cross the ring's floor at every place.
#include "actors/checkpoint/log_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <random>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;
using where = log_feed::where;

struct log_feed_test : testing::Test {
  simulated_file_system files;
  log_run run{files, 1};

  void open(std::size_t tail_bytes) {
    run.options.tail_bytes = tail_bytes;
    const auto opened = run.open();
    ASSERT_TRUE(opened) << to_string(opened.error());
  }
  void append(int groups) {
    for (int i = 0; i < groups; ++i) ASSERT_TRUE(run.append(numbered("g", named_++), 2, 1000));
  }
  std::uint64_t named_ = 0;
};

TEST_F(log_feed_test, the_tail_is_served_from_memory) {
  open(1u << 20);
  append(3);
  const auto reader = run.log->feed().add_reader([] {});
  const auto got = run.log->feed().next(*reader, 0, 1u << 20);
  ASSERT_EQ(got.found, where::memory);
  ASSERT_EQ(got.groups.size(), 3u);
  EXPECT_EQ(got.groups[0]->header().number, 1u);
  const auto one = run.log->feed().next(*reader, 1, 1);
  ASSERT_EQ(one.groups.size(), 1u) << "at least one, however large";
  EXPECT_EQ(one.groups[0]->header().number, 2u);
  EXPECT_EQ(run.log->feed().next(*reader, 3, 1u << 20).found, where::wait);
}

TEST_F(log_feed_test, published_groups_do_not_hold_more_memory_than_they_need) {
  open(1u << 20);
  append(1);
  const auto reader = run.log->feed().add_reader([] {});
  EXPECT_EQ(run.log->feed().next(*reader, 0, 1u << 20).groups.at(0)->buffer.capacity(), 64u << 10);
}

TEST_F(log_feed_test, nothing_is_in_memory_after_a_start) {
  open(1u << 20);
  append(3);
  open(1u << 20);
  const auto reader = run.log->feed().add_reader([] {});
  EXPECT_EQ(run.log->feed().next(*reader, 0, 1u << 20).found, where::file);
  EXPECT_EQ(run.log->feed().next(*reader, 3, 1u << 20).found, where::wait)
      << "the last data group, though a mark follows";
}

TEST_F(log_feed_test, a_reader_at_the_end_waits_after_a_start_in_an_empty_segment) {
  open(1u << 20);
  append(3);
  // A rotation whose group never came: the newest segment is empty.
  files.inject({.kind = operation_kind::sync, .sys = 5, .nth = 3, .path_contains = ".seg"});
  for (int i = 0; i < 40; ++i) {
    if (!run.append(numbered("x", static_cast<std::uint64_t>(i)), 2, 1000)) break;
    files.clear_faults();
    if (run.log->plan(8192) == segment_log::room::rotates) {
      files.inject({.kind = operation_kind::sync, .sys = 5, .nth = 3, .path_contains = ".seg"});
    }
  }
  files.clear_faults();
  open(1u << 20);
  const auto reader = run.log->feed().add_reader([] {});
  const auto end = run.log->group_before(run.state.next_position());
  ASSERT_TRUE(end);
  EXPECT_EQ(run.log->feed().next(*reader, *end, 1u << 20).found, where::wait);
  const auto all = run.read();
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_GE(all->ids.size(), run.acknowledged.size());
}

TEST_F(log_feed_test, laggards_cross_from_files_into_memory) {
  open(4 * (64u << 10));
  append(60);
  ASSERT_GT(run.log->counts().segments, 2u);
  for (const std::size_t bite : {std::size_t{1}, std::size_t{20'000}, std::size_t{1} << 20}) {
    for (group_number after = 0; after < 60; after += 7) {
      const auto groups = read_feed(run.log->feed(), after, bite);
      ASSERT_TRUE(groups) << to_string(groups.error());
      std::vector<std::string> ids;
      group_number last = after;
      for (const auto& g : *groups) {
        EXPECT_GT(g->header().number, last);
        last = g->header().number;
        for (auto& id : ids_of(*g)) ids.push_back(std::move(id));
      }
      ASSERT_FALSE(ids.empty());
      EXPECT_TRUE(std::equal(ids.rbegin(), ids.rend(), run.acknowledged.rbegin()))
          << "bite " << bite << " after " << after;
    }
  }
}

TEST_F(log_feed_test, a_ring_too_small_for_a_group_leaves_it_to_the_file) {
  open(4096);
  append(5);
  const auto all = run.read();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->ids, run.acknowledged);
}

TEST_F(log_feed_test, who_waits_is_woken_once_a_wait) {
  open(1u << 20);
  int woken = 0, idle_woken = 0;
  const auto waits = run.log->feed().add_reader([&] { ++woken; });
  const auto idle = run.log->feed().add_reader([&] { ++idle_woken; });
  append(1);
  EXPECT_EQ(woken, 0) << "never asked";
  EXPECT_EQ(run.log->feed().next(*waits, 1, 1).found, where::wait);
  EXPECT_EQ(run.log->feed().next(*waits, 1, 1).found, where::wait);
  ASSERT_TRUE(run.mark());
  EXPECT_EQ(woken, 0) << "a mark holds nothing for readers";
  append(3);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(run.log->feed().next(*waits, 1, 1).found, where::memory);
  append(1);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(idle_woken, 0);
}

/// What a lane's reader has taken, as a delivery takes it: all that there is whenever it is woken.
struct lane_reader {
  lane_reader(log_feed& from, target of) : feed(from), lane(of) {
    handle = feed.add_reader([this] { ++wakes, asks = true; }, lane);
  }
  void take_all() {
    asks = false;
    for (;;) {
      auto tail = feed.next(*handle, after, 3000);
      if (tail.found == where::wait) return;
      if (tail.found == where::file) {
        ++fetches;
        feed.fetch(*handle, after, 3000, [&](auto got) { tail.groups = std::move(got).value(); });
      }
      ASSERT_FALSE(tail.groups.empty());
      for (const auto& g : tail.groups) {
        ASSERT_GT(g->header().number, after);
        after = g->header().number;
        if (g->may_hold(lane)) std::ranges::copy(ids_of(*g), std::back_inserter(ids));
      }
    }
  }
  log_feed& feed;
  const target lane;
  std::unique_ptr<log_feed::reader> handle;
  group_number after = 0;
  std::vector<std::string> ids;
  int wakes = 0, fetches = 0;
  bool asks = true;
};

TEST_F(log_feed_test, a_lanes_reader_gets_all_of_its_groups_and_sleeps_through_the_others) {
  std::mt19937 random(7);
  for (const std::size_t tail : {4096u, 16384u, 1u << 20}) {
    run.close();
    files = simulated_file_system();
    named_ = 0;
    open(tail);
    // The last lane gets nothing; the first is lazy and falls behind the ring.
    std::deque<lane_reader> lanes;
    for (lane_id lane = 0; lane < 4; ++lane) lanes.emplace_back(run.log->feed(), target{0, lane});
    for (auto& l : lanes) l.take_all();
    std::array<std::vector<std::string>, 4> expected;
    std::array<int, 4> groups{};
    for (int i = 0; i < 60; ++i) {
      const auto lane = static_cast<lane_id>(random() % 3);
      const auto group = run.append(numbered("g", named_++), 2, 1000, {{0, lane}});
      ASSERT_TRUE(group);
      std::ranges::copy(ids_of(**group), std::back_inserter(expected[lane]));
      ++groups[lane];
      for (auto& l : lanes)
        if (l.asks && (l.lane.lane != 0 || i % 20 == 19)) l.take_all();
    }
    for (lane_id lane = 0; lane < 4; ++lane) {
      lanes[lane].take_all();
      EXPECT_EQ(lanes[lane].ids, expected[lane]) << "lane " << lane << ", ring of " << tail;
      EXPECT_LE(lanes[lane].wakes, groups[lane]) << "lane " << lane << ", ring of " << tail;
    }
    EXPECT_EQ(lanes[3].fetches, 0) << "who has read nothing is not behind, ring of " << tail;
  }
}

TEST_F(log_feed_test, a_lanes_reader_that_goes_back_gets_its_groups_again) {
  for (const std::size_t tail : {4096u, 1u << 20}) {
    run.close();
    files = simulated_file_system();
    open(tail);
    lane_reader mine(run.log->feed(), target{0, 1});
    mine.take_all();
    const auto begin = mine.after;
    const auto own = run.append("own", 2, 1000, {{0, 1}});
    ASSERT_TRUE(own);
    mine.take_all();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(run.append(numbered("other", named_++), 2, 1000, {{0, 2}}));
    mine.take_all();
    ASSERT_EQ(mine.ids, ids_of(**own));
    for (const auto back : {begin, mine.after}) {
      mine.after = back;
      mine.take_all();
    }
    auto twice = ids_of(**own);
    std::ranges::copy(ids_of(**own), std::back_inserter(twice));
    EXPECT_EQ(mine.ids, twice) << "ring of " << tail;
  }
}

TEST_F(log_feed_test, nobody_calls_a_reader_that_is_gone) {
  open(1u << 20);
  int woken = 0;
  auto reader = run.log->feed().add_reader([&] { ++woken; });
  EXPECT_EQ(run.log->feed().next(*reader, 0, 1).found, where::wait);
  reader.reset();
  append(1);
  EXPECT_EQ(woken, 0);
}

TEST_F(log_feed_test, a_damaged_group_stops_its_reader_and_names_the_place) {
  open(4096);
  const auto first = run.append("first", 2, 1000);
  ASSERT_TRUE(first);
  const auto second = run.append("second", 2, 1000);
  ASSERT_TRUE(second);
  append(3);
  files.corrupt("/log/0000000000000001.seg", (*second)->offset + 200);
  const auto reader = run.log->feed().add_reader([] {});
  result<std::vector<committed_group_ptr>> got;
  run.log->feed().fetch(*reader, 1, 1u << 20, [&](auto r) { got = std::move(r); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::corrupt);
  EXPECT_EQ(got.error().place, numbered("/log/0000000000000001.seg+", (*second)->offset));
}

TEST_F(log_feed_test, what_is_whole_before_a_damaged_group_is_still_read) {
  open(4096);
  append(3);
  const auto whole = run.acknowledged;
  const auto damaged = run.append("damaged", 2, 1000);
  ASSERT_TRUE(damaged);
  append(3);
  files.corrupt("/log/0000000000000001.seg", (*damaged)->offset + 200);
  const auto reader = run.log->feed().add_reader([] {});
  std::vector<std::string> ids;
  group_number after = 0;
  result<std::vector<committed_group_ptr>> got = std::vector<committed_group_ptr>{};
  while (got) {
    run.log->feed().fetch(*reader, after, 1u << 20, [&](auto r) { got = std::move(r); });
    if (!got) break;
    ASSERT_FALSE(got->empty());
    for (const auto& g : *got) std::ranges::copy(ids_of(*g), std::back_inserter(ids));
    after = got->back()->header().number;
  }
  EXPECT_EQ(got.error().code, errc::corrupt);
  EXPECT_EQ(ids, whole);
}

TEST_F(log_feed_test, what_is_not_retained_is_passed_over) {
  run.options.max_bytes = 5 * run.setup.segment_size;
  open(4096);
  for (int i = 0; i < 60; ++i) {
    append(1);
    run.log->release(run.state.next_position(), run.state.next_group());
  }
  const auto reader = run.log->feed().add_reader([] {});
  result<std::vector<committed_group_ptr>> got;
  run.log->feed().fetch(*reader, 0, 1u << 20, [&](auto r) { got = std::move(r); });
  ASSERT_TRUE(got) << "a reader whose next group is gone would stand still for ever";
  ASSERT_FALSE(got->empty());
  const auto& oldest = got->front()->header();
  EXPECT_GT(oldest.number, 1u);
  EXPECT_TRUE(run.log->group_before(oldest.first_position));
  EXPECT_FALSE(run.log->group_before(oldest.first_position - 1))
      << "something that is retained was passed over";
}

}  // namespace
}  // namespace sluice::test
