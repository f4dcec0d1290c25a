// The simulated disk loses what a real one may lose, and nothing that was synced.
#include "tests/support/simulated_file_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace sluice::test {
namespace {

using checkpoint::block_bytes;
using checkpoint::caching;
using checkpoint::open_mode;
using testing::ElementsAre;

constexpr std::uint64_t seeds = 200;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class SimulatedDisk : public testing::Test {
 protected:
  SimulatedDisk() { EXPECT_TRUE(disk_.make_directory("/d")); }
  std::unique_ptr<checkpoint::file> open(const std::string& path, open_mode mode = open_mode::create) {
    auto opened = disk_.open(path, mode, caching::buffered);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  /// A durable file with this content.
  std::unique_ptr<checkpoint::file> settled(const std::string& path, std::string_view content) {
    auto f = open(path);
    EXPECT_TRUE(f->write_at(bytes_of(content), 0));
    EXPECT_TRUE(f->sync());
    EXPECT_TRUE(disk_.sync_directory("/d"));
    return f;
  }
  static std::string content(simulated_file_system& disk, const std::string& path) {
    const auto f = disk.open(path, open_mode::read, caching::buffered);
    if (!f) return std::string(to_string(f.error().code));
    std::string text(static_cast<std::size_t>(*(*f)->size()), '?');
    EXPECT_TRUE((*f)->read_at(std::as_writable_bytes(std::span(text)), 0));
    return text;
  }
  static std::vector<std::string> names(simulated_file_system& disk) {
    std::vector<std::string> found;
    const auto listed = disk.list("/d");
    EXPECT_TRUE(listed);
    if (listed) {
      for (const auto& entry : *listed) found.push_back(entry.name);
    }
    return found;
  }
  simulated_file_system disk_;
};

TEST_F(SimulatedDisk, NeverLosesWhatWasSynced) {
  const auto f = settled("/d/a", "durable");
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const auto after = disk_.crash(seed);
    EXPECT_EQ(content(*after, "/d/a"), "durable") << "seed " << seed;
    EXPECT_EQ(content(*after->crash(seed), "/d/a"), "durable") << "crashed twice, seed " << seed;
  }
}

TEST_F(SimulatedDisk, LosesUnsyncedBytesByTheMode) {
  const auto f = settled("/d/a", "old");
  ASSERT_TRUE(f->write_at(bytes_of("new!"), 0));
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "old");
  EXPECT_EQ(content(*disk_.crash(crash_mode::keep_unsynced), "/d/a"), "new!");
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    seen.insert(content(*disk_.crash(crash_mode::random, seed), "/d/a"));
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new!", "new", std::string("old\0", 4)}))
      << "bytes and length survive each on their own";
  EXPECT_EQ(content(disk_, "/d/a"), "new!") << "the disk itself goes on";
}

TEST_F(SimulatedDisk, KeepsAnySubsetOfPagesAndTearsThemAtSectors) {
  const auto f = settled("/d/a", std::string(3 * block_bytes, 'o'));
  ASSERT_TRUE(f->write_at(bytes_of(std::string(3 * block_bytes, 'n')), 0));
  std::set<std::string> shapes;
  bool torn = false;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const std::string got = content(*disk_.crash(crash_mode::random, seed), "/d/a");
    ASSERT_EQ(got.size(), 3 * block_bytes);
    std::string shape;
    for (std::size_t at = 0; at < got.size(); at += 512) {
      const std::string_view sector = std::string_view(got).substr(at, 512);
      ASSERT_EQ(sector.find_first_not_of(sector[0]), std::string_view::npos) << "a sector is whole";
      shape += sector[0];
    }
    for (std::size_t page = 0; page < 3; ++page) {
      torn |= shape.substr(page * 8, 8).find_first_not_of(shape[page * 8]) != std::string::npos;
    }
    shapes.insert(std::string{shape[0], shape[8], shape[16]});
  }
  EXPECT_EQ(shapes.size(), 8u) << "each subset of three pages occurs";
  EXPECT_TRUE(torn);
}

