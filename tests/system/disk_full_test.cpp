// Goal: a full disk or a full backlog is a pause, not an accident. Method: a tmpfs that a second file fills,
// and a backlog at its bound behind a destination that is away; the ledger is judged after the pause.
#include <gtest/gtest.h>

#include "tests/support/receiver.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/system/configurations.hpp"
#include "tests/system/ledger_check.hpp"

namespace sluice::testing {
namespace {

/// Large batches, so that a segment is full after some hundred requests.
load_options heavy(std::uint16_t port, std::uint64_t seed) {
  return {.port = port,
          .senders = 4,
          .events_min = 20,
          .events_max = 40,
          .text_bytes = 16'000,
          .repeat_share = 0.1,
          .pause = milliseconds(1),
          .seed = seed};
}

/// Sends new batches until one is refused, and returns that answer.
http_answer post_until_refused(node& there, ledger& book, batch_maker& maker, int batches_max) {
  http_answer last{};
  for (int i = 0; i < batches_max; ++i) {
    const made_batch batch = maker.next_for(warehouse, 10);
    for (const made_event& e : batch.events) book.offered(e.id, e.destination, batch.name);
    last = there.post(batch.body);
    if (last.status != 200) return last;
    for (const made_event& e : batch.events) book.acknowledged(e.id);
  }
  return last;
}

class disk_full : public ::testing::Test {
 protected:
  /// The log and nothing else is on the small disk, several segments smaller than its bound.
  static std::string configuration() {
    std::string text = file_node();
    const std::string bound = "max_bytes: 1GiB";
    return text.replace(text.find(bound), bound.size(), "max_bytes: 4GiB");
  }

  node there_{configuration()};
  small_disk disk_{there_.path("data"), 1ULL << 30};
};

TEST_F(disk_full, is_answered_503_and_work_goes_on_when_there_is_room) {
  if (!disk_.available()) {
    // Nobody may mount here: the bound of the log stands in for the end of the disk, in the test below.
    std::printf("no privilege to mount a small disk\n");
    return;
  }
  const std::uint64_t seed = draw_seed("disk full");
  there_.start();
  disk_.fill(1 << 20);
  ledger book;
  batch_maker maker(seed, 1000, 16'000);
  for (int round = 0; round < rounds(3, 2); ++round) {
    load senders(heavy(there_.port(), seed + static_cast<unsigned>(round)), book);
    const http_answer refused = post_until_refused(there_, book, maker, 4000);
    ASSERT_EQ(refused.status, 503) << refused.body << "\n" << there_.last_words();
    EXPECT_GE(refused.retry_after(), 1);
    ASSERT_TRUE(there_.running()) << there_.last_words();
    disk_.free_again();
    const std::size_t before = book.acknowledged_count();
    EXPECT_TRUE(wait_until([&] { return book.acknowledged_count() > before; }, milliseconds(10'000)))
        << "there is room again and nothing is taken:\n"
        << there_.last_words();
    expect_honest_answers(senders.finish(milliseconds(30'000)));
    disk_.fill(1 << 20);
  }
  disk_.free_again();
  wait_until_settled(there_, book, milliseconds(60'000));
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  expect_honest_files(there_, book);
}

TEST_F(disk_full, leaves_room_to_stop_and_to_start_again) {
  if (!disk_.available()) {
    std::printf("no privilege to mount a small disk\n");
    return;
  }
  there_.start();
  disk_.fill(0);
  ledger book;
  batch_maker maker(draw_seed("stop on a full disk"), 1000, 16'000);
  ASSERT_EQ(post_until_refused(there_, book, maker, 4000).status, 503) << there_.last_words();
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  there_.start();
  wait_until_settled(there_, book, milliseconds(60'000));
  there_.kill9();
  there_.start();
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  expect_honest_files(there_, book);
}

TEST(file_destination, that_cannot_be_written_gives_its_backlog_to_the_dead_letters) {
  const std::string configuration = R"(
ingest: { listen: "127.0.0.1:{port}" }
checkpoint: { directory: "{dir}/data", max_bytes: 1GiB }
audit: { path: "{dir}/audit.jsonl" }
routes: [ { source: "^conversation:.*", to: analytics-warehouse } ]
destinations:
  analytics-warehouse: { kind: file, path: "{dir}/full/warehouse.jsonl", rate: unlimited, backlog: { max_bytes: 64MiB },
                         retry: { initial: 50ms, max: 300ms } }
)";
  node there(configuration);
  small_disk disk(there.path("full"), 1 << 20);
  if (!disk.available()) return;  // nobody may mount here; other tests say so
  there.start();
  disk.fill(0);
  ledger book;
  batch_maker maker(draw_seed("full file"), 0, 16'000);
  EXPECT_EQ(post_until_refused(there, book, maker, 1000).status, 200) << there.last_words();
  const auto dead = [&] {
    return there.metric("sluice_dead_letters", {{"destination", "analytics-warehouse"}});
  };
  EXPECT_TRUE(wait_until([&] { return dead() > 0; }, milliseconds(20'000))) << there.last_words();
  EXPECT_TRUE(wait_until(
      [&] {
        post_until_refused(there, book, maker, 1);  // the bound is looked at with each commit
        return there.metric("sluice_backlog_pinned_bytes", {{"destination", "analytics-warehouse"}}) <=
               64 << 20;
      },
      milliseconds(60'000)))
      << there.last_words();
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
}

TEST(backlog_full, is_answered_503_until_the_destination_is_back_where_it_rejects) {
  const std::string configuration = R"(
ingest: { listen: "127.0.0.1:{port}" }
checkpoint: { directory: "{dir}/data", max_bytes: 512MiB }
audit: { path: "{dir}/audit.jsonl" }
routes: [ { source: "^conversation:.*", to: analytics-warehouse } ]
destinations:
  analytics-warehouse: { kind: http, url: "http://127.0.0.1:{receiver}/hook", allow: [127.0.0.0/8], batch: 20, retry: { initial: 50ms, max: 300ms, for: 1h },
                         backlog: { max_bytes: 640MiB, when_full: reject } }
)";
  receiver away;
  node there(configuration, {{"receiver", std::to_string(away.port())}});
  there.start();
  ledger book;
  batch_maker maker(draw_seed("backlog full"), 0, 100'000);  // 1000 events a second are 100 MB then
  const http_answer refused = post_until_refused(there, book, maker, 2000);
  ASSERT_EQ(refused.status, 503) << refused.body << "\n" << there.last_words();
  EXPECT_GE(refused.retry_after(), 1);
  away.start();
  EXPECT_TRUE(wait_until(
      [&] {
        const http_answer again = post_until_refused(there, book, maker, 1);
        return again.status == 200;
      },
      milliseconds(60'000)))
      << "the destination takes events again and the node takes none:\n"
      << there.last_words();
  EXPECT_TRUE(away.wait_for_events(book.acknowledged_count(), milliseconds(60'000)));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  const verdict v = book.judge(warehouse, away.received());
  EXPECT_TRUE(v.clean()) << v;
}

}  // namespace
}  // namespace sluice::testing
