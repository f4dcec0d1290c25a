// Goal: segments are given back without a destination that needs little of them, and it still gets every
// event once, in order, byte for byte. Method: a log of eight small segments and a destination that lags
// behind several times as much, held against plain lists.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "tests/actors/checkpoint/spill_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

struct spill_test : testing::Test {
  void SetUp() override { ASSERT_TRUE(run.open()); }

  /// Groups of twenty events for the busy one, which settles them; the first `share` of each are for the slow
  /// one too, by turns in its lanes.
  void give(std::uint64_t groups, std::size_t share = 1) {
    for (std::uint64_t i = 0; i < groups; ++i, ++given) {
      const auto done = run.give(numbered("g", given), 20, 300, [&](std::size_t e) -> std::vector<target> {
        if (e >= share) return {spill_run::busy};
        return {spill_run::busy, e % 2 == 0 ? spill_run::slow : spill_run::slow_too};
      });
      ASSERT_TRUE(done) << "group " << given << ": " << to_string(done.error());
      const auto settled = run.settle(spill_run::busy, 20);
      ASSERT_TRUE(settled) << to_string(settled.error());
      ASSERT_LE(run.base.log->counts().bytes, run.base.options.max_bytes);
    }
  }
  std::uint64_t backlog(destination_id of) const {
    const auto& d = run.base.state.destinations()[of];
    return run.base.log->backlog_bytes(of, d.needed_from(run.base.state.next_position()),
                                       d.totals.routed + d.totals.redriven);
  }
  std::uint64_t spilled_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& path : run.spill_files(disk)) {
      const auto from = disk.open(path, open_mode::read, caching::buffered);
      EXPECT_TRUE(from);
      sum += *(*from)->size();
    }
    return sum;
  }

  mutable simulated_file_system disk;
  spill_run run{disk, 1};
  std::uint64_t given = 0;
};

TEST_F(spill_test, gives_segments_back_that_a_slow_destination_needs_little_of) {
  give(300);  // several times max_bytes
  const auto segment = [&](std::uint64_t n) {
    return log_directory{&disk, run.base.options.directory, {}, {}}.segment(n);
  };
  EXPECT_FALSE(disk.open(segment(1), open_mode::read, caching::buffered))
      << "the first segment is still there";
  EXPECT_FALSE(run.spill_files(disk).empty());
  expect_owed(run);
  EXPECT_EQ(run.owed[spill_run::slow].size(), 300u);

  // A copy is smaller than what it gave back, and is given back in its turn.
  EXPECT_LT(spilled_bytes(), run.spill_files(disk).size() * run.base.setup.segment_size / 2);
  const auto before = run.spill_files(disk).size();
  ASSERT_TRUE(run.settle(spill_run::slow, 150));
  EXPECT_LT(run.spill_files(disk).size(), before);
  expect_owed(run);
  ASSERT_TRUE(run.settle(spill_run::slow, 150));
  EXPECT_TRUE(run.spill_files(disk).empty()) << "files that nobody needs";
  expect_owed(run);
}

TEST_F(spill_test, copies_all_there_is_when_nothing_else_makes_room) {
  give(200, 20);
  EXPECT_FALSE(run.spill_files(disk).empty());
  expect_owed(run);
}

TEST_F(spill_test, by_age_copies_only_where_others_have_most_of_a_segment) {
  for (const auto& [share, copies] : {std::pair<std::size_t, bool>{4, true}, {15, false}}) {
    SCOPED_TRACE(testing::Message() << share << " of 20 events");
    simulated_file_system other;
    spill_run aged(other, 3);
    aged.base.options.retention_ms = 0;
    ASSERT_TRUE(aged.open());
    std::uint64_t i = 0;
    while (aged.base.log->counts().bytes + 3 * aged.base.setup.segment_size < aged.base.options.max_bytes) {
      ASSERT_TRUE(aged.give(numbered("g", i++), 20, 300, [&](std::size_t e) -> std::vector<target> {
        return e < share ? std::vector{spill_run::slow} : std::vector{spill_run::busy};
      }));
      ASSERT_TRUE(aged.settle(spill_run::busy, 20));
      if (i > 200) break;
    }
    EXPECT_EQ(!aged.spill_files(other).empty(), copies);
    expect_owed(aged);
  }
}

TEST_F(spill_test, copies_invalid_events_for_the_dead_letters) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto done = run.give(numbered("g", i), 20, 300, [&](std::size_t e) -> std::vector<target> {
      return {e == 7 ? spill_run::letters : spill_run::busy};
    });
    ASSERT_TRUE(done) << to_string(done.error());
    ASSERT_TRUE(run.settle(spill_run::busy, 20));
  }
  EXPECT_FALSE(run.spill_files(disk).empty());
  expect_owed(run);
}

