// Goal: damage to what was acknowledged is refused with file and offset, or does not matter; never is
// anything else delivered. Method: one log with everything in it; one flip, swap, loss or cut at a time on a
// copy of its disk. SLUICE_SEED and SLUICE_ROUNDS as in the crash test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

struct log_corruption_test : testing::Test {
  void SetUp() override {
    run.options.max_bytes = 9 * run.setup.segment_size;
    ASSERT_TRUE(run.open());
    for (std::uint64_t i = 0; i < 60; ++i) {
      ASSERT_TRUE(run.append(numbered("g", i), 3, 1500));
      if (i == 30) run.log->release(run.state.next_position() - 5, run.state.next_group());
      if (i != 50) continue;
      ASSERT_TRUE(run.mark());
    }
    ASSERT_TRUE(run.mark());
    run.close();
    auto listed = disk.list("/log");
    ASSERT_TRUE(listed);
    files = std::move(*listed);
  }

  /// Opens, reads everything, verifies offline. True when the damage was refused or listed.
  bool check(simulated_file_system& damaged) {
    const auto offline = inspect_log(damaged, "/log", true, run.setup.segment_size);
    EXPECT_TRUE(offline);
    bool noticed = offline && !offline->damage.empty();
    if (offline) {
      for (const auto& e : offline->damage) {
        EXPECT_FALSE(e.place.empty()) << e.detail;
        EXPECT_NE(e.place.find('+'), std::string::npos) << e.place;
      }
    }
    log_run again(damaged, 3);
    const auto opened = again.open();
    if (!opened) {
      EXPECT_TRUE(opened.error().code == errc::corrupt || opened.error().code == errc::unsupported)
          << to_string(opened.error());
      EXPECT_NE(opened.error().place.find("/log"), std::string::npos);
      EXPECT_TRUE(noticed) << "refused, but not listed: " << to_string(opened.error());
      return true;
    }
    EXPECT_EQ(again.state.next_position(), run.acknowledged.size() + 1) << "acknowledged events were cut off";
    for (const auto& id : run.acknowledged)
      EXPECT_TRUE(again.window->contains(sample_identity("genesys", id))) << id;
    for (position at = 1; at <= run.acknowledged.size(); at += 40) {
      const auto before = again.log->group_before(at);
      const auto groups = before ? read_feed(again.log->feed(), *before) : tl::unexpected(before.error());
      if (!groups) {
        EXPECT_TRUE(groups.error().code == errc::corrupt || groups.error().code == errc::not_found);
        if (groups.error().code == errc::corrupt) {
          EXPECT_NE(groups.error().place.find("/log"), std::string::npos);
          EXPECT_TRUE(noticed) << "a reader met damage that verify did not list: "
                               << to_string(groups.error());
        }
        continue;
      }
      for (const auto& g : *groups) {
        const auto ids = ids_of(*g);
        const auto first = g->header().first_position - 1;
        const bool right =
            first + ids.size() <= run.acknowledged.size() &&
            std::equal(ids.begin(), ids.end(), run.acknowledged.begin() + static_cast<std::ptrdiff_t>(first));
        EXPECT_TRUE(right) << "wrong events were delivered";
      }
    }
    return noticed;
  }

  simulated_file_system disk;
  log_run run{disk, 1};
  std::vector<directory_entry> files;
};

TEST_F(log_corruption_test, the_whole_log_is_whole) { EXPECT_FALSE(check(*disk.crash(0))); }

TEST_F(log_corruption_test, flips_anywhere_are_refused_or_harmless) {
  const std::uint64_t seed = from_environment("SLUICE_SEED", 99);
  const std::uint64_t flips = 600 * from_environment("SLUICE_ROUNDS", 1);
  std::cout << "seed=" << seed << std::endl;
  std::mt19937_64 random(seed);
  std::uint64_t noticed = 0;
  for (std::uint64_t i = 0; i < flips && !HasFailure(); ++i) {
    const auto& victim = files[random() % files.size()];
    if (victim.size == 0 || victim.name == "lock") continue;
    // Half of them where structures are: in the first bytes of a block.
    std::uint64_t offset = random() % victim.size;
    if (random() % 2 == 0) offset = offset / block_bytes * block_bytes + random() % 256;
    if (offset >= victim.size) continue;
    const auto flip = static_cast<std::byte>(std::uint8_t{1} << (random() % 8));
    SCOPED_TRACE(testing::Message() << "seed=" << seed << " flip " << i << ": " << victim.name << "+"
                                    << offset);
    const auto damaged = disk.crash(0);
    damaged->corrupt("/log/" + victim.name, offset, flip);
    if (check(*damaged)) ++noticed;
  }
  std::cout << noticed << " of " << flips << " flips were noticed, the others hit nothing that counts"
            << std::endl;
  EXPECT_GT(noticed, flips / 10);
}