TEST_F(SimulatedDisk, MayKeepAnEarlierStateOfAPage) {
  const auto f = settled("/d/a", "1");
  ASSERT_TRUE(f->write_at(bytes_of("2"), 0));
  ASSERT_TRUE(f->write_at(bytes_of("3"), 0));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    seen.insert(content(*disk_.crash(crash_mode::random, seed), "/d/a"));
  EXPECT_EQ(seen, (std::set<std::string>{"1", "2", "3"}));
}

TEST_F(SimulatedDisk, LosesNamesInOrder) {
  ASSERT_TRUE(open("/d/a")->sync());
  ASSERT_TRUE(disk_.sync_directory("/d"));
  const auto b = open("/d/b");
  ASSERT_TRUE(b->write_at(bytes_of("synced, but without a durable name"), 0));
  ASSERT_TRUE(b->sync());
  ASSERT_TRUE(disk_.rename("/d/b", "/d/c"));
  ASSERT_TRUE(disk_.remove("/d/a"));
  EXPECT_THAT(names(*disk_.crash(crash_mode::drop_unsynced)), ElementsAre("a"));
  EXPECT_THAT(names(*disk_.crash(crash_mode::keep_unsynced)), ElementsAre("c"));
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    seen.insert(names(*disk_.crash(crash_mode::random, seed)));
  EXPECT_EQ(seen, (std::set<std::vector<std::string>>{{"a"}, {"a", "b"}, {"a", "c"}, {"c"}}));
}

TEST_F(SimulatedDisk, ARenameOverAFileLeavesTheOldOrTheNew) {
  settled("/d/a", "old");
  const auto next = open("/d/next");
  ASSERT_TRUE(next->write_at(bytes_of("new"), 0));
  ASSERT_TRUE(next->sync());
  ASSERT_TRUE(disk_.rename("/d/next", "/d/a"));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) seen.insert(content(*disk_.crash(seed), "/d/a"));
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
  ASSERT_TRUE(disk_.sync_directory("/d"));
  for (std::uint64_t seed = 0; seed < seeds; ++seed) EXPECT_EQ(content(*disk_.crash(seed), "/d/a"), "new");
}

TEST_F(SimulatedDisk, AFailedSyncLeavesItsBytesInDoubtForever) {
  const auto f = settled("/d/a", "old");
  ASSERT_TRUE(f->write_at(bytes_of("new"), 0));
  disk_.inject({.kind = operation_kind::sync, .sys = EIO});
  const auto failed = f->sync();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().sys, EIO);
  ASSERT_TRUE(f->sync()) << "the next one says yes, and means nothing";
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "old");
  ASSERT_TRUE(f->write_at(bytes_of("NEW"), 0));
  ASSERT_TRUE(f->sync());
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "NEW") << "written again, it counts";
}

TEST_F(SimulatedDisk, TruncationIsNotDurableUntilSynced) {
  const auto f = settled("/d/a", "abcdef");
  ASSERT_TRUE(f->truncate(2));
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "abcdef");
  ASSERT_TRUE(f->sync());
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "ab");
}

TEST_F(SimulatedDisk, FailsTheCallItIsToldTo) {
  const auto f = open("/d/a");
  disk_.inject({.kind = operation_kind::write, .sys = EIO, .nth = 2, .partial_bytes = 3});
  EXPECT_TRUE(f->write_at(bytes_of("one"), 0));
  const auto second = f->write_at(bytes_of("second"), 3);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::io);
  EXPECT_EQ(content(disk_, "/d/a"), "onesec") << "part of it was written";
  EXPECT_TRUE(f->write_at(bytes_of("third"), 3));

  disk_.inject({.kind = operation_kind::open, .sys = ENOSPC, .forever = true, .path_contains = "other"});
  for (int i = 0; i < 3; ++i) {
    const auto opened = disk_.open("/d/other", open_mode::create, caching::buffered);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::no_space);
  }
  EXPECT_TRUE(disk_.open("/d/b", open_mode::create, caching::buffered));
  disk_.clear_faults();
  EXPECT_TRUE(disk_.open("/d/other", open_mode::create, caching::buffered));
}