TEST_F(spill_test, a_lane_that_has_settled_its_events_has_no_copy_of_them) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto done = run.give(numbered("g", i), 20, 300, [&](std::size_t e) -> std::vector<target> {
      return {e == 7 ? spill_run::slow : spill_run::slow_too};
    });
    ASSERT_TRUE(done) << to_string(done.error());
    ASSERT_TRUE(run.settle(spill_run::slow_too, 20));
  }
  const auto files = run.spill_files(disk).size();
  ASSERT_GT(files, 0u);
  EXPECT_LT(spilled_bytes(), files * run.base.setup.segment_size / 4);
  expect_owed(run);
}

TEST_F(spill_test, an_audit_that_is_behind_holds_segments_whole) {
  run.told = false;
  run.base.log->release(1, 1, {});
  const auto targets = [](std::size_t) -> std::vector<target> { return {spill_run::slow}; };
  std::uint64_t i = 0;
  for (; i < 500; ++i) {
    const auto done = run.give(numbered("g", i), 20, 300, targets);
    run.base.log->release(run.base.state.needed_from(), 1, run.base.state.needs());
    if (done) continue;
    EXPECT_EQ(done.error().code, errc::log_full);
    break;
  }
  EXPECT_LT(i, 500u);
  EXPECT_TRUE(run.spill_files(disk).empty());
}

TEST_F(spill_test, a_delivery_goes_on_in_the_copy_of_the_segment_that_it_was_reading) {
  give(30);
  const auto all = run.owed[spill_run::slow];
  // It has read a third of what there is when the segments behind it go.
  const position behind = all[10].at;
  const auto after = run.base.log->group_before(behind + 1, spill_run::slow.destination);
  ASSERT_TRUE(after);
  give(250);
  delivery_run rest{spill_run::slow, *after, behind};
  const auto done = rest.read_on(run.base.log->feed());
  ASSERT_TRUE(done) << to_string(done.error());
  const auto& owed = run.owed[spill_run::slow];
  EXPECT_EQ(rest.got, owed_events(owed.begin() + 11, owed.end()));
}

TEST_F(spill_test, a_backlog_is_its_copies_and_its_share_of_the_segments) {
  give(9, 5);
  ASSERT_TRUE(run.spill_files(disk).empty());
  const std::uint64_t whole = run.base.log->bytes_from(1);
  EXPECT_NEAR(static_cast<double>(backlog(2)), static_cast<double>(whole) / 4,
              static_cast<double>(whole) / 20);
  EXPECT_EQ(backlog(1), 0u);
  give(200, 5);
  EXPECT_GT(backlog(2), spilled_bytes());
  EXPECT_LE(backlog(2), spilled_bytes() + run.base.log->bytes_from(1) / 3);
  // A start knows the same.
  const std::uint64_t before = backlog(2);
  ASSERT_TRUE(run.open());
  // But for the mark that it wrote.
  EXPECT_NEAR(static_cast<double>(backlog(2)), static_cast<double>(before), block_bytes);
}

TEST_F(spill_test, a_start_finds_the_copies_and_removes_what_nobody_needs) {
  give(200);
  ASSERT_TRUE(run.open());
  expect_owed(run);
  give(100);
  expect_owed(run);
  // A copy beside its segment, and one that its destination has passed.
  const auto files = run.spill_files(disk);
  ASSERT_GT(files.size(), 2u);
  const auto kept = disk.crash(0);
  ASSERT_TRUE(run.settle(spill_run::slow, 1000));
  ASSERT_TRUE(run.base.stop());
  run.base.close();
  for (const auto& path : {files.front(), std::string("/log/00000000000000ff-2.spill"),
                           std::string("/log/0000000000000007-2.spill.tmp")}) {
    const auto to = disk.open(path, open_mode::create, caching::buffered);
    ASSERT_TRUE(to);
    const auto from = kept->open(files.front(), open_mode::read, caching::buffered);
    std::vector<std::byte> bytes(*(*from)->size());
    ASSERT_TRUE((*from)->read_at(bytes, 0));
    ASSERT_TRUE((*to)->write_at(bytes, 0));
  }
  ASSERT_TRUE(run.open());
  EXPECT_TRUE(run.spill_files(disk).empty());
}

