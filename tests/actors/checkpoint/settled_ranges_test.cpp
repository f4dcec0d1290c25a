// Goal: a reader neither loses nor repeats what it settled out of order. Method: laws against a plain set.
#include "actors/checkpoint/settled_ranges.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace sluice::checkpoint {
namespace {

constexpr position far = 200;

void expect_canonical(const settled_ranges& settled) {
  position before = settled.upto();
  for (const position_range& r : settled.ranges()) {
    RC_ASSERT(!r.empty());
    RC_ASSERT(r.first > before + 1);
    before = r.last;
  }
}

RC_GTEST_PROP(settled_ranges, equal_a_set, (std::uint8_t start)) {
  std::set<position> model;
  const position upto = start % 20;
  for (position p = 1; p <= upto; ++p) model.insert(p);
  settled_ranges settled(upto);

  const auto firsts = *rc::gen::container<std::vector<position>>(rc::gen::inRange<position>(1, far));
  for (const position first : firsts) {
    const position last =
        first + *rc::gen::inRange<position>(0, 12) - *rc::gen::element<position>(0, 0, 0, 1);
    RC_ASSERT(settled.settle({first, last}));
    for (position p = first; p <= last; ++p) model.insert(p);
    expect_canonical(settled);
  }
  for (position p = 1; p < far + 20; ++p) RC_ASSERT(settled.is_settled(p) == model.contains(p));
  RC_ASSERT(settled.is_settled(0));
  RC_ASSERT(!model.contains(settled.upto() + 1));
}

RC_GTEST_PROP(settled_ranges, the_order_does_not_matter, (std::vector<std::uint8_t> positions)) {
  settled_ranges one, other;
  for (const position p : positions) RC_ASSERT(one.settle({p, p}));
  std::ranges::sort(positions);
  for (const position p : positions) RC_ASSERT(other.settle({p, p}));
  RC_ASSERT(one == other);
}

// Every second position, so that no two ranges touch.
settled_ranges full() {
  settled_ranges settled(10);
  for (position p = 12; settled.ranges().size() < settled_ranges::ranges_max; p += 2) {
    EXPECT_TRUE(settled.settle({p, p}));
  }
  return settled;
}

TEST(settled_ranges, one_range_too_many_changes_nothing) {
  settled_ranges settled = full();
  const settled_ranges before = settled;
  EXPECT_FALSE(settled.settle({1'000'000, 1'000'001}));
  EXPECT_EQ(settled, before);
  EXPECT_FALSE(settled.is_settled(1'000'000));
}

TEST(settled_ranges, what_needs_no_new_range_is_taken_at_the_bound) {
  settled_ranges settled = full();
  const position last = settled.ranges().back().last;
  EXPECT_TRUE(settled.settle({last + 1, last + 1})) << "grows the last range";
  EXPECT_EQ(settled.ranges().size(), settled_ranges::ranges_max);
  EXPECT_TRUE(settled.settle({13, 13})) << "joins two ranges";
  EXPECT_EQ(settled.ranges().size(), settled_ranges::ranges_max - 1);
  EXPECT_TRUE(settled.settle({11, 11})) << "joins the prefix";
  EXPECT_EQ(settled.upto(), 14u);
  EXPECT_TRUE(settled.settle({1, last + 1})) << "covers everything";
  EXPECT_EQ(settled, settled_ranges(last + 1));
}

TEST(settled_ranges, an_empty_range_changes_nothing) {
  settled_ranges settled(5);
  EXPECT_TRUE(settled.settle(position_range{}));
  EXPECT_TRUE(settled.settle({100, 99}));
  EXPECT_TRUE(settled.settle({0, 0}));
  EXPECT_EQ(settled, settled_ranges(5));
}

TEST(settled_ranges, reach_the_last_position) {
  constexpr position last = std::numeric_limits<position>::max();
  settled_ranges settled;
  EXPECT_TRUE(settled.settle({last, last}));
  EXPECT_TRUE(settled.is_settled(last));
  EXPECT_FALSE(settled.is_settled(last - 1));
  EXPECT_TRUE(settled.settle({1, last - 1}));
  EXPECT_EQ(settled, settled_ranges(last));
}

}  // namespace
}  // namespace sluice::checkpoint
