// Goal: the table, the object and the ratios say the same of one measurement.
// Method: figures that are easy to divide, and the text they must become.
#include "actors/node/cli/bench_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

bench_figures figures() {
  bench_figures f;
  f.load.to = {"127.0.0.1", 8080, "/v1/events"};
  f.load.connections = 4;
  f.load.batches.seed = 7;
  f.outcome.seconds = 2;
  f.outcome.requests = 20'001;
  f.outcome.batches_acked = 20'000;
  f.outcome.events_acked = 2'000'000;
  f.outcome.accepted = 1'999'990;
  f.outcome.duplicates = 10;
  f.outcome.bytes_sent = 1'000'000'000;
  f.outcome.answers = {{200, 20'000}, {503, 1}};
  f.outcome.retried = 1;
  f.outcome.latency.record(100);
  f.generator_cpu_seconds = 0.5;
  return f;
}

TEST(BenchReport, TheTableShowsWhatWasMeasuredAndNothingElse) {
  auto f = figures();
  const auto without = table_of(f);
  EXPECT_THAT(without, HasSubstr("2,000,000, 1,000,000/s, 500.0 MB/s"));
  EXPECT_THAT(without, HasSubstr("200: 20,000, 503: 1"));
  EXPECT_THAT(without, HasSubstr("closed loop"));
  EXPECT_THAT(without, HasSubstr("1 sent again after 429 or 503"));
  EXPECT_THAT(without, Not(HasSubstr("node CPU")));
  EXPECT_THAT(without, Not(HasSubstr("commits")));
  f.node_cpu_seconds = 3.0;
  f.node_rss_peak_bytes = 100 << 20;
  f.commits = 2'000;
  f.load.rate = 10'000;
  const auto with = table_of(f);
  EXPECT_THAT(with, HasSubstr("1.50 s a million events"));
  EXPECT_THAT(with, HasSubstr("100.0 MiB"));
  EXPECT_THAT(with, HasSubstr("2,000, 10.0 batches each"));
  EXPECT_THAT(with, HasSubstr("open loop at 10000.0 batches/s"));
}

TEST(BenchReport, TheObjectHasEveryFigureAndNullForWhatIsUnknown) {
  auto f = figures();
  const auto json = json_of(f);
  EXPECT_TRUE(json.starts_with("{\"connections\":4,") && json.ends_with("}")) << json;
  EXPECT_THAT(json, HasSubstr("\"events_per_second\":1000000.000,"));
  EXPECT_THAT(json, HasSubstr("\"p50_ms\":0.000,"));
  EXPECT_THAT(json, HasSubstr("\"node_cpu_seconds\":null,"));
  EXPECT_THAT(json, HasSubstr("\"answers\":{\"200\":20000,\"503\":1}}"));
  f.node_cpu_seconds = 3.0;
  EXPECT_THAT(json_of(f), HasSubstr("\"node_cpu_seconds_per_million_events\":1.500,"));
}

TEST(BenchReport, AnEmptyMeasurementDividesByNothing) {
  const bench_figures nothing;
  EXPECT_THAT(json_of(nothing), HasSubstr("\"events_per_second\":0.000,"));
  EXPECT_THAT(table_of(nothing), HasSubstr("answers         none"));
}

TEST(BenchReport, RatiosAreThisMeasurementDividedByTheEarlierOne) {
  auto f = figures();
  f.node_cpu_seconds = 3.0;
  const auto earlier = json_of(f);
  f.outcome.seconds = 4;
  const auto ratios = ratios_to(earlier, json_of(f));
  ASSERT_TRUE(ratios);
  EXPECT_THAT(*ratios, HasSubstr("\"events_per_second\":0.500"));
  EXPECT_THAT(*ratios, HasSubstr("\"node_cpu_seconds_per_million_events\":1.000"));
  EXPECT_THAT(*ratios, Not(HasSubstr("commits"))) << "neither measurement has any";
  EXPECT_THAT(table_of_ratios(*ratios), HasSubstr("× 0.500  events_per_second\n"));
  const auto both = json_of(f, *ratios);
  EXPECT_THAT(both, HasSubstr(",\"ratios\":" + *ratios + "}"));
  EXPECT_EQ(ratios_to(earlier, both), ratios) << "an object with ratios can be compared in its turn";

  const auto senseless = ratios_to("{\"a\":1}", json_of(f));
  ASSERT_FALSE(senseless);
  EXPECT_EQ(senseless.error().code, errc::invalid_config);
}

}  // namespace
}  // namespace sluice::cli
