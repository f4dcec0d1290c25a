// Goal: whatever moment the power goes or a call fails, a stored letter is there, a removed one stays away,
// and the store opens. Method: a scripted run that stores, removes and has letters moved; at each of its
// changes of the disk several disks as a crash may leave them are opened. SLUICE_SEED replays a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <set>

#include "tests/actors/deliver/letters_run.hpp"
#include "tests/support/environment.hpp"

namespace sluice::test {
namespace {

using namespace sluice::deliver;

/// Random letters come and go; `held` is what is promised, `under_way` what may be there or not.
class letters_run {
 public:
  letters_run(simulated_file_system& disk, std::uint64_t seed) : disk_(disk), random_(seed) {}

  letter_texts held, under_way;

  void open() {
    store_.reset();
    auto made = dead_letter_store::open(disk_, small_store(200'000));
    ASSERT_TRUE(made) << to_string(made.error());
    store_ = std::move(*made);
  }

  /// `may_fail`: the disk does.
  void act(bool may_fail) {
    under_way.clear();
    removing_.clear();
    appending_.clear();
    if (random_() % 100 < 45 && !held.empty()) {
      auto& keys = removing_;
      const auto most = random_() % 4 == 0 ? 40 : 3;
      for (const auto& [key, event] : held) {
        if (static_cast<int>(keys.size()) < most && random_() % 3 == 0) keys.push_back(key);
      }
      for (const auto& key : keys) under_way.insert(held.extract(key));
      const auto removed = store_->remove(keys);
      ASSERT_TRUE(removed || may_fail) << to_string(removed.error());
      if (removed) under_way.clear();
      return;
    }
    auto& letters = appending_;
    for (auto i = random_() % 6; i < 6; ++i)
      letters.push_back(sample_letter(next_++, i % 2 == 0 ? "crm" : "files", random_() % 3000));
    for (const auto& l : letters) under_way.emplace(l.key(), l.event);
    const auto stored = store_->append(letters);
    if (stored) return held.merge(under_way);
    ASSERT_TRUE(may_fail || stored.error().code == errc::backlog_full) << to_string(stored.error());
    if (stored.error().code == errc::backlog_full) under_way.clear();
  }

  /// After a failure it is open what is on the disk; the same call again ends that, as callers do it. Where
  /// the store refuses it, a start tells.
  void settle() {
    if (under_way.empty()) return;
    if (!removing_.empty()) {
      const auto removed = store_->remove(removing_);
      ASSERT_TRUE(removed) << to_string(removed.error());
      return under_way.clear();
    }
    if (store_->append(appending_)) return held.merge(under_way);
    open();
    for (auto& [key, event] : std::exchange(under_way, {})) {
      const auto found = store_->find(key);
      ASSERT_TRUE(found) << to_string(found.error());
      if (*found) held.emplace(key, event);
    }
  }

  void expect_held(checkpoint::file_system& disk) const {
    const auto found = offline_texts(disk, "letters");
    for (const auto& [key, event] : held) {
      const auto at = found.find(key);
      ASSERT_NE(at, found.end()) << to_string(key) << " is lost";
      ASSERT_EQ(at->second, event);
    }
    for (const auto& [key, event] : found) {
      ASSERT_TRUE(held.contains(key) || under_way.contains(key)) << to_string(key) << " was removed";
    }
  }

 private:
  simulated_file_system& disk_;
  std::mt19937_64 random_;
  std::unique_ptr<dead_letter_store> store_;
  std::vector<letter_key> removing_;
  std::vector<dead_letter> appending_;
  position next_ = 1;
};

TEST(dead_letters_crash, nothing_is_lost_and_nothing_comes_back_at_a_power_loss) {
  const auto seed = from_environment("SLUICE_SEED", 20'260);
  std::cout << "SLUICE_SEED=" << seed << '\n';
  simulated_file_system disk;
  letters_run run(disk, seed);
  std::uint64_t images = 0;
  const auto open_after = [&](simulated_file_system& after) {
    ++images;
    auto store = dead_letter_store::open(after, small_store(200'000));
    ASSERT_TRUE(store) << to_string(store.error());
    run.expect_held(after);
    // What it found does not go away or come back by what it does next, nor at another crash.
    const auto found = offline_texts(after, "letters");
    std::vector<letter_key> some;
    for (const auto& [key, event] : found) {
      if (some.size() < 10) some.push_back(key);
    }
    ASSERT_TRUE((*store)->remove(some));
    const auto again = after.crash(images);
    const auto left = offline_texts(*again, "letters");
    ASSERT_EQ(left.size(), found.size() - some.size());
    for (const auto& key : some) ASSERT_FALSE(left.contains(key)) << to_string(key) << " came back";
  };
  disk.on_change([&](const operation&) {
    if (testing::Test::HasFatalFailure()) return;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto after = disk.crash(i == 2 ? seed + images : i);
      open_after(*after);
    }
  });
  run.open();
  for (int i = 0; i < 150 && !testing::Test::HasFatalFailure(); ++i) {
    run.act(false);
    if (i % 40 == 39) run.open();
  }
  disk.on_change({});
  run.expect_held(disk);
  EXPECT_GT(disk.count(operation_kind::remove), 10u) << "no file went: the run shows too little";
  std::cout << images << " disks opened\n";
}

TEST(dead_letters_crash, every_call_of_the_disk_may_fail) {
  const auto seed = from_environment("SLUICE_SEED", 20'260);
  std::cout << "SLUICE_SEED=" << seed << '\n';
  std::mt19937_64 random(seed);
  simulated_file_system disk;
  letters_run run(disk, seed);
  run.open();
  const operation_kind kinds[] = {
      operation_kind::write,  operation_kind::sync,           operation_kind::open, operation_kind::truncate,
      operation_kind::remove, operation_kind::sync_directory, operation_kind::read};
  for (int i = 0; i < 400 && !testing::Test::HasFatalFailure(); ++i) {
    const bool fails = random() % 3 == 0;
    if (fails) {
      disk.inject({.kind = kinds[random() % std::size(kinds)],
                   .sys = random() % 2 == 0 ? 28 : 5,
                   .nth = 1 + random() % 4,
                   .partial_bytes = random() % 3 * 4096});
    }
    run.act(fails);
    disk.clear_faults();
    if (random() % 4 == 0) run.open();
    run.settle();
    run.expect_held(disk);
  }
}

}  // namespace
}  // namespace sluice::test