TEST_F(spill_test, inspection_lists_and_verifies_the_copies) {
  give(200);
  const auto summary = inspect_log(disk, "/log", true, run.base.setup.segment_size);
  ASSERT_TRUE(summary);
  ASSERT_TRUE(summary->damage.empty()) << to_string(summary->damage[0]);
  EXPECT_EQ(summary->spills.size(), run.spill_files(disk).size());
}

TEST_F(spill_test, damage_to_a_copy_is_named_and_never_delivered) {
  give(200);
  run.base.close();
  const auto files = run.spill_files(disk);
  ASSERT_GT(files.size(), 3u);
  std::mt19937_64 random(5);
  std::uint64_t noticed = 0;
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    const auto damaged = disk.crash(0);
    const std::string& victim = files[random() % files.size()];
    const std::uint64_t size = *(*damaged->open(victim, open_mode::read, caching::buffered))->size();
    std::uint64_t offset = random() % size;
    if (i % 2 == 0) offset = offset / block_bytes * block_bytes + random() % 256;
    SCOPED_TRACE(testing::Message() << "flip " << i << ": " << victim << "+" << offset);
    damaged->corrupt(victim, offset, static_cast<std::byte>(1u << (random() % 8)));
    const auto offline = inspect_log(*damaged, "/log", true, run.base.setup.segment_size);
    ASSERT_TRUE(offline);
    const auto named = [&](const error& e) {
      return e.code == errc::corrupt && e.place.starts_with(victim + "+");
    };
    spill_run again(*damaged, 9);
    if (const auto opened = again.base.open(); !opened) {
      EXPECT_TRUE(named(opened.error()) || opened.error().code == errc::unsupported)
          << to_string(opened.error());
      EXPECT_FALSE(offline->damage.empty());
      ++noticed;
      continue;
    }
    for (const auto& [lane, events] : run.owed) {
      const auto got = again.read(lane);
      if (got) {
        EXPECT_EQ(*got, events);
        continue;
      }
      EXPECT_TRUE(named(got.error())) << to_string(got.error());
      EXPECT_FALSE(offline->damage.empty()) << "a reader met damage that verify did not list";
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 50u);
}

TEST_F(spill_test, a_copy_that_is_missing_or_cut_short_is_refused) {
  give(200);
  run.base.close();
  const auto files = run.spill_files(disk);
  ASSERT_GT(files.size(), 3u);
  for (const std::string& victim : files) {
    SCOPED_TRACE(victim);
    const auto damaged = disk.crash(0);
    ASSERT_TRUE(damaged->remove(victim));
    log_run again(*damaged, 9);
    const auto opened = again.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::corrupt);
    EXPECT_NE(opened.error().detail.find("still to be delivered"), std::string::npos)
        << opened.error().detail;
    const auto offline = inspect_log(*damaged, "/log", false, run.base.setup.segment_size);
    ASSERT_TRUE(offline);
    EXPECT_FALSE(offline->damage.empty());

    const auto cut = disk.crash(0);
    auto file = cut->open(victim, open_mode::write, caching::buffered);
    ASSERT_TRUE((*file)->truncate(*(*file)->size() - block_bytes));
    log_run shorter(*cut, 9);
    EXPECT_FALSE(shorter.open());
  }
}

enum class command : std::uint8_t {
  few,
  many,
  mixed,
  settle_busy,
  settle_slow,
  settle_all,
  restart,
  stop,
  lose_power
};

