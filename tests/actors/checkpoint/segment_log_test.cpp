// Goal: the log keeps what it was given, in order, over restarts, rotations and recycling, and says
// truthfully when it has no room. Method: scripted runs on the simulated disk with small segments and no
// threads.
#include "actors/checkpoint/segment_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct segment_log_test : testing::Test {
  simulated_file_system files;
  log_run run{files, 1};

  void open() {
    const auto opened = run.open();
    ASSERT_TRUE(opened) << to_string(opened.error());
  }
  void append(int groups, std::size_t events = 3, std::size_t padding = 1000) {
    for (int i = 0; i < groups; ++i) {
      const auto done = run.append(numbered("g", named_++), events, padding);
      ASSERT_TRUE(done) << to_string(done.error());
    }
  }
  void expect_all() {
    const auto found = run.read();
    ASSERT_TRUE(found) << to_string(found.error());
    EXPECT_EQ(found->ids, run.acknowledged);
  }
  std::set<std::string> names(std::string_view part) {
    std::set<std::string> out;
    const auto listed = files.list("/log");
    EXPECT_TRUE(listed);
    for (const auto& e : *listed) {
      if (e.name.find(part) != std::string::npos) out.insert(e.name);
    }
    return out;
  }
  std::uint64_t named_ = 0;
};

TEST_F(segment_log_test, a_new_directory_becomes_a_log) {
  open();
  EXPECT_TRUE(run.report.clean);
  EXPECT_EQ(run.report.segments, 1u);
  EXPECT_EQ(run.state.next_position(), 1u);
  expect_all();
  EXPECT_THAT(names("lock"), SizeIs(1));
  EXPECT_THAT(names("secret"), SizeIs(1));
  EXPECT_THAT(names("0000000000000001.seg"), SizeIs(1));
}

TEST_F(segment_log_test, the_secret_is_drawn_once) {
  open();
  const auto secret = run.log->secret();
  open();
  EXPECT_EQ(run.log->secret(), secret);
}

TEST_F(segment_log_test, a_second_process_is_refused) {
  open();
  log_run other(files, 2);
  const auto opened = other.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::locked);
}

TEST_F(segment_log_test, groups_are_there_after_an_unclean_end) {
  open();
  append(3);
  open();
  EXPECT_FALSE(run.report.clean);
  EXPECT_EQ(run.report.groups_replayed, 3u);
  EXPECT_EQ(run.report.identities, 9u);
  EXPECT_EQ(run.state.next_position(), 10u);
  expect_all();
  append(2);
  expect_all();
}

