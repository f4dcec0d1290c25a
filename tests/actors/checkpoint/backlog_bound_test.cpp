// Goal: a backlog gives way by what it holds too much of, and by nothing else. Method: tables of bounds and
// sizes; a relief walked over events in the order of their positions.
#include "actors/checkpoint/backlog_bound.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::checkpoint {
namespace {

constexpr std::int64_t noon = 1'700'000'000'000;

struct bound_case {
  std::string name;
  backlog_bound bound;
  backlog_size held;
  std::uint64_t bytes = 0, events = 0;
  std::int64_t before_ms = 0;
};

class relief_of_a_bound : public ::testing::TestWithParam<bound_case> {};

TEST_P(relief_of_a_bound, is_what_it_passes_it_by) {
  const auto& c = GetParam();
  const auto wanted = relief_for(c.bound, c.held, noon);
  const bool any = c.bytes + c.events != 0 || c.before_ms != 0;
  ASSERT_EQ(wanted.has_value(), any);
  if (!any) return;
  EXPECT_EQ(wanted->bytes, c.bytes);
  EXPECT_EQ(wanted->events, c.events);
  EXPECT_EQ(wanted->received_before_ms, c.before_ms);
}

backlog_bound bound_of(std::uint64_t bytes, std::uint64_t events, std::chrono::milliseconds age) {
  backlog_bound b;
  b.max_bytes = bytes;
  b.max_events = events;
  b.max_age = age;
  return b;
}

constexpr auto no_events = backlog_bound::unlimited;
using std::chrono::milliseconds;

INSTANTIATE_TEST_SUITE_P(
    all, relief_of_a_bound,
    ::testing::Values(bound_case{"within", bound_of(100, 10, milliseconds(50)), {100, 10, noon - 50}},
                      bound_case{"bytes", bound_of(100, 10, milliseconds(0)), {130, 10, 0}, 30},
                      bound_case{"events", bound_of(100, 10, milliseconds(0)), {100, 17, 0}, 0, 7},
                      bound_case{
                          "age", bound_of(100, 10, milliseconds(50)), {100, 10, noon - 51}, 0, 0, noon - 50},
                      bound_case{"all", bound_of(1, 1, milliseconds(1)), {3, 4, noon - 9}, 2, 3, noon - 1},
                      bound_case{"age_unknown", bound_of(100, 10, milliseconds(50)), {100, 10, 0}},
                      bound_case{"unlimited", bound_of(100, no_events, milliseconds(0)), {100, 1u << 30, 1}},
                      bound_case{"nothing_pending", bound_of(1, no_events, milliseconds(1)), {9, 0, 1}}),
    [](const auto& row) { return row.param.name; });

TEST(relief_of_a_bound, says_how_events_leave) {
  auto bound = bound_of(1, no_events, milliseconds(0));
  EXPECT_EQ(relief_for(bound, {2, 1, 0}, noon)->how, settlement::dead_lettered);
  bound.then = when_full::drop_oldest;
  EXPECT_EQ(relief_for(bound, {2, 1, 0}, noon)->how, settlement::dropped_oldest);
}

struct walked {
  std::string name;
  relief wanted;
  int given;  // of ten events of 10 bytes at positions 1 to 10, accepted a millisecond apart from `noon` on
};

TEST(relief, wants_events_until_every_part_is_met) {
  for (const auto& c :
       std::vector<walked>{{"bytes, rounded up", {.bytes = 25}, 3},
                           {"events", {.events = 4}, 4},
                           {"age", {.received_before_ms = noon + 5}, 5},
                           {"upto", {.upto = 6}, 6},
                           {"the largest part counts", {.bytes = 10, .events = 7, .upto = 2}, 7},
                           {"more than there is", {.bytes = 1000}, 10}}) {
    SCOPED_TRACE(c.name);
    relief left = c.wanted;
    int given = 0;
    for (int i = 0; i < 10 && left.wants(static_cast<position>(i + 1), noon + i); ++i) {
      left.gave(10);
      ++given;
    }
    EXPECT_EQ(given, c.given);
  }
}

struct shared {
  std::string name;
  relief wanted;
  std::vector<std::string> expected;  // LANE: bytes/events/before/upto
};

TEST(relief, leaves_the_lane_with_the_oldest_first) {
  const std::vector<lane_backlog> lanes = {{0, 50, 4}, {1, 10, 3}, {7, 30, 100}};
  for (const auto& c : std::vector<shared>{
           {"events of the oldest", {.events = 3}, {"1: 0/3/0/0"}},
           {"then of the next", {.events = 5}, {"1: 0/3/0/0", "7: 0/2/0/0"}},
           {"more than there is", {.events = 500}, {"1: 0/3/0/0", "7: 0/100/0/0", "0: 0/4/0/0"}},
           {"bytes", {.bytes = 9}, {"1: 9/0/0/0"}},
           {"positions", {.upto = 30}, {"1: 0/0/0/30", "7: 0/0/0/30"}},
           {"age", {.received_before_ms = 5}, {"1: 0/0/5/0", "7: 0/0/5/0", "0: 0/0/5/0"}},
           {"several", {.events = 1, .upto = 40}, {"1: 0/1/0/40", "7: 0/0/0/40"}},
       }) {
    std::vector<std::string> got;
    for (const lane_relief& share : share_relief(c.wanted, lanes)) {
      const relief& w = share.wanted;
      got.push_back(std::to_string(share.lane) + ": " + std::to_string(w.bytes) + "/" +
                    std::to_string(w.events) + "/" + std::to_string(w.received_before_ms) + "/" +
                    std::to_string(w.upto));
      EXPECT_EQ(w.how, settlement::dead_lettered);
    }
    EXPECT_EQ(got, c.expected) << c.name;
  }
  EXPECT_TRUE(share_relief({.events = 1}, {}).empty());
}

}  // namespace
}  // namespace sluice::checkpoint
