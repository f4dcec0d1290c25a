// Goal: the histogram answers what a sorted list of all values would, within its stated error.
// Method: a law over generated lists of widely spread values, and the borders of its buckets.
#include "benchmarks/load/histogram.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace sluice::load {
namespace {

std::vector<std::uint64_t> spread_values() {
  return *rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<std::uint64_t, unsigned>>>(
                           rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0U, 64U)))),
                       [](const std::vector<std::pair<std::uint64_t, unsigned>>& raw) {
                         std::vector<std::uint64_t> values;
                         for (const auto& [bits, shift] : raw) values.push_back(bits >> shift);
                         return values;
                       });
}

RC_GTEST_PROP(Histogram, PercentilesAreThoseOfASortedListWithinOneIn128, ()) {
  auto values = spread_values();
  const auto permille = *rc::gen::inRange(0U, 1001U);
  histogram h;
  for (const auto value : values) h.record(value);
  std::sort(values.begin(), values.end());

  const double share = permille / 1000.0;
  const auto wanted = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto exact = values[std::max<std::size_t>(wanted, 1) - 1];
  const auto found = h.percentile(share);
  RC_ASSERT(h.count() == values.size());
  RC_ASSERT(h.max() == values.back());
  RC_ASSERT(found >= exact);
  RC_ASSERT(found - exact <= exact / 128);
  RC_ASSERT(found <= h.max());
}

RC_GTEST_PROP(Histogram, AddingIsRecordingBoth, ()) {
  const auto first = spread_values();
  const auto second = spread_values();
  histogram a;
  histogram b;
  histogram both;
  for (const auto value : first) {
    a.record(value);
    both.record(value);
  }
  for (const auto value : second) {
    b.record(value);
    both.record(value);
  }
  a.add(b);
  RC_ASSERT(a.count() == both.count());
  RC_ASSERT(a.max() == both.max());
  for (const double share : {0.0, 0.25, 0.5, 0.99, 1.0})
    RC_ASSERT(a.percentile(share) == both.percentile(share));
}

TEST(Histogram, IsZeroWhenEmpty) {
  const histogram h;
  EXPECT_EQ(h.count(), 0U);
  EXPECT_EQ(h.max(), 0U);
  EXPECT_EQ(h.percentile(0.5), 0U);
}

TEST(Histogram, TakesEveryPowerOfTwoAndTheLargestNumber) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t value = std::uint64_t{1} << bit;
    histogram h;
    h.record(value);
    h.record(std::numeric_limits<std::uint64_t>::max());
    EXPECT_GE(h.percentile(0.5), value) << "2^" << bit;
    EXPECT_LE(h.percentile(0.5) - value, value / 128) << "2^" << bit;
    EXPECT_EQ(h.percentile(1), std::numeric_limits<std::uint64_t>::max());
  }
}

}  // namespace
}  // namespace sluice::load