TEST_F(segment_log_test, a_clean_end_is_gone_on_with_in_place) {
  open();
  append(3);
  ASSERT_TRUE(run.stop());
  const auto before = inspect_log(files, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(before);
  ASSERT_THAT(before->segments, SizeIs(1));
  EXPECT_TRUE(before->segments[0].stopped);
  open();
  EXPECT_TRUE(run.report.clean);
  append(1);
  const auto after = inspect_log(files, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->segments[0].head.salt, before->segments[0].head.salt);
  open();
  EXPECT_FALSE(run.report.clean);
  expect_all();
}

TEST_F(segment_log_test, stopping_and_starting_an_idle_log_takes_no_room) {
  open();
  append(1);
  ASSERT_TRUE(run.stop());
  const auto first = inspect_log(files, "/log", true, run.setup.segment_size);
  for (int i = 0; i < 5; ++i) {
    open();
    ASSERT_TRUE(run.mark());
    ASSERT_TRUE(run.stop());
  }
  const auto last = inspect_log(files, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(first && last);
  EXPECT_EQ(last->segments[0].end, first->segments[0].end);
}

TEST_F(segment_log_test, a_mark_is_never_followed_by_a_mark) {
  open();
  append(1);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(run.mark());
  EXPECT_EQ(run.log->counts().durable_group, 2u);
  append(1);
  EXPECT_EQ(run.log->counts().durable_group, 3u);
}

TEST_F(segment_log_test, rotates_over_many_segments_and_back_again) {
  open();
  append(60);
  EXPECT_GT(run.log->counts().segments, 4u);
  expect_all();
  const auto state = run.state;
  open();
  EXPECT_EQ(run.state.totals(), state.totals());
  EXPECT_EQ(run.state.next_position(), state.next_position());
  EXPECT_EQ(run.report.identities, run.acknowledged.size());
  expect_all();
  append(60);
  ASSERT_TRUE(run.stop());
  open();
  expect_all();
  const auto seen = inspect_log(files, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(seen);
  EXPECT_THAT(seen->damage, IsEmpty()) << to_string(seen->damage[0]);
  EXPECT_EQ(seen->state.next_position(), run.state.next_position());
  std::uint64_t events = 0;
  for (const auto& s : seen->segments) events += s.events;
  EXPECT_EQ(events, run.acknowledged.size());
}

TEST_F(segment_log_test, a_group_of_any_size_up_to_a_segment_fits) {
  open();
  append(2, 1, 0);
  append(2, 10, 3900);
  append(1, 1, 0);
  append(3, 10, 3900);
  open();
  expect_all();
}

TEST_F(segment_log_test, duplicates_are_known_after_a_restart) {
  open();
  append(40);
  const auto ids = run.acknowledged;
  open();
  for (const auto& id : ids) EXPECT_TRUE(run.window->contains(sample_identity("genesys", id))) << id;
  EXPECT_FALSE(run.window->contains(sample_identity("genesys", "never")));
}

TEST_F(segment_log_test, only_as_many_side_files_are_read_as_the_window_holds) {
  open();
  append(60);
  const auto ids = run.acknowledged;
  run.close();
  run.max_ids = 30;
  const auto before = files.count(operation_kind::read, ".ids");
  open();
  EXPECT_EQ(run.window->size(), 30u);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(run.window->contains(sample_identity("genesys", ids[i])), i + 30 >= ids.size()) << i;
  }
  const auto heads = names(".ids").size();
  EXPECT_LE(files.count(operation_kind::read, ".ids") - before, heads + 3 * 3)
      << "heads of all, contents of the newest";
}

TEST_F(segment_log_test, full_when_nothing_may_go_and_room_again_after_a_release) {
  run.options.max_bytes = 6 * run.setup.segment_size;
  open();
  result<committed_group_ptr> last;
  int groups = 0;
  while ((last = run.append(numbered("f", static_cast<std::uint64_t>(groups)), 3, 1000)).has_value())
    ASSERT_LT(++groups, 1000);
  EXPECT_EQ(last.error().code, errc::log_full);
  EXPECT_LE(run.log->counts().bytes, run.options.max_bytes);
  expect_all();

  int calls = 0;
  run.log->on_room([&] { ++calls; });
  EXPECT_EQ(run.log->plan(32 << 10), segment_log::room::full);
  run.log->release(run.state.next_position(), run.state.next_group());
  EXPECT_EQ(calls, 1);
  append(1);
  const auto found = run.read(run.state.next_position() - 3);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->ids, ElementsAre("g0-0", "g0-1", "g0-2"));
  EXPECT_LE(run.log->counts().bytes, run.options.max_bytes);
}

TEST_F(segment_log_test, recycles_for_ever_under_max_bytes) {
  run.options.max_bytes = 6 * run.setup.segment_size;
  open();
  for (int i = 0; i < 300; ++i) {
    append(1);
    run.log->release(run.state.next_position(), run.state.next_group());
    ASSERT_LE(run.log->counts().bytes, run.options.max_bytes);
  }
  const auto gone = run.read(1);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, errc::not_found);
  EXPECT_EQ(run.window->size(), run.acknowledged.size());
  const auto ids = run.acknowledged;
  open();
  EXPECT_EQ(run.window->size(), ids.size()) << "side files outlive their segments";
  EXPECT_EQ(run.report.identities, ids.size());
  const auto seen = inspect_log(files, "/log", true, run.setup.segment_size);
  ASSERT_TRUE(seen);
  EXPECT_THAT(seen->damage, IsEmpty()) << to_string(seen->damage[0]);
}

TEST_F(segment_log_test, side_files_leave_with_their_last_identity) {
  run.options.max_bytes = 6 * run.setup.segment_size;
  run.max_ids = 40;
  open();
  for (int i = 0; i < 200; ++i) {
    append(1);
    run.log->release(run.state.next_position(), run.state.next_group());
  }
  EXPECT_LT(names(".ids").size(), 12u);
  open();
  EXPECT_EQ(run.window->size(), 40u);

  run.close();
  run.max_ids = 100'000;
  run.window_ms = 500;
  open();
  for (int i = 0; i < 200; ++i) {
    append(1);
    run.log->release(run.state.next_position(), run.state.next_group());
  }
  EXPECT_LT(names(".ids").size(), 20u) << "by age";
}

TEST_F(segment_log_test, released_segments_stay_for_their_retention) {
  run.options.retention_ms = 1000;
  run.window_ms = 100;
  open();
  append(60);
  const auto before = run.log->counts().segments;
  run.log->release(run.state.next_position(), run.state.next_group());
  EXPECT_EQ(run.log->counts().segments, before) << "there is room, and they are young";
  run.running_ms += 2000;
  append(20);
  EXPECT_LT(run.log->counts().segments, before);
  EXPECT_LE(names("pool-").size(), run.setup.ready_ahead);
  open();
  EXPECT_TRUE(run.read(run.state.next_position()));
}