RC_GTEST_PROP(spill_model_test, every_lane_gets_what_it_is_owed_whatever_was_given_back, ()) {
  auto disk = std::make_unique<simulated_file_system>();
  auto run = std::make_unique<spill_run>(*disk, *rc::gen::arbitrary<std::uint64_t>());
  if (*rc::gen::arbitrary<bool>()) run->base.options.retention_ms = 50;
  RC_ASSERT(run->open().has_value());
  const auto script = *rc::gen::container<std::vector<command>>(
      200, rc::gen::weightedElement<command>({{12, command::few},
                                              {6, command::many},
                                              {6, command::mixed},
                                              {8, command::settle_busy},
                                              {3, command::settle_slow},
                                              {1, command::settle_all},
                                              {1, command::restart},
                                              {1, command::stop},
                                              {1, command::lose_power}}));
  std::uint64_t n = 0;
  const auto give = [&](const std::function<std::vector<target>(std::size_t)>& to) {
    ++n;
    const auto done = run->give(numbered("g", n), 1 + n % 13, 100 + n * 37 % 700, to);
    RC_ASSERT(done.has_value());
  };
  for (const command c : script) {
    switch (c) {
      case command::few:
        give([&](std::size_t e) -> std::vector<target> {
          return e == n % 7 ? std::vector{spill_run::busy, spill_run::slow} : std::vector{spill_run::busy};
        });
        break;
      case command::many:
        give([&](std::size_t) -> std::vector<target> { return {spill_run::slow}; });
        break;
      case command::mixed:
        give([&](std::size_t e) -> std::vector<target> {
          switch (e % 5) {
            case 0:
              return {spill_run::letters};
            case 1:
              return {spill_run::slow_too};
            case 2:
              return {spill_run::busy, spill_run::slow};
            case 3:
              return {};
            default:
              return {spill_run::busy};
          }
        });
        break;
      case command::settle_busy:
        RC_ASSERT(run->settle(spill_run::busy, 30).has_value());
        break;
      case command::settle_slow:
        RC_ASSERT(run->settle(spill_run::slow, n % 9).has_value());
        RC_ASSERT(run->settle(spill_run::slow_too, n % 4).has_value());
        break;
      case command::settle_all:
        for (const target t : {spill_run::slow, spill_run::slow_too, spill_run::letters})
          RC_ASSERT(run->settle(t, 10'000).has_value());
        break;
      case command::stop:
        RC_ASSERT(run->base.stop().has_value());
        [[fallthrough]];
      case command::restart:
        RC_ASSERT(run->open().has_value());
        break;
      case command::lose_power: {
        auto after = disk->crash(n * 2 + 1);
        auto next = std::make_unique<spill_run>(*after, n + 7);
        next->base.options = run->base.options;
        next->owed = run->owed;
        run = std::move(next);
        disk = std::move(after);
        RC_ASSERT(run->open().has_value());
        break;
      }
    }
    RC_ASSERT(run->base.log->counts().bytes <= run->base.options.max_bytes);
  }
  for (const auto& [lane, events] : run->owed) {
    const auto got = run->read(lane);
    RC_ASSERT(got.has_value());
    RC_ASSERT(*got == events);
  }
}

/// A delivery reads while its segments are copied and given back, and while its copies go.
void race(file_system& files, const std::string& directory) {
  log_setup setup = small_setup(256 << 10);
  setup.threads = true;
  spill_run run(files, 5, setup);
  run.base.options.directory = directory;
  ASSERT_TRUE(run.open());
  std::mutex mutex;
  std::condition_variable changed;
  bool room = false;
  run.base.log->on_room([&] {
    std::scoped_lock lock(mutex);
    room = true;
    changed.notify_all();
  });
  run.base.wait_for_room = [&] {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return room; }))
        << "nobody told that there is room";
    room = false;
  };
  constexpr std::uint64_t groups = 400;
  std::atomic<std::size_t> read = 0;
  std::atomic<bool> begins = false, over = false;
  owed_events got, all;
  std::thread delivery([&] {
    delivery_run reads{spill_run::slow};
    while (!begins) std::this_thread::yield();
    while (reads.got.size() < groups && !over) {
      const auto done = reads.read_on(run.base.log->feed(), 30'000);
      EXPECT_TRUE(done) << to_string(done.error());
      if (!done) break;
      read = reads.got.size();
      std::this_thread::yield();
    }
    got = std::move(reads.got);
  });
  std::size_t settled = 0;
  const auto settle = [&] {
    const std::size_t upto = read;
    ASSERT_TRUE(run.settle(spill_run::slow, upto - settled));
    settled = upto;
  };
  for (std::uint64_t i = 0; i < groups && !testing::Test::HasFailure(); ++i) {
    if (i == groups / 2) begins = true;
    const auto done = run.give(numbered("g", i), 10, 1500, [&](std::size_t e) -> std::vector<target> {
      return e == i % 10 ? std::vector{spill_run::busy, spill_run::slow} : std::vector{spill_run::busy};
    });
    ASSERT_TRUE(done) << to_string(done.error());
    all.push_back(run.owed[spill_run::slow].back());
    ASSERT_TRUE(run.settle(spill_run::busy, 10));
    settle();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (settled < groups && !testing::Test::HasFailure() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    settle();
  }
  over = true;
  delivery.join();
  EXPECT_EQ(got, all);
  ASSERT_TRUE(run.base.stop());
}

TEST(spill_race_test, on_a_simulated_disk) {
  simulated_file_system disk;
  race(disk, "/log");
}

TEST(spill_race_test, on_the_real_file_system) {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-spill-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const auto files = make_posix_file_system();
  race(*files, name);
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace sluice::test
