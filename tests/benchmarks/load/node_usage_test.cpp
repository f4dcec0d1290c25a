// Goal: the figures are the kernel's.
// Method: the test's own process, whose use getrusage tells as well; and a process that is not there.
#include "benchmarks/load/node_usage.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sluice::load {
namespace {

double own_cpu_seconds() {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(own.ru_utime) + seconds(own.ru_stime);
}

TEST(NodeUsage, OfThisProcessLiesBetweenTwoReadingsOfGetrusage) {
  volatile unsigned work = 0;
  while (own_cpu_seconds() < 0.1) work = work + 1;
  const double before = own_cpu_seconds();
  const auto usage = usage_of(::getpid());
  const double after = own_cpu_seconds();
  ASSERT_TRUE(usage) << to_string(usage.error());
  // /proc counts user and system time in whole ticks, each rounded down.
  const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  EXPECT_GE(usage->cpu_seconds, before - 2.5 * tick);
  EXPECT_LE(usage->cpu_seconds, after + 2.5 * tick);
  EXPECT_GT(usage->rss_peak_bytes, 100'000U);
}

TEST(NodeUsage, OfAProcessThatIsNotThereIsNotFound) {
  const auto usage = usage_of(0x7fffffff);
  ASSERT_FALSE(usage);
  EXPECT_EQ(usage.error().code, errc::not_found);
}

}  // namespace
}  // namespace sluice::load
