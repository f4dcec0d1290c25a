// Goal: whatever moment the power goes, what was acknowledged is there, what was not is there whole or not at
// all, and the log starts. Method: one scripted run with rotations, recycling, restarts and cuts; at each of
// its changes of the disk several disks as a crash may leave them are opened, and some of those crash again
// while they recover. SLUICE_SEED replays a run, SLUICE_ROUNDS makes more of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <random>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

/// What a start must find: everything acknowledged from `needed` on, then perhaps one group that was begun,
/// whole.
struct promise {
  std::vector<std::string> acknowledged;
  std::string noted;
  std::vector<std::vector<std::string>> pending;
  position needed = 1;
};

class crash_checker {
 public:
  explicit crash_checker(const log_options& options) : options_(options) {}

  std::uint64_t images = 0;

  /// Opens `disk` and compares. What was found, for comparing again after another crash.
  std::optional<log_content> check(simulated_file_system& disk, const promise& said, std::uint64_t seed,
                                   bool crash_in_recovery) {
    ++images;
    log_run run(disk, seed);
    run.options = options_;
    std::uint64_t inner = seed;  // lives as long as the callback
    if (crash_in_recovery) {
      disk.on_change([&, this](const operation&) {
        const auto again = disk.crash(++inner % 7 == 0 ? 0 : inner);
        check(*again, said, inner * 31, false);
      });
    }
    const auto opened = run.open();
    disk.on_change({});
    if (!opened) {
      ADD_FAILURE() << "refused: " << to_string(opened.error());
      return std::nullopt;
    }
    const auto found = compare(run, said);
    if (!found) return std::nullopt;
    // What the start relies on must be durable by now, whatever it was before.
    for (const std::uint64_t later : {0u, 1u}) {
      if (later == 1 && (seed % 4 != 0 || !crash_in_recovery)) continue;
      const auto after = disk.crash(later);
      log_run second(*after, seed + 1);
      second.options = options_;
      ++images;
      const auto reopened = second.open();
      EXPECT_TRUE(reopened) << "second start refused: " << to_string(reopened.error());
      if (!reopened) return std::nullopt;
      const auto again = second.read(found->first_positions.empty() ? 1 : found->first_positions.front());
      EXPECT_TRUE(again);
      if (again && !found->ids.empty()) {
        EXPECT_EQ(again->ids, found->ids) << "what a start found was gone at the next";
      }
    }
    go_on(run, *found);
    return found;
  }