TEST_F(log_corruption_test, every_acknowledged_byte_of_the_open_segment_counts) {
  const auto summary = inspect_log(disk, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(summary);
  const auto& open = summary->segments.back();
  std::mt19937_64 random(5);
  for (std::uint64_t at = open.head.data_offset(); at + 2 * block_bytes < open.end;
       at += 1 + random() % 500) {
    SCOPED_TRACE(testing::Message() << "offset " << at);
    const auto damaged = disk.crash(0);
    damaged->corrupt(open.file, at, std::byte{0x10});
    check(*damaged);
    if (HasFailure()) return;
  }
}

TEST_F(log_corruption_test, a_missing_segment_is_noticed) {
  for (const auto& e : files) {
    if (e.name.size() != 20 || !e.name.ends_with(".seg")) continue;
    SCOPED_TRACE(e.name);
    const auto damaged = disk.crash(0);
    ASSERT_TRUE(damaged->remove("/log/" + e.name));
    const bool oldest = !std::ranges::any_of(files, [&](const directory_entry& o) {
      return o.name.size() == 20 && o.name.ends_with(".seg") && o.name < e.name;
    });
    EXPECT_TRUE(check(*damaged) || oldest) << "the oldest may have been recycled as well";
  }
}

TEST_F(log_corruption_test, swapped_segments_are_noticed) {
  std::vector<std::string> segments;
  for (const auto& e : files) {
    if (e.name.size() == 20 && e.name.ends_with(".seg")) segments.push_back("/log/" + e.name);
  }
  ASSERT_GT(segments.size(), 2u);
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    const auto damaged = disk.crash(0);
    ASSERT_TRUE(damaged->rename(segments[i], "/log/aside"));
    ASSERT_TRUE(damaged->rename(segments[i + 1], segments[i]));
    ASSERT_TRUE(damaged->rename("/log/aside", segments[i + 1]));
    EXPECT_TRUE(check(*damaged)) << segments[i];
  }
}

TEST_F(log_corruption_test, a_truncated_or_zeroed_segment_is_noticed) {
  for (const auto& e : files) {
    if (e.name.size() != 20 || !e.name.ends_with(".seg")) continue;
    const bool newest = !std::ranges::any_of(files, [&](const directory_entry& o) {
      return o.name.size() == 20 && o.name.ends_with(".seg") && o.name > e.name;
    });
    if (newest) continue;  // its tail has nothing that counts
    SCOPED_TRACE(e.name);
    const auto cut = disk.crash(0);
    ASSERT_TRUE((*cut->open("/log/" + e.name, open_mode::write, caching::direct))->truncate(e.size / 2));
    EXPECT_TRUE(check(*cut));
    const auto zeroed = disk.crash(0);
    const auto zeros = read_blocks(**zeroed->open("/log/" + e.name, open_mode::read, caching::direct),
                                   1u << 30, block_bytes);
    ASSERT_TRUE((*zeroed->open("/log/" + e.name, open_mode::write, caching::direct))
                    ->write_at({zeros->data(), block_bytes}, 3 * block_bytes));
    EXPECT_TRUE(check(*zeroed));
  }
}

TEST_F(log_corruption_test, a_missing_side_file_of_a_recycled_segment_is_refused) {
  std::vector<std::string> sides;
  for (const auto& e : files) {
    if (e.name.ends_with(".ids")) sides.push_back(e.name);
  }
  std::string oldest_segment = "~";
  for (const auto& e : files) {
    if (e.name.size() == 20 && e.name.ends_with(".seg"))
      oldest_segment = std::min(oldest_segment, e.name.substr(0, 16));
  }
  ASSERT_GT(sides.size(), 2u);
  int holes = 0;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    if (sides[i].substr(0, 16) >= oldest_segment) continue;
    const auto damaged = disk.crash(0);
    ASSERT_TRUE(damaged->remove("/log/" + sides[i]));
    EXPECT_TRUE(check(*damaged)) << sides[i];
    ++holes;
  }
  EXPECT_GT(holes, 0);
}

TEST_F(log_corruption_test, a_log_without_any_segment_is_refused_whatever_else_is_left) {
  const auto damaged = disk.crash(0);
  for (const auto& e : files) {
    if (e.name == "secret") continue;
    ASSERT_TRUE(damaged->remove("/log/" + e.name)) << e.name;
  }
  EXPECT_TRUE(check(*damaged));
}

TEST_F(log_corruption_test, a_log_without_its_secret_is_refused) {
  const auto damaged = disk.crash(0);
  ASSERT_TRUE(damaged->remove("/log/secret"));
  EXPECT_TRUE(check(*damaged));
}

}  // namespace
}  // namespace sluice::test
