// Goal: what was answered with 200 survives the death of the process, delivered once. Method: senders that
// resend, kill -9 at random moments (also while the node starts and recovers), then their ledger against the
// files. The page cache survives a kill: this shows recovery, not durability, which fsync_test looks at.
#include <gtest/gtest.h>

#include <random>

#include "tests/system/configurations.hpp"
#include "tests/system/ledger_check.hpp"

namespace sluice::testing {
namespace {

void let_run(std::mt19937_64& random, int from_ms, int to_ms) {
  std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(from_ms, to_ms)(random)));
}

TEST(crash, loses_nothing_acknowledged_and_doubles_nothing) {
  const std::uint64_t seed = draw_seed("crash");
  std::mt19937_64 random(seed);
  node there(file_node());
  ledger book;
  load senders({.port = there.port(), .seed = seed}, book);
  for (int kill = 0; kill < rounds(30, 8); ++kill) {
    if (kill % 3 == 2) {
      there.launch();
      let_run(random, 1, 200);
      ASSERT_TRUE(there.running()) << "ended by itself before kill " << kill << ":\n" << there.last_words();
    } else {
      there.start();
      let_run(random, 50, 600);
    }
    there.kill9();
  }
  there.start();
  const load_report report = senders.finish(milliseconds(30'000));
  wait_until_settled(there, book, milliseconds(30'000));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  expect_honest_answers(report);
  EXPECT_GT(report.connections_lost, 0U) << "no kill met a request: the test shows nothing";
  expect_honest_files(there, book);
}

TEST(crash, ends_the_start_of_a_full_recovery_as_often_as_it_likes) {
  const std::uint64_t seed = draw_seed("crash in recovery");
  std::mt19937_64 random(seed);
  node there(file_node());
  ledger book;
  there.start();
  load senders({.port = there.port(), .events_min = 200, .events_max = 400, .seed = seed}, book);
  EXPECT_TRUE(wait_until([&] { return book.acknowledged_count() > 20'000; }, milliseconds(60'000)));
  there.kill9();
  for (int kill = 0; kill < rounds(10, 3); ++kill) {
    there.launch();
    let_run(random, 0, 60);
    there.kill9();
  }
  there.start();
  const load_report report = senders.finish(milliseconds(30'000));
  wait_until_settled(there, book, milliseconds(30'000));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  expect_honest_answers(report);
  expect_honest_files(there, book);
}

}  // namespace
}  // namespace sluice::testing
