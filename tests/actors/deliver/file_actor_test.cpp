// Goal: a line for each event, once, in order, through failing disks and the actor's death at any moment.
// Method: the simulated disk, blocking work done at once, virtual time.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "tests/support/delivery_fixture.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using checkpoint::settlement;
using test::operation_kind;

/// Its jobs wait until they are let go, or are lost with it: the moment in which an actor dies.
class held_executor final : public executor {
 public:
  explicit held_executor(std::deque<std::function<void()>>& jobs) : jobs_(jobs) {}
  ~held_executor() override { jobs_.clear(); }
  void run(std::function<void()> job) override { jobs_.push_back(std::move(job)); }

 private:
  std::deque<std::function<void()>>& jobs_;
};

class file_delivery : public delivery_fixture, public ::testing::Test {
 protected:
  void start(bool holds_work = false) {
    auto o = options();
    if (holds_work) {
      o.workers = [this](const char*) { return std::make_unique<held_executor>(jobs); };
    }
    delivery =
        deliver::spawn_file(system, std::move(o), {&disk, "/out/lines.jsonl", {.initial = 1s, .max = 8s}});
    run();
  }
  std::vector<std::string> lines() {
    const auto from =
        disk.open("/out/lines.jsonl", checkpoint::open_mode::read, checkpoint::caching::buffered);
    if (!from) return {};
    std::string text((*from)->size().value(), '\0');
    EXPECT_TRUE((*from)->read_at(std::as_writable_bytes(std::span(text)), 0));
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      if (end == std::string::npos) return all.push_back("<a line without end>"), all;
      all.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }
  static std::vector<std::string> expected(int first, int events) {
    std::vector<std::string> all;
    for (int i = 0; i < events; ++i)
      all.push_back(R"({"id":"e)" + std::to_string(first + i) + R"(","source":"genesys"})");
    return all;
  }

  test::simulated_file_system disk;
  std::deque<std::function<void()>> jobs;
};

TEST_F(file_delivery, writes_each_event_as_a_line_and_tells_the_durable_length) {
  start();
  append(1, 3);
  append(4, 2);
  run();
  EXPECT_EQ(lines(), expected(1, 5));
  EXPECT_EQ(notes.events(settlement::delivered), 5u);
  EXPECT_EQ(notes.outcomes.back().head.file_length, lane->file_length);
  EXPECT_EQ(lane->file_length, 5 * expected(1, 1)[0].size() + 5);
  EXPECT_EQ(disk.crash(test::crash_mode::drop_unsynced)->used_bytes(), disk.used_bytes())
      << "synced before the outcome";
}

TEST_F(file_delivery, tries_a_failed_write_or_sync_again_from_where_it_was_good) {
  for (const auto kind : {operation_kind::write, operation_kind::sync}) {
    disk.inject({.kind = kind, .sys = EIO, .path_contains = "lines", .partial_bytes = 10});
  }
  start();
  append(1, 3);
  run();
  EXPECT_TRUE(notes.outcomes.empty()) << "nothing is told before it is durable";
  EXPECT_EQ(incidents.size(), 1u);
  for (int i = 0; i < 4; ++i) advance(8s);
  EXPECT_EQ(lines(), expected(1, 3));
  EXPECT_EQ(notes.events(settlement::delivered), 3u);
  EXPECT_EQ(incidents.back(), "") << "it goes on";
}

TEST_F(file_delivery, doubles_and_loses_nothing_when_its_actor_dies_with_a_write_under_way) {
  for (const bool written : {false, true}) {
    SCOPED_TRACE(written ? "the lines were written" : "they were not");
    start(true);
    const int first = written ? 4 : 1;
    append(first, 3);
    run();
    ASSERT_EQ(jobs.size(), 1u);
    if (written) jobs.front()();  // its message finds nobody
    kill_delivery();
    start();
    EXPECT_EQ(lines(), expected(1, first + 2));
    EXPECT_EQ(notes.events(settlement::delivered), static_cast<std::uint64_t>(first + 2));
    kill_delivery();
  }
}