 private:
  std::optional<log_content> compare(log_run& run, const promise& said) {
    const auto found = run.read(std::max<position>(1, said.needed));
    if (!found) {
      ADD_FAILURE() << "needed events are gone: " << to_string(found.error());
      return std::nullopt;
    }
    std::vector<std::string> all = said.acknowledged;
    std::string noted = said.noted;
    const std::size_t end = found->first_positions.empty()
                                ? said.acknowledged.size()
                                : found->first_positions.front() - 1 + found->ids.size();
    if (end > all.size()) {
      for (const auto& group : said.pending) {
        if (found->ids.size() < group.size() ||
            !std::equal(group.rbegin(), group.rend(), found->ids.rbegin()))
          continue;
        all.insert(all.end(), group.begin(), group.end());
        noted = group.front();
        break;
      }
    }
    EXPECT_EQ(end, all.size()) << "acknowledged events lost, half a group, or events that were never given";
    EXPECT_EQ(run.state.next_position(), all.size() + 1);
    EXPECT_EQ(run.state.subscription(), noted);
    const std::size_t begin =
        found->first_positions.empty() ? all.size() : found->first_positions.front() - 1;
    if (end == all.size()) {
      EXPECT_TRUE(
          std::equal(found->ids.begin(), found->ids.end(), all.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
    for (const std::string& id : all) {
      EXPECT_TRUE(run.window->contains(sample_identity("genesys", id))) << id << " would be taken again";
    }
    EXPECT_EQ(run.window->size(), all.size());
    return *found;
  }

  /// It must also be usable.
  static void go_on(log_run& run, const log_content& before) {
    const auto more = run.append("afterwards", 2, 100);
    EXPECT_TRUE(more) << to_string(more.error());
    if (!more) return;
    const auto found = run.read(before.first_positions.empty() ? run.state.next_position() - 2
                                                               : before.first_positions.front());
    EXPECT_TRUE(found);
    if (!found) return;
    EXPECT_EQ(found->ids.size(), before.ids.size() + 2);
    EXPECT_EQ(found->ids.back(), "afterwards-1");
  }

  log_options options_;
};

class crashing_run {
 public:
  crashing_run(std::uint64_t seed, int groups, std::uint64_t nested_every)
      : seed_(seed),
        groups_(groups),
        nested_every_(nested_every),
        random_(seed),
        run_(disk_, seed),
        checker_([this] {
          run_.options.max_bytes = 9 * run_.setup.segment_size;
          return run_.options;
        }()) {}

  void go() {
    disk_.on_change([this](const operation& o) { crash_here(o); });
    ASSERT_TRUE(run_.open());
    for (int i = 0; i < groups_ && !testing::Test::HasFailure(); ++i) act(static_cast<std::uint64_t>(i));
    disk_.on_change({});
  }
  std::uint64_t images() const { return checker_.images; }
  std::uint64_t changes() const { return changes_; }

 private:
  void act(std::uint64_t i) {
    const std::uint64_t dice = random_() % 100;
    if (dice < 5) {
      ASSERT_TRUE(run_.mark());
    } else if (dice < 8) {
      ASSERT_TRUE(run_.stop());
      reopen();
    } else if (dice < 11) {
      reopen();  // a crash of the process alone
    } else if (dice < 16) {
      disk_.inject({.kind = operation_kind::write,
                    .sys = 28,
                    .nth = 1,
                    .path_contains = ".seg",
                    .partial_bytes = random_() % 4 * 4096});
      const auto refused = run_.append(numbered("refused", i), 1 + random_() % 4, random_() % 1500);
      disk_.clear_faults();
      ASSERT_FALSE(!refused && refused.error().code == errc::io) << to_string(refused.error());
    } else {
      const auto done = run_.append(numbered("g", i), 1 + random_() % 4, random_() % 3000);
      ASSERT_TRUE(done || done.error().code == errc::log_full || done.error().code == errc::overloaded)
          << to_string(done.error());
    }
    if (random_() % 3 == 0 && run_.state.next_position() > 40) {
      needed_ = std::max(needed_, run_.state.next_position() - random_() % 40 - 1);
      run_.log->release(needed_, run_.state.next_group());
    }
  }
  /// What was refused may lie whole on the disk until the next commit cuts it away; a start before that takes
  /// it.
  void reopen() {
    ASSERT_TRUE(run_.open());
    const auto behind = run_.read(run_.acknowledged.size() + 1);
    ASSERT_TRUE(behind);
    if (!behind->ids.empty()) {
      ASSERT_NE(std::ranges::find(run_.pending, behind->ids), run_.pending.end());
      run_.acknowledged.insert(run_.acknowledged.end(), behind->ids.begin(), behind->ids.end());
      run_.noted = behind->ids.front();
    }
    run_.pending.clear();
    run_.log->release(needed_, run_.state.next_group());
  }

  void crash_here(const operation& o) {
    if (testing::Test::HasFailure()) return;
    ++changes_;
    const promise said{run_.acknowledged, run_.noted, run_.pending, needed_};
    for (const std::uint64_t mode : {std::uint64_t{0}, std::uint64_t{1}, 2 + random_() % 1'000'000}) {
      SCOPED_TRACE(testing::Message() << "seed=" << seed_ << " change " << changes_ << " before "
                                      << to_string(o.kind) << " " << o.path << " crash seed " << mode);
      const auto disk = disk_.crash(mode);
      checker_.check(*disk, said, mode + changes_, (changes_ + mode) % nested_every_ == 0);
      if (testing::Test::HasFailure()) return;
    }
  }

  std::uint64_t seed_;
  int groups_;
  std::uint64_t nested_every_;
  std::mt19937_64 random_;
  simulated_file_system disk_;
  log_run run_;
  crash_checker checker_;
  position needed_ = 1;
  std::uint64_t changes_ = 0;
};

TEST(log_crash_test, power_loss_at_every_change_of_the_disk) {
  const std::uint64_t first = from_environment("SLUICE_SEED", 7141);
  const std::uint64_t rounds = from_environment("SLUICE_ROUNDS", 1);
  std::uint64_t images = 0, changes = 0;
  for (std::uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    std::cout << "seed=" << seed << std::endl;
    crashing_run run(seed, 100, 29);
    run.go();
    images += run.images();
    changes += run.changes();
  }
  std::cout << changes << " changes of the disk, " << images << " images opened" << std::endl;
  EXPECT_GT(images, 1000u);
}

}  // namespace
}  // namespace sluice::test
