// Goal: a new destination with `from: oldest` gets every event of before that the log still has whole and the
// rules of now send there, once and in order, however often the start is cut short. Method: a log on a
// simulated disk, its copies held against what was put in.
#include "actors/node/backfill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "actors/node/config/rules.hpp"
#include "actors/node/lanes.hpp"
#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::config two_destinations(config::begins from = config::begins::oldest) {
  config::config all;
  all.destinations = {{.name = "old"}, {.name = "new", .kind = config::destination_kind::http}};
  all.destinations[1].from = from;
  all.destinations[1].split.ordering = config::ordering::key;
  all.destinations[1].split.concurrency = 2;
  all.routes.resize(1);
  all.routes[0].source = "^wanted";
  all.routes[0].to = {"new"};
  return all;
}

class backfill_test : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log.open());
    config::config before = two_destinations();
    before.destinations.pop_back();
    ASSERT_TRUE(declare(before));
  }
  result<void> declare(const config::config& from) {
    return declare_destinations(from, *log.log, log.state, disk, {log.running_ms, 5'000});
  }
  void append(const std::vector<test::sample_event>& events, bool whole = true) {
    const auto b = test::make_batch(events, 1'000);
    checkpoint::group_builder group(
        log.log->buffers()->take(checkpoint::group_builder::batch_bytes(*b) + 2 * checkpoint::block_bytes));
    ASSERT_TRUE(group.append_batch(*b, std::vector<std::uint8_t>(events.size(), 1), whole));
    const auto room = log.log->plan(group.disk_bytes());
    std::vector<std::byte> state;
    if (room == checkpoint::segment_log::room::rotates) state = log.state.serialize();
    const auto done = log.log->commit(group, {log.running_ms, 0}, state);
    ASSERT_TRUE(done) << to_string(done.error());
    ASSERT_TRUE(log.state.apply((*done)->header(), (*done)->content()));
  }
  result<std::uint64_t> run(const config::config& from) {
    const auto number_of = [this](std::string_view name) { return log.state.find(name)->id; };
    const decode::identity_key key(log.log->secret());
    return backfill(2, {log.log.get(),
                        &log.state,
                        &key,
                        config::compile_rules(from, number_of).value(),
                        config::make_split(from, number_of),
                        {log.running_ms, 5'000}});
  }
  /// `id of origin` of each copy, in the order of the log.
  std::vector<std::string> copies() {
    struct : checkpoint::record_visitor {
      void on_rewritten(const checkpoint::rewritten_view& v) override {
        EXPECT_EQ(v.head.kind, checkpoint::rewrite_kind::backfill);
        for (std::size_t i = 0; i < v.before.size(); ++i) {
          const auto& e = v.batch.entries[i];
          seen.push_back(std::string(v.batch.id(e)) + " of " + std::to_string(v.before[i].origin));
          EXPECT_EQ(v.before[i].received_ms, 1'000);
          EXPECT_EQ(v.batch.head.received_ms, 5'000);
          EXPECT_EQ(v.batch.slice(e).find(R"({"id":")" + std::string(v.batch.id(e))), 0u);
        }
      }
      std::vector<std::string> seen;
    } visitor;
    const auto groups = test::read_feed(log.log->feed(), 0);
    EXPECT_TRUE(groups);
    for (const auto& g : *groups) EXPECT_TRUE(checkpoint::visit_records(g->header(), g->content(), visitor));
    return visitor.seen;
  }

  test::simulated_file_system disk;
  test::log_run log{disk, 5, test::small_setup(4u << 20)};
};

TEST_F(backfill_test, gives_a_new_destination_what_the_rules_of_now_send_there) {
  append({{.id = "a", .source = "wanted"},
          {.id = "b", .source = "other"},
          {.id = "c", .source = "wanted", .targets = {{1, 0}}},
          {.id = "", .source = "wanted", .why = quarantine::id_empty}});
  append({{.id = "d", .source = "wanted", .padding = 300}}, false);  // only its identity was kept
  append({{.id = "e", .source = "wanted-too"}}, false);              // which is no shorter here
  const auto from = two_destinations();
  ASSERT_TRUE(declare(from));
  EXPECT_EQ(run(from).value(), 3u);
  append({{.id = "f", .source = "wanted", .targets = {{2, 0}}}});
  EXPECT_THAT(copies(), ElementsAre("a of 1", "c of 3", "e of 6"));
  const auto& made = log.state.destinations()[2];
  EXPECT_EQ(made.totals.routed, 4u);
  EXPECT_EQ(made.totals.pending(), 4u);
  EXPECT_EQ(made.backfill_upto, 0u);
  EXPECT_EQ(log.state.totals().accepted, 6u) << "nobody sent them again";
  ASSERT_EQ(made.lanes.size(), 2u);
  EXPECT_EQ(made.lanes[0].pending + made.lanes[1].pending, 4u) << "each key in its lane";
  const auto groups = log.state.next_group();
  EXPECT_EQ(run(from).value(), 0u) << "it is owed nothing more";
  EXPECT_EQ(log.state.next_group(), groups);
}

TEST_F(backfill_test, owes_nothing_that_was_not_asked_for) {
  append({{.id = "a", .source = "wanted"}});
  const auto now = two_destinations(config::begins::now);
  ASSERT_TRUE(declare(now));
  EXPECT_EQ(log.state.destinations()[2].backfill_upto, 0u);
  ASSERT_TRUE(declare(two_destinations())) << "it is not new any more";
  EXPECT_EQ(run(now).value(), 0u);
  EXPECT_THAT(copies(), IsEmpty());
}

TEST_F(backfill_test, is_not_owed_any_more_when_it_is_not_asked_for_any_more) {
  append({{.id = "a", .source = "wanted"}});
  ASSERT_TRUE(declare(two_destinations()));
  EXPECT_EQ(log.state.destinations()[2].backfill_upto, 1u);
  EXPECT_EQ(log.state.needed_from(), 1u) << "the log keeps what is owed";
  ASSERT_TRUE(declare(two_destinations(config::begins::now)));
  EXPECT_EQ(log.state.destinations()[2].backfill_upto, 0u);
  EXPECT_THAT(copies(), IsEmpty());
}

TEST_F(backfill_test, goes_on_where_it_was_cut_short) {
  std::vector<std::string> expected;
  for (int batch = 0; batch < 30; ++batch) {
    std::vector<test::sample_event> events;
    for (int i = 0; i < 100; ++i) {
      const auto n = batch * 100 + i;
      events.push_back({.id = "e" + std::to_string(n), .source = n % 3 == 0 ? "other" : "wanted"});
      if (n % 3 != 0) expected.push_back("e" + std::to_string(n) + " of " + std::to_string(n + 1));
    }
    append(events);
  }
  const auto from = two_destinations();
  ASSERT_TRUE(declare(from));
  int cuts = 0;
  for (std::uint64_t writes = 0;; ++writes) {
    disk.inject(
        {.kind = test::operation_kind::sync, .sys = EIO, .nth = 1 + writes % 3, .path_contains = ".seg"});
    const auto done = run(from);
    disk.clear_faults();
    if (done) break;
    ++cuts;
    log.close();
    ASSERT_TRUE(log.open());
    ASSERT_LT(cuts, 50);
  }
  EXPECT_GT(cuts, 0);
  EXPECT_EQ(copies(), expected);
  EXPECT_EQ(log.state.destinations()[2].totals.pending(), expected.size());
}

TEST_F(backfill_test, says_when_the_log_has_no_room_and_goes_on_when_it_has) {
  log.close();
  log.options.max_bytes = 6 * log.setup.segment_size;
  ASSERT_TRUE(log.open());
  std::size_t events = 0;
  for (; log.log->counts().segments < 5; ++events)
    append({{.id = "e" + std::to_string(events), .source = "wanted", .targets = {{1, 0}}, .padding = 8'000}});
  const auto from = two_destinations();
  ASSERT_TRUE(declare(from));
  const auto refused = run(from);
  ASSERT_FALSE(refused) << "destination 1 needs the originals, the copies need as much again";
  EXPECT_EQ(refused.error().code, errc::log_full);
  log.close();
  log.options.max_bytes = 20 * log.setup.segment_size;
  ASSERT_TRUE(log.open());
  ASSERT_TRUE(run(from));
  EXPECT_EQ(copies().size(), events);
}

}  // namespace
}  // namespace sluice::node
