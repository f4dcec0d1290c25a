// Goal: the text is the time, whether the second changed or not.
// Method: a table of times, set one after the other in the same object.
#include "benchmarks/load/timestamp.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::load {
namespace {

TEST(Timestamp, TableOfTimes) {
  const std::vector<std::pair<long long, std::string>> rows{
      {0, "1970-01-01T00:00:00.000Z"},
      {7, "1970-01-01T00:00:00.007Z"},
      {1768473000064, "2026-01-15T10:30:00.064Z"},
      {1768473000999, "2026-01-15T10:30:00.999Z"},
      {1768473001000, "2026-01-15T10:30:01.000Z"},
      {1709210096789, "2024-02-29T12:34:56.789Z"},
      {999, "1970-01-01T00:00:00.999Z"},
      {9214646399999, "2261-12-31T23:59:59.999Z"},
      {-5, "1970-01-01T00:00:00.000Z"},
  };
  timestamp stamp;
  EXPECT_EQ(stamp.text(), rows[0].second);
  for (const auto& [milliseconds, text] : rows) {
    stamp.set(std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds)));
    EXPECT_EQ(stamp.text(), text) << milliseconds;
  }
}

}  // namespace
}  // namespace sluice::load
