// Goal: what is answered 200 is in the log, once, whatever fails on the way, and every group's credit comes
// back. Method: the decisions by name, then any sequence of batches and endings against a set.
#include "actors/checkpoint/stager.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "tests/actors/checkpoint/stager_run.hpp"

namespace sluice::test {
namespace {

using enum stager_run::ending;

TEST(stager, knows_a_repeat_in_the_batch_in_a_pending_group_and_in_the_log) {
  stager_run s;
  const auto twice = s.push({"a", "a", "b"});
  ASSERT_TRUE(s.take());
  const auto pending = s.push({"b", "c"});
  s.stage();
  s.finish(well);
  s.commit_all();
  const auto durable = s.push({"a", "c"});
  s.commit_all();
  EXPECT_EQ(s.verdict(twice), "ok 2/1/0");
  EXPECT_EQ(s.verdict(pending), "ok 1/1/0");
  EXPECT_EQ(s.verdict(durable), "ok 0/2/0");
  EXPECT_EQ(s.in_log(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(stager, decides_again_who_counted_on_a_group_that_found_no_room) {
  stager_run s;
  const auto first = s.push({"e1"});
  ASSERT_TRUE(s.take());
  const auto second = s.push({"e1", "e2"});
  s.stage();
  EXPECT_EQ(s.verdict(second), "none") << "told a duplicate on the strength of a group that is not durable";
  s.finish(no_space);
  EXPECT_EQ(s.verdict(first), "log_full");
  s.commit_all();
  EXPECT_EQ(s.verdict(second), "ok 2/0/0");
  EXPECT_EQ(s.in_log(), (std::vector<std::string>{"e1", "e2"}));
}

TEST(stager, answers_a_failed_sync_500_to_all_and_takes_nothing_more) {
  stager_run s;
  const auto out = s.push({"a"});
  ASSERT_TRUE(s.take());
  const auto staged = s.push({"a", "b"});
  s.stage();
  const auto waiting = s.push({"c"});
  s.finish(failed);
  const auto later = s.push({"d"});
  for (const auto each : {out, staged, waiting, later}) EXPECT_EQ(s.verdict(each), "not_durable") << each;
  s.collect_left();
  EXPECT_EQ(s.left(), s.pushed());
}

TEST(stager, gives_credit_back_for_what_needs_no_commit) {
  stager_run s;
  const auto empty = s.push({});
  s.stager().hold(error{errc::backlog_full, "the audit is behind", {}, 0});
  const auto held = s.push({"a"});
  s.stager().hold(std::nullopt);
  s.stager().refuse_destinations({5});
  const auto full = s.push({"b", "c"}, 1, {{5, 0}}), other = s.push({"d"}, 1, {{0, 0}});
  s.stage();
  s.collect_left();
  EXPECT_EQ(s.verdict(empty), "ok 0/0/0");
  EXPECT_EQ(s.verdict(held), "backlog_full");
  EXPECT_EQ(s.verdict(full), "backlog_full");
  EXPECT_EQ(s.verdict(other), "none") << "its destination has room";
  EXPECT_EQ(s.left(), 3u);
  EXPECT_EQ(s.stager().batches(), 1u);
}

TEST(stager, keeps_nothing_of_a_batch_that_it_refuses) {
  stager_run s;
  s.stager().refuse_destinations({1});
  const auto refused = s.push({"a"}, 1, {{1, 0}});
  s.stage();
  s.stager().refuse_destinations({});
  const auto again = s.push({"a"});
  s.commit_all();
  EXPECT_EQ(s.verdict(refused), "backlog_full");
  EXPECT_EQ(s.verdict(again), "ok 1/0/0");
}

TEST(stager, refuses_invalid_events_when_their_store_is_full) {
  stager_run s;
  s.stager().refuse_destinations({checkpoint::dead_letters_id});
  const auto bad = s.push_events({{.id = "a"}, {.id = "b", .why = quarantine::id_empty}}),
             good = s.push({"a"});
  s.commit_all();
  EXPECT_EQ(s.verdict(bad), "backlog_full");
  EXPECT_EQ(s.verdict(good), "ok 1/0/0");
}

TEST(stager, tells_each_link_of_its_own_groups) {
  stager_run s;
  s.push({"a"}, 1);
  s.push({"b"}, 2);
  s.push({"c"}, 2);
  s.commit_all();
  EXPECT_EQ(s.left(1), 1u);
  EXPECT_EQ(s.left(2), 2u);
}

TEST(stager, counts_what_a_commit_held) {
  stager_run s;
  s.push_events({{.id = "a"}, {.id = "a"}, {.id = "q", .why = quarantine::id_empty}});
  s.commit_all();
  EXPECT_EQ(s.counts().groups, 1u);
  EXPECT_EQ(s.counts().accepted, 1u);
  EXPECT_EQ(s.counts().duplicates, 1u);
  EXPECT_EQ(s.counts().quarantined, 1u);
  EXPECT_EQ(s.counts().dropped, 1u) << "no rule wanted it";
}

TEST(stager, keeps_the_id_that_was_noted_last_whatever_found_no_room) {
  stager_run s;
  const auto note = [&](const std::string& id) {
    s.stager().push({.kind = checkpoint::control_kind::subscription_noted}, id);
  };
  note("first");
  EXPECT_TRUE(s.stager().urgent()) << "it waits for no batch";
  ASSERT_TRUE(s.take());
  note("second");
  s.stage();
  note("third");
  s.finish(no_space);
  EXPECT_EQ(s.log().state.subscription(), "");
  s.commit_all();
  EXPECT_EQ(s.log().state.subscription(), "third");
  s.log().close();
  ASSERT_TRUE(s.log().open());
  EXPECT_EQ(s.log().state.subscription(), "third");
}

/// Events for destination 1 once more, with `padding` bytes each.
std::shared_ptr<const checkpoint::rewritten_events> rewritten(std::size_t events, std::size_t padding = 0) {
  const auto batch =
      make_batch(std::vector<sample_event>(events, {.id = "again", .targets = {{1, 0}}, .padding = padding}));
  auto made = std::make_shared<checkpoint::rewritten_events>();
  made->kind = checkpoint::rewrite_kind::redrive;
  made->who = "operator";
  made->entries = batch->events.entries;
  made->before.assign(events, {1, 0, 0, 1, 0});
  made->targets = batch->targets;
  made->body = batch->done.body();
  return made;
}

void add_destination(stager_run& s) {
  s.stager().push({.kind = checkpoint::control_kind::destination_added, .destination = 1}, "warehouse");
  s.push({"first"});
  s.commit_all();
}

TEST(stager, owes_rewritten_events_once_more_whatever_their_identity) {
  stager_run s;
  add_destination(s);
  std::vector<result<void>> ended;
  const auto push = [&](std::size_t events, std::size_t padding) {
    s.stager().push(rewritten(events, padding), [&](const result<void>& how) { ended.push_back(how); });
  };
  push(2, 0);
  EXPECT_TRUE(s.stager().urgent()) << "it waits for no batch";
  ASSERT_TRUE(s.take());
  s.finish(no_space);
  EXPECT_TRUE(ended.empty()) << "it is tried again";
  s.commit_all();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0]);
  push(1, 20 << 10);  // more than a group usually has
  s.commit_all();
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_TRUE(ended[1]);
  EXPECT_EQ(s.log().state.destinations()[1].totals.redriven, 3u);
  EXPECT_EQ(s.counts().accepted, 1u) << "nobody sent them";
}

TEST(stager, refuses_rewritten_events_the_room_that_outcomes_need) {
  stager_run s(4);
  add_destination(s);
  std::vector<result<void>> ended;
  for (std::size_t i = 0; i < 1000 && ended.size() == i && (ended.empty() || ended.back()); ++i) {
    s.stager().push(rewritten(1, 8 << 10), [&](const result<void>& how) { ended.push_back(how); });
    s.commit_all();
  }
  ASSERT_FALSE(ended.back()) << "the log has no end";
  EXPECT_EQ(ended.back().error().code, errc::log_full);
  const auto owed = s.log().state.destinations()[1].totals.pending();
  EXPECT_EQ(owed, ended.size() - 1);
  auto settled = std::make_shared<checkpoint::outcome>();
  settled->head.destination = 1;
  settled->head.how = checkpoint::settlement::delivered;
  settled->head.first = 1;
  settled->head.last = s.log().state.next_position() - 1;
  settled->head.events = static_cast<std::uint32_t>(owed);
  bool durable = false;
  s.stager().push(settled, [&] { durable = true; });
  s.stager().push(rewritten(1, 8 << 10), [&](const result<void>& how) { ended.push_back(how); });
  s.commit_all();
  EXPECT_TRUE(durable) << "beside events that find no room";
  EXPECT_EQ(ended.back().error().code, errc::log_full);
  EXPECT_EQ(s.log().state.destinations()[1].totals.pending(), 0u);
}

struct sent {
  std::size_t number;
  std::vector<std::string> ids;
};

RC_GTEST_PROP(stager, answers_200_for_what_is_in_the_log_once_and_for_nothing_else, ()) {
  stager_run s;
  std::vector<sent> all;
  bool out = false;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(0, 10), rc::gen::arbitrary<unsigned>()));
  for (const auto& [what, dice] : steps) {
    if (what < 5) {
      std::vector<std::string> ids;
      for (unsigned i = 0; i < dice % 4; ++i) ids.push_back("e" + std::to_string((dice >> (4 + 3 * i)) % 12));
      all.push_back({s.push(ids, 1 + dice % 3), ids});
    } else if (what < 7) {
      s.stage();
    } else if (!out) {
      out = s.take();
    } else {
      s.finish(what == 9 && dice % 2 == 0 ? no_space : well);
      out = false;
    }
    s.collect_left();
  }
  if (out) s.finish(well);
  s.commit_all();
  const auto durable = s.in_log();
  const std::set<std::string> different(durable.begin(), durable.end());
  RC_ASSERT(different.size() == durable.size());
  std::set<std::string> promised;
  for (const auto& b : all) {
    const auto said = s.verdict(b.number);
    RC_ASSERT(said == "log_full" || said.starts_with("ok "));
    if (said == "log_full") continue;
    promised.insert(b.ids.begin(), b.ids.end());
  }
  RC_ASSERT(promised == different);
  RC_ASSERT(s.left() == s.pushed());
}

}  // namespace
}  // namespace sluice::test