TEST_F(SimulatedDisk, HasNoRoomBeyondItsCapacity) {
  disk_.set_capacity(4 * block_bytes);
  const auto f = open("/d/a");
  ASSERT_TRUE(f->allocate(3 * block_bytes));
  EXPECT_EQ(disk_.used_bytes(), 3 * block_bytes);
  const auto more = f->allocate(5 * block_bytes);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, errc::no_space);
  EXPECT_EQ(*f->size(), 3 * block_bytes) << "nothing changed";
  EXPECT_TRUE(f->write_at(bytes_of(std::string(3 * block_bytes, 'x')), 0)) << "reserved space is there";
  const auto g = open("/d/b");
  const auto too_much = g->write_at(bytes_of(std::string(2 * block_bytes, 'y')), 0);
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().code, errc::no_space);
  EXPECT_EQ(*disk_.free_bytes("/d"), 0u);
  ASSERT_TRUE(f->truncate(0));
  EXPECT_TRUE(g->write_at(bytes_of(std::string(2 * block_bytes, 'y')), 0)) << "room was made";
}

TEST_F(SimulatedDisk, GivesACrashAtEachBoundaryOfOneRun) {
  std::vector<std::string> seen;
  disk_.on_change([&](const operation& next) {
    seen.push_back(std::string(to_string(next.kind)) + ":" +
                   content(*disk_.crash(crash_mode::keep_unsynced), "/d/a"));
  });
  const auto f = open("/d/a");
  ASSERT_TRUE(f->write_at(bytes_of("1"), 0));
  ASSERT_TRUE(f->sync());
  ASSERT_TRUE(disk_.rename("/d/a", "/d/b"));
  disk_.on_change(nullptr);
  EXPECT_THAT(seen, ElementsAre("open:not_found", "write:", "sync:1", "rename:1"));
  EXPECT_EQ(disk_.count(operation_kind::write, "/d/a"), 1u);
  EXPECT_EQ(disk_.operations().back().to, "/d/b");
}

TEST_F(SimulatedDisk, DoesNothingMoreOnceThePowerIsOff) {
  const auto f = settled("/d/a", "old");
  disk_.cut_power_at(2);
  EXPECT_TRUE(f->write_at(bytes_of("new"), 0));
  EXPECT_FALSE(f->sync());
  EXPECT_FALSE(f->write_at(bytes_of("???"), 0));
  EXPECT_FALSE(disk_.rename("/d/a", "/d/b"));
  EXPECT_EQ(content(*disk_.crash(crash_mode::keep_unsynced), "/d/a"), "new");
}

TEST_F(SimulatedDisk, FreesLocksInACrash) {
  const auto held = disk_.lock("/d/lock");
  ASSERT_TRUE(held);
  EXPECT_FALSE(disk_.lock("/d/lock"));
  EXPECT_TRUE(disk_.crash(crash_mode::keep_unsynced)->lock("/d/lock"));
}

TEST_F(SimulatedDisk, RotsWhereItIsToldTo) {
  const auto f = settled("/d/a", "abc");
  disk_.corrupt("/d/a", 1, std::byte{0x20});
  EXPECT_EQ(content(disk_, "/d/a"), "aBc");
  EXPECT_EQ(content(*disk_.crash(crash_mode::drop_unsynced), "/d/a"), "aBc");
}

TEST_F(SimulatedDisk, AnswersDirectWithBufferedWhereItIsToldTo) {
  EXPECT_TRUE((*disk_.open("/d/a", open_mode::create, caching::direct))->direct());
  disk_.set_direct(false);
  EXPECT_FALSE((*disk_.open("/d/a", open_mode::create, caching::direct))->direct());
}

}  // namespace
}  // namespace sluice::test