TEST_F(file_delivery, cuts_what_stands_behind_the_durable_length) {
  start();
  append(1, 2);
  run();
  kill_delivery();
  const auto file =
      disk.open("/out/lines.jsonl", checkpoint::open_mode::write, checkpoint::caching::buffered);
  const std::string torn(500, 'x');
  ASSERT_TRUE((*file)->write_at(std::as_bytes(std::span(torn)), lane->file_length));
  append(3, 1);
  start();
  EXPECT_EQ(lines(), expected(1, 3));
}

TEST_F(file_delivery, stops_at_a_file_that_is_shorter_than_it_was) {
  lane->file_length = 1000;
  start();
  append(1, 1);
  advance(60s);
  ASSERT_FALSE(incidents.empty());
  EXPECT_NE(incidents.front().find("1000"), std::string::npos) << incidents.front();
  EXPECT_TRUE(notes.outcomes.empty());
}

TEST_F(file_delivery, gives_its_backlog_up_while_it_cannot_write) {
  disk.inject({.kind = operation_kind::write, .sys = ENOSPC, .forever = true, .path_contains = "lines"});
  start();
  append(1, 10);
  run();
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.bytes = 1 << 20});
  advance(10s);
  EXPECT_EQ(letters.all.size(), 10u);
  EXPECT_EQ(notes.events(settlement::dead_lettered), 10u);
  disk.clear_faults();
  append(11, 2);
  for (int i = 0; i < 4; ++i) advance(8s);
  EXPECT_EQ(lines(), expected(11, 2));
}

TEST_F(file_delivery, waits_with_its_backlog_while_the_dead_letters_have_no_room) {
  disk.inject({.kind = operation_kind::write, .sys = ENOSPC, .forever = true, .path_contains = "lines"});
  letters.has_room = false;
  start();
  append(1, 10);
  run();
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.bytes = 1 << 20});
  advance(30s);
  EXPECT_TRUE(notes.outcomes.empty()) << "neither delivered nor buried: still owed";
  letters.has_room = true;
  advance(5s);
  EXPECT_EQ(letters.all.size(), 10u);
}

TEST_F(file_delivery, keeps_to_its_rate) {
  limit(10, 0s);
  start();
  append(1, 35);
  run();
  EXPECT_TRUE(lines().empty()) << "at a start the window counts as full";
  for (const std::size_t written : {10u, 20u, 30u, 35u}) {
    advance(1001ms);
    EXPECT_EQ(lines().size(), written);
  }
}

TEST_F(file_delivery, ends_when_drained_with_all_that_was_under_way_told) {
  start(true);
  append(1, 3);
  run();
  caf::anon_send(delivery, drain_a{});
  run();
  EXPECT_TRUE(notes.outcomes.empty());
  jobs.front()();
  run();
  EXPECT_EQ(notes.events(settlement::delivered), 3u);
  delivery = deliver_actor{};
  EXPECT_EQ(system.registry().running(), 1u) << "only the checkpoint is left";
}

TEST_F(file_delivery, writes_nothing_while_it_is_paused_whatever_failed_before) {
  disk.inject({.kind = operation_kind::write, .sys = ENOSPC, .path_contains = "lines"});
  start();
  append(1, 3);
  run();
  lane->paused = true;
  append(4, 3);
  advance(60s);
  EXPECT_TRUE(lines().empty());
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.events = 2});
  advance(10s);
  EXPECT_EQ(letters.all.size(), 2u) << "what failed is put back and goes from the front";
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms);
  lane->paused = false;
  caf::anon_send(delivery, tick_a{});
  advance(10s);
  EXPECT_EQ(lines(), expected(3, 4));
}

}  // namespace
}  // namespace sluice::testing
