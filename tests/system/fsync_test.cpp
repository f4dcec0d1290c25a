// Goal: no answer 200 before the sync that covers its batch has returned, and none after a sync failed.
// Method: the release binary with a preloaded shim that slows or fails the sync of log segments and notes
// when each returned.
#include <gmock/gmock.h>

#include "tests/support/faults.hpp"
#include "tests/system/configurations.hpp"
#include "tests/system/ledger_check.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

constexpr milliseconds sync_delay{300};

struct exchange_times {
  std::int64_t sent_ns = 0, answered_ns = 0;
};

/// Whether some sync of a segment began after the request was sent and was done before its answer was read.
bool covered(const exchange_times& times, const std::vector<noted>& notes) {
  std::vector<std::int64_t> open;
  for (const noted& each : notes) {
    if (each.what == "sync-begin" && each.at_ns >= times.sent_ns) open.push_back(each.at_ns);
    if (each.what == "sync-done" && each.at_ns <= times.answered_ns && !open.empty() &&
        each.at_ns - open.front() >= sync_delay.count() * 1'000'000) {
      return true;
    }
  }
  return false;
}

/// One sender's requests, one after the other.
std::vector<exchange_times> send_some(std::uint16_t port, unsigned sender, int requests) {
  std::vector<exchange_times> all;
  batch_maker maker(11, sender);
  http_peer peer(port);
  for (int i = 0; i < requests; ++i) {
    const std::string body = maker.next(10).body;
    exchange_times times{to_ns(steady::now()), 0};
    const http_answer answer = peer.post(body);
    times.answered_ns = to_ns(steady::now());
    EXPECT_EQ(answer.status, 200) << answer.body;
    all.push_back(times);
  }
  return all;
}

TEST(fsync, no_answer_leaves_before_the_sync_that_covers_it) {
  node there(file_node());
  const auto log = there.path("faults.log");
  there.preload(SLUICE_FAULT_SHIM, fault_environment({log, sync_delay, {}}));
  there.start();
  constexpr unsigned senders = 4;
  std::vector<std::vector<exchange_times>> times(senders);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < senders; ++i) {
    threads.emplace_back([&, i] { times[i] = send_some(there.port(), i, 12); });
  }
  for (auto& each : threads) each.join();
  const auto notes = read_fault_log(log);
  for (const auto& one : times) {
    ASSERT_EQ(one.size(), 12U);
    for (const exchange_times& each : one) {
      EXPECT_TRUE(covered(each, notes)) << "a 200 after " << (each.answered_ns - each.sent_ns) / 1'000'000
                                        << " ms, and no whole sync of a segment within";
    }
  }
}

class failing_sync : public ::testing::Test {
 protected:
  failing_sync() : there_(file_node()) {}

  void start(milliseconds delay) {
    there_.preload(SLUICE_FAULT_SHIM, fault_environment({log_, delay, trigger_}));
    there_.start();
  }

  /// Waits until the node has written nothing for a while, so that the next sync is that of the next batch.
  void wait_until_quiet() {
    std::size_t seen = 0;
    auto since = steady::now();
    EXPECT_TRUE(wait_until(
        [&] {
          const std::size_t now = read_fault_log(log_).size();
          if (now != seen) since = steady::now();
          seen = now;
          return steady::now() - since > milliseconds(500);
        },
        milliseconds(20'000)));
  }

  node there_;
  const std::filesystem::path log_ = there_.path("faults.log"), trigger_ = there_.path("fail");
};

TEST_F(failing_sync, is_answered_500_and_ends_the_node_which_recovers) {
  start(milliseconds(0));
  batch_maker maker(12, 0);
  const made_batch before = maker.next_for(warehouse, 20), during = maker.next_for(warehouse, 20);
  ASSERT_EQ(there_.post(before.body).status, 200);
  wait_until_quiet();
  write_text(trigger_, "");
  const http_answer refused = there_.post(during.body);
  EXPECT_EQ(refused.status, 500) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr(R"("error":"checkpoint persistence failed")"));
  const auto how = there_.ended(milliseconds(20'000));
  ASSERT_TRUE(how) << "goes on after a sync failed:\n" << there_.last_words();
  EXPECT_NE(*how, exit_status{});

  there_.preload("", {});
  there_.start();
  EXPECT_EQ(there_.post(during.body).status, 200);
  ledger book;
  for (const made_batch* batch : {&before, &during}) {
    for (const made_event& e : batch->events) {
      book.offered(e.id, e.destination, batch->name);
      book.acknowledged(e.id);
    }
  }
  wait_until_settled(there_, book, milliseconds(20'000));
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  expect_honest_files(there_, book);
}

TEST_F(failing_sync, is_followed_by_no_answer_of_success) {
  // A slow sync leaves time for the answers of the group before it, which are good ones.
  start(milliseconds(500));
  ledger book;
  load senders(
      {.port = there_.port(), .events_min = 100, .events_max = 200, .seed = draw_seed("failing sync")}, book);
  ASSERT_TRUE(wait_until([&] { return book.acknowledged_count() > 1000; }, milliseconds(30'000)));
  write_text(trigger_, "");
  const auto how = there_.ended(milliseconds(20'000));
  ASSERT_TRUE(how) << "goes on after a sync failed:\n" << there_.last_words();
  EXPECT_NE(*how, exit_status{});
  const auto notes = read_fault_log(log_);
  bool failed = false;
  int late = 0, synced_again = 0;
  for (const noted& each : notes) {
    if (failed && each.what == "answer-200") ++late;
    if (failed && each.what == "sync-done") ++synced_again;
    failed = failed || each.what == "sync-failed";
  }
  EXPECT_TRUE(failed);
  EXPECT_LE(late, 0) << "answers 200 after a failed sync; syncs that succeeded after it: " << synced_again;

  there_.preload("", {});
  there_.start();
  const load_report report = senders.finish(milliseconds(30'000));
  wait_until_settled(there_, book, milliseconds(30'000));
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  expect_honest_answers(report);
  expect_honest_files(there_, book);
}

}  // namespace
}  // namespace sluice::testing
