// Goal: the right sample of a metrics page. Method: one page.
#include "tests/support/metrics.hpp"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

constexpr std::string_view page =
    "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\na_total_more 9\n"
    "b{destination=\"x\",outcome=\"ok\"} 1e3\nb{destination=\"x\",outcome=\"failed\"} "
    "2\nb{destination=\"y\"} 5\n";

TEST(metrics, finds_samples_by_name_and_labels) {
  EXPECT_EQ(metric_value(page, "a_total"), 3);
  EXPECT_EQ(metric_value(page, "b", {{"destination", "x"}, {"outcome", "failed"}}), 2);
  EXPECT_EQ(metric_value(page, "b", {{"destination", "x"}}), 1002);
  EXPECT_EQ(metric_value(page, "b"), 1007);
  EXPECT_EQ(metric_value(page, "b", {{"destination", "z"}}), std::nullopt);
  EXPECT_EQ(metric_value(page, "a"), std::nullopt);
}

}  // namespace
}  // namespace sluice::testing
