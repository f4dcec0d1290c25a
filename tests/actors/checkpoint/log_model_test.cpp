// Goal: whatever is done to a log in whatever order, it holds what a vector holds. Method: random commands
// against the log and the model side by side (law), and once more with its threads and the real file system
// (races).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

enum class command : std::uint8_t { append_small, append_large, mark, restart, stop, release, lose_power };

rc::Gen<command> commands() {
  return rc::gen::weightedElement<command>({{8, command::append_small},
                                            {6, command::append_large},
                                            {2, command::mark},
                                            {1, command::restart},
                                            {1, command::stop},
                                            {2, command::release},
                                            {1, command::lose_power}});
}

/// Everything from the first retained position on is what the model has there.
void expect_model(log_run& run, position needed) {
  const auto found = run.read(needed);
  RC_ASSERT(found.has_value());
  RC_ASSERT(run.state.next_position() == run.acknowledged.size() + 1);
  const std::size_t first =
      found->first_positions.empty() ? run.acknowledged.size() : found->first_positions.front() - 1;
  RC_ASSERT(first < needed);
  RC_ASSERT(found->ids ==
            std::vector<std::string>(run.acknowledged.begin() + static_cast<std::ptrdiff_t>(first),
                                     run.acknowledged.end()));
  RC_ASSERT(run.state.subscription() == run.noted);
  for (const auto& id : run.acknowledged) RC_ASSERT(run.window->contains(sample_identity("genesys", id)));
}

RC_GTEST_PROP(log_model_test, holds_what_a_vector_holds, ()) {
  auto disk = std::make_unique<simulated_file_system>();
  auto run = std::make_unique<log_run>(*disk, *rc::gen::arbitrary<std::uint64_t>());
  run->options.max_bytes = 8 * run->setup.segment_size;
  position needed = 1;
  RC_ASSERT(run->open().has_value());
  const auto script = *rc::gen::container<std::vector<command>>(commands());
  std::uint64_t named = 0;
  for (const command c : script) {
    switch (c) {
      case command::append_small:
      case command::append_large: {
        ++named;
        const auto done =
            run->append(numbered("g", named), 1 + named % 5, c == command::append_small ? 10 : 3500);
        RC_ASSERT(done || done.error().code == errc::log_full);
        break;
      }
      case command::mark:
        RC_ASSERT(run->mark().has_value());
        break;
      case command::stop:
        RC_ASSERT(run->stop().has_value());
        [[fallthrough]];
      case command::restart:
        RC_ASSERT(run->open().has_value());
        break;
      case command::release:
        needed = std::max<position>(
            needed, run->state.next_position() - std::min<position>(run->state.next_position() - 1, 10));
        run->log->release(needed, run->state.next_group());
        break;
      case command::lose_power: {
        auto after = disk->crash(named * 2 + 1);
        auto next = std::make_unique<log_run>(*after, named + 7);
        next->options = run->options;
        next->acknowledged = run->acknowledged;
        next->noted = run->noted;
        run = std::move(next);
        disk = std::move(after);
        RC_ASSERT(run->open().has_value());
        break;
      }
    }
    RC_ASSERT(run->log->counts().bytes <= run->options.max_bytes);
  }
  expect_model(*run, needed);
}

/// Waits for on_room with a deadline.
class room_waiter {
 public:
  void tell() {
    std::scoped_lock lock(mutex_);
    told_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [this] { return told_; }))
        << "nobody told that there is room";
    told_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool told_ = false;
};

void race(file_system& files, const std::string& directory) {
  log_setup setup = small_setup(256 << 10);
  setup.threads = true;
  log_run run(files, 5, setup);
  run.options.directory = directory;
  run.options.max_bytes = 9 * setup.segment_size;
  run.options.tail_bytes = 256 << 10;
  ASSERT_TRUE(run.open());
  room_waiter room;
  run.log->on_room([&] { room.tell(); });
  run.wait_for_room = [&] { room.wait(); };

  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  bool done = false;
  std::vector<std::string> read;
  std::atomic<position> needed{1};  ///< by the reader: its cursor, as a destination would hold it
  std::thread reader([&] {
    group_number after = 0;
    const auto handle = run.log->feed().add_reader([&] {
      std::scoped_lock lock(mutex);
      ++wakes;
      woken.notify_all();
    });
    for (;;) {
      auto tail = run.log->feed().next(*handle, after, 100'000);
      if (tail.found == log_feed::where::wait) {
        std::unique_lock lock(mutex);
        if (done && after >= run.state.next_group() - 1) return;
        if (!woken.wait_for(lock, std::chrono::seconds(60), [&] { return wakes > 0 || done; })) return;
        wakes = 0;
        continue;
      }
      if (tail.found == log_feed::where::file) {
        std::promise<result<std::vector<committed_group_ptr>>> said;
        run.log->feed().fetch(*handle, after, 100'000, [&](auto got) { said.set_value(std::move(got)); });
        auto got = said.get_future().get();
        ASSERT_TRUE(got) << to_string(got.error());
        tail.groups = std::move(*got);
      }
      ASSERT_FALSE(tail.groups.empty());
      after = tail.groups.back()->header().number;
      for (const auto& g : tail.groups) {
        for (auto& id : ids_of(*g)) read.push_back(std::move(id));
      }
      needed = read.size() + 1;
    }
  });
  for (std::uint64_t i = 0; i < 120 && !testing::Test::HasFailure(); ++i) {
    auto appended = run.append(numbered("g", i), 4, i % 3 == 0 ? 9000 : 300);
    // Full until the reader has moved on: its cursor pins what it has not read.
    for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
         !appended && appended.error().code == errc::log_full &&
         std::chrono::steady_clock::now() < deadline;) {
      std::this_thread::yield();
      run.log->release(needed, run.state.next_group());
      appended = run.append(numbered("g", i), 4, i % 3 == 0 ? 9000 : 300);
    }
    if (!appended) ADD_FAILURE() << to_string(appended.error());
    run.log->release(needed, run.state.next_group());
  }
  {
    std::scoped_lock lock(mutex);
    done = true;
    woken.notify_all();
  }
  reader.join();
  EXPECT_EQ(read, run.acknowledged);
  ASSERT_TRUE(run.stop());
  const auto summary = inspect_log(files, directory, true, setup.segment_size);
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->damage.empty()) << to_string(summary->damage[0]);
  const auto ids = run.acknowledged;
  ASSERT_TRUE(run.open());
  EXPECT_TRUE(run.report.clean);
  for (const auto& id : ids) EXPECT_TRUE(run.window->contains(sample_identity("genesys", id)));
}

TEST(log_threads_test, a_reader_follows_a_writer_on_the_simulated_disk) {
  simulated_file_system disk;
  race(disk, "/log");
}

TEST(log_threads_test, a_reader_follows_a_writer_on_a_real_disk) {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-log-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const auto files = make_posix_file_system();
  race(*files, name);
  std::filesystem::remove_all(name);
}

TEST(log_threads_test, a_fetch_under_way_ends_with_the_log) {
  simulated_file_system disk;
  log_setup setup = small_setup();
  setup.threads = true;
  log_run run(disk, 5, setup);
  ASSERT_TRUE(run.open());
  ASSERT_TRUE(run.append("g", 1, 0));
  const auto reader = run.log->feed().add_reader([] {});
  std::promise<bool> said;
  run.log->feed().fetch(*reader, 0, 1,
                        [&](auto got) { said.set_value(got || got.error().code == errc::stopping); });
  ASSERT_TRUE(run.stop());
  EXPECT_TRUE(said.get_future().get());
}

}  // namespace
}  // namespace sluice::test