TEST_F(segment_log_test, the_open_segment_and_what_is_needed_are_never_released) {
  open();
  append(30);
  run.options.retention_ms = 0;
  open();
  const auto from = run.acknowledged.size() / 2;
  run.log->release(from, run.state.next_group());
  append(30);
  const auto found = run.read(from);
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->ids.back(), run.acknowledged.back());
  EXPECT_GE(found->ids.size(), run.acknowledged.size() - from);
  run.log->release(from, 1);
  append(30);
  EXPECT_TRUE(run.read(from));
}

TEST_F(segment_log_test, group_before_and_bytes_from_say_where_a_reader_stands) {
  open();
  append(30);
  std::set<group_number> seen;
  for (position at = 1; at <= run.state.next_position(); ++at) {
    const auto before = run.log->group_before(at);
    ASSERT_TRUE(before);
    const auto groups = read_feed(run.log->feed(), *before);
    ASSERT_TRUE(groups);
    if (at == run.state.next_position()) {
      EXPECT_THAT(*groups, IsEmpty());
      continue;
    }
    ASSERT_FALSE(groups->empty());
    const auto& h = groups->front()->header();
    EXPECT_LE(h.first_position, at);
    EXPECT_GT(h.first_position + h.events, at) << "the first group that is read holds the position";
  }
  EXPECT_EQ(run.log->bytes_from(run.state.next_position()), 0u);
  EXPECT_GT(run.log->bytes_from(run.state.next_position() - 1), 0u);
  EXPECT_LE(run.log->bytes_from(run.state.next_position() - 1), run.setup.segment_size);
  EXPECT_GE(run.log->bytes_from(1), (run.log->counts().segments - 1) * run.setup.segment_size);
}

TEST_F(segment_log_test, an_empty_disk_is_said_and_passes) {
  open();
  append(5);
  files.set_capacity(files.used_bytes());
  result<committed_group_ptr> last;
  int groups = 0;
  while ((last = run.append(numbered("s", static_cast<std::uint64_t>(groups)), 3, 1000)).has_value())
    ASSERT_LT(++groups, 1000);
  EXPECT_EQ(last.error().code, errc::log_full);
  files.set_capacity(1ull << 30);
  append(20);
  expect_all();
  open();
  expect_all();
}

TEST_F(segment_log_test, recovery_needs_no_room) {
  open();
  append(5);
  files.set_capacity(files.used_bytes());
  while (run.append(numbered("s", named_++), 3, 1000)) {
  }
  open();
  expect_all();
}

TEST_F(segment_log_test, a_write_without_room_is_cut_back_before_the_next) {
  open();
  append(3);
  for (const std::uint64_t part : {0u, 4096u, 8192u}) {
    files.inject(
        {.kind = operation_kind::write, .sys = 28, .nth = 1, .path_contains = ".seg", .partial_bytes = part});
    const auto refused = run.append(numbered("refused", part), 3, 1000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::no_space);
    files.clear_faults();
    append(2);
    expect_all();
  }
  open();
  expect_all();
}

TEST_F(segment_log_test, a_failed_sync_is_final) {
  open();
  append(3);
  files.inject({.kind = operation_kind::sync, .sys = 28, .nth = 1, .path_contains = ".seg"});
  const auto first = run.append("lost", 1, 0);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, errc::io) << "whatever errno it had";
  files.clear_faults();
  const auto second = run.append("later", 1, 0);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::not_durable);
  EXPECT_EQ(run.mark().error().code, errc::not_durable);
  EXPECT_EQ(run.stop().error().code, errc::not_durable);
  open();
  const auto found = run.read();
  ASSERT_TRUE(found);
  EXPECT_GE(found->ids.size(), run.acknowledged.size());
}

TEST_F(segment_log_test, a_missing_side_file_is_made_anew) {
  open();
  append(60);
  run.close();
  const auto before = names(".ids");
  ASSERT_FALSE(before.empty());
  for (const auto& name : before) ASSERT_TRUE(files.remove("/log/" + name));
  open();
  EXPECT_EQ(run.report.identities, run.acknowledged.size());
  EXPECT_EQ(names(".ids"), before);
}

TEST_F(segment_log_test, without_buffers_past_the_cache_it_works_the_same) {
  files.set_direct(false);
  open();
  append(30);
  open();
  expect_all();
}

}  // namespace
}  // namespace sluice::test
