// Goal: a spill file holds what its destination needs of a segment and nothing else, in bytes that stay what
// they are, and a spilled group that lies about itself is refused. Method: a segment of two groups, copied;
// the file is held against the one that an earlier build wrote.
#include "actors/checkpoint/spill_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t salt = 0x1122334455667788;

group_builder closed(group_builder group, group_type type, group_number number, position first,
                     std::uint64_t successor = 0) {
  group.close({type, salt, number, first, number - 1, 60'000, 1'700'000'001'000, successor});
  return group;
}

group_builder group_of(const std::vector<sample_event>& events) {
  group_builder group{aligned_buffer(block_bytes)};
  const auto batch = make_batch(events);
  EXPECT_TRUE(group.append_batch(*batch, std::vector<std::uint8_t>(events.size(), 1), true));
  return group;
}

struct spill_file_test : testing::Test {
  /// Segment 1: positions 11 to 15 in groups 5 and 6.
  void SetUp() override {
    ASSERT_TRUE(disk.make_directory("/log"));
    auto to = disk.open(where.segment(1), open_mode::create, caching::direct);
    ASSERT_TRUE(to);
    segment.number = 1;
    segment.salt = salt;
    segment.first_position = 11;
    segment.first_group = 5;
    const auto head = write_head(**to, segment, {});
    ASSERT_TRUE(head);
    segment = *head;
    std::uint64_t end = segment.data_offset();
    const auto write = [&](const group_builder& group) {
      ASSERT_TRUE((*to)->write_at({group.data(), group.disk_bytes()}, end));
      end += group.disk_bytes();
    };
    write(closed(group_of({{.id = "a", .source = "s", .targets = {{1, 0}}},
                           {.id = "b", .source = "s", .targets = {{2, 0}}},
                           {.id = "c", .source = "s", .region = "eu", .targets = {{1, 0}, {2, 0}}},
                           {.id = "d", .source = "s", .targets = {{1, 0}}}}),
                 group_type::data, 5, 11));
    write(closed(group_of({{.id = "e", .source = "s", .targets = {{1, 1}}},
                           {.id = "", .source = "s", .why = quarantine::id_empty}}),
                 group_type::data, 6, 15));
    const group_builder last = closed(further(), group_type::data, 7, 17);
    if (last.records() > 0) write(last);
    const group_number sealing = last.records() > 0 ? 8 : 7;
    successor.first_position = 17 + last.events();
    write(closed(group_builder(aligned_buffer(block_bytes)), group_type::seal, sealing,
                 successor.first_position, 2));
    successor.number = 2;
    successor.first_group = sealing + 1;
    successor.predecessor_end = end;
  }
  /// A third group; empty: there is none.
  virtual group_builder further() { return group_builder(aligned_buffer(block_bytes)); }

  spill_head copy(const destination_need& need) {
    const auto made = write_spills(where, segment, successor, {need}, [](std::uint64_t) { return true; });
    EXPECT_TRUE(made) << to_string(made.error());
    if (!made) return {};
    const auto read = read_spill_head(where, 1, need.id);
    EXPECT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(*read, made->front());
    EXPECT_TRUE(verify_spill(where, *read));
    return *read;
  }
  std::string bytes(const spill_head& of) {
    const auto from = disk.open(where.spill(1, of.destination), open_mode::read, caching::buffered);
    std::string out(of.end, '\0');
    EXPECT_TRUE((*from)->read_at(std::as_writable_bytes(std::span(out)), 0));
    return out;
  }
  /// `position:id>targets` of each event.
  std::vector<std::string> events(const spill_head& of) {
    struct : record_visitor {
      void on_batch(const batch_view& b) override {
        target_sets sets;
        b.read_targets(sets);
        for (std::size_t i = 0; i < b.entries.size(); ++i) {
          std::string text = numbered("", b.first + i) + ":" + std::string(b.id(b.entries[i])) + ">";
          for (const target& t : sets[b.entries[i].targets])
            text += numbered(" ", t.destination) + numbered("/", t.lane);
          seen.push_back(text);
        }
      }
      std::vector<std::string> seen;
    } visitor;
    const auto from = disk.open(where.spill(1, of.destination), open_mode::read, caching::direct);
    group_cursor groups(**from, spill_start(of), block_bytes);
    while (*groups.next()) EXPECT_TRUE(visit_records(groups.header(), groups.content(), visitor));
    return visitor.seen;
  }

  simulated_file_system disk;
  log_directory where{&disk, "/log", caching::direct, small_setup()};
  segment_head segment, successor;
};

TEST_F(spill_file_test, holds_what_each_lane_still_needs) {
  const auto nothing = destination_need::nothing;
  EXPECT_THAT(events(copy({1, 1, {1, 1}})), ElementsAre("11:a> 1/0", "13:c> 1/0", "14:d> 1/0", "15:e> 1/1"));
  EXPECT_THAT(events(copy({1, 13, {13, nothing}})), ElementsAre("13:c> 1/0", "14:d> 1/0"));
  EXPECT_THAT(events(copy({1, 15, {nothing, 15}})), ElementsAre("15:e> 1/1"));
  EXPECT_THAT(events(copy({2, 1, {1}})), ElementsAre("12:b> 2/0", "13:c> 2/0"));
  EXPECT_THAT(events(copy({dead_letters_id, 1, {1}})), ElementsAre("16:>"));
  const auto empty = copy({3, 1, {1}});
  EXPECT_EQ(empty.end, block_bytes);
  EXPECT_EQ(empty.events, 0u);
  EXPECT_EQ(empty.last_group, 7u);
}

/// Group 7: positions 17 to 19 are events from before once more.
struct rewritten_spill_test : spill_file_test {
  group_builder further() override {
    const auto batch = make_batch({{.id = "f", .source = "s", .targets = {{1, 0}}},
                                   {.id = "g", .source = "s", .targets = {{1, 1}}},
                                   {.id = "h", .source = "s", .targets = {{1, 0}}}});
    const std::vector<rewritten_event> before{{1, 10, 20, 1, 4}, {2, 11, 0, 2, 5}, {3, 12, 22, 3, 6}};
    group_builder group{aligned_buffer(block_bytes)};
    EXPECT_TRUE(group.append_rewritten(
        {rewrite_kind::redrive, "operator", before},
        {batch->received_ms, batch->events.entries, batch->targets, batch->done.body()}));
    return group;
  }
};

TEST_F(rewritten_spill_test, keeps_what_is_known_of_events_from_before) {
  const auto head = copy({1, 14, {14, destination_need::nothing}});
  EXPECT_EQ(head.events, 3u) << "d, f and h";
  struct : record_visitor {
    void on_rewritten(const rewritten_view& v) override {
      for (std::size_t i = 0; i < v.before.size(); ++i) {
        seen.push_back(numbered("", v.batch.first + i) + ":" + std::string(v.batch.id(v.batch.entries[i])) +
                       " of " + numbered("", v.before[i].origin) + ", " + std::string(v.who));
      }
    }
    std::vector<std::string> seen;
  } visitor;
  const auto from = disk.open(where.spill(1, 1), open_mode::read, caching::direct);
  group_cursor groups(**from, spill_start(head), block_bytes);
  while (*groups.next()) EXPECT_TRUE(visit_records(groups.header(), groups.content(), visitor));
  EXPECT_THAT(visitor.seen, ElementsAre("17:f of 1, operator", "19:h of 3, operator"));
}

TEST_F(spill_file_test, is_the_same_bytes) {
  const std::string made = bytes(copy({1, 13, {13, 1}}));
  std::ifstream from(SLUICE_GOLDEN_DIRECTORY "/spill_v1.bin", std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
  ASSERT_EQ(made.size(), golden.size());
  const auto differs = std::mismatch(made.begin(), made.end(), golden.begin()).first;
  EXPECT_TRUE(differs == made.end()) << "first at offset " << differs - made.begin();
}

TEST_F(spill_file_test, stands_for_the_groups_that_it_was_copied_from) {
  const auto head = copy({1, 1, {1, destination_need::nothing}});
  const auto from = disk.open(where.spill(1, 1), open_mode::read, caching::direct);
  group_cursor groups(**from, spill_start(head), block_bytes);
  ASSERT_TRUE(*groups.next());
  EXPECT_EQ(groups.header().number, 6u) << "up to the segment's last data group";
  EXPECT_EQ(groups.header().first_position + groups.header().events, 17u);
  EXPECT_FALSE(*groups.next());
  group_cursor as_log(**from, {salt, block_bytes, 6, head.end}, block_bytes);
  EXPECT_FALSE(*as_log.next()) << "a spilled group was taken for one of the log";
  const auto log = disk.open(where.segment(1), open_mode::read, caching::direct);
  group_cursor as_spill(**log, {salt, block_bytes, 5, 2 * block_bytes, true}, block_bytes);
  EXPECT_FALSE(*as_spill.next()) << "a group of the log was taken for a spilled one";
}

TEST_F(spill_file_test, a_damaged_segment_gives_no_copy) {
  disk.corrupt(where.segment(1), segment.data_offset() + 200);
  const auto made =
      write_spills(where, segment, successor, {{1, 1, {1, 1}}}, [](std::uint64_t) { return true; });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().place, where.segment(1) + "+" + std::to_string(segment.data_offset()));
  const auto listed = list_log(where);
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->spills.empty() && listed->temporary.empty()) << "what was begun is still there";
}

/// A spilled group of events at `firsts`, one each, that says it ends before `next`.
group_builder spilled(const std::vector<position>& firsts, position next) {
  group_builder group{aligned_buffer(64 << 10)};
  const auto batch = make_batch({{.id = "a", .targets = {{1, 0}}}});
  for (const position at : firsts) {
    EXPECT_TRUE(group.append_spilled(at, std::nullopt,
                                     {0, batch->events.entries, batch->targets, batch->done.body()}));
  }
  return closed(std::move(group), group_type::spilled, 9, next - firsts.size());
}

TEST(spilled_group, that_lies_about_its_positions_is_refused) {
  const struct {
    const char* name;
    std::vector<position> firsts;
    position next;
    const char* wrong;
  } table[] = {
      {"as it must be", {3, 4, 9}, 10, nullptr},
      {"and with events of others behind", {3}, 40, nullptr},
      {"twice the same", {3, 3}, 10, "behind those before"},
      {"backwards", {5, 3}, 10, "behind those before"},
      {"none", {0}, 10, "behind those before"},
      {"behind their group", {3, 10}, 10, "behind their group"},
      {"the last there is", {~position{0}}, 10, "behind their group"},
  };
  for (const auto& row : table) {
    const auto group = spilled(row.firsts, row.next);
    record_visitor nobody;
    const auto read = visit_records(
        group.header(), {group.data() + sizeof(group_header), group.header().content_bytes}, nobody);
    EXPECT_EQ(read.has_value(), row.wrong == nullptr) << row.name;
    if (!read && row.wrong != nullptr) {
      EXPECT_THAT(read.error().detail, HasSubstr(row.wrong)) << row.name;
    }
  }
}

TEST(spilled_group, of_anything_but_events_is_refused) {
  group_builder outcome{aligned_buffer(block_bytes)};
  ASSERT_TRUE(outcome.append_offer({1, 0, 1, 4, 10, 10}));
  group_builder bare{aligned_buffer(block_bytes)};
  const std::byte few[4] = {};
  const std::span<const std::byte> piece(few);
  ASSERT_TRUE(bare.append_raw(record_type::batch, {&piece, 1}));
  for (group_builder* made : {&outcome, &bare}) {
    const auto group = closed(std::move(*made), group_type::spilled, 9, 5);
    record_visitor nobody;
    const auto read = visit_records(
        group.header(), {group.data() + sizeof(group_header), group.header().content_bytes}, nobody);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, errc::corrupt);
  }
}

}  // namespace
}  // namespace sluice::test
