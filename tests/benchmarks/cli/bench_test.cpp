// Goal: the command line does what it says, and its exit code tells how it went.
// Method: whole command lines through the parser; those that measure do so against a server in the test.
#include "actors/node/cli/bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/benchmarks/peer.hpp"

namespace sluice::cli {
namespace {

using test::answer_with;
using test::peer;
using test::peer_reply;
using test::peer_request;
using ::testing::HasSubstr;
using ::testing::Not;

struct run_result {
  int code = -1;  ///< 2 when the parser refuses, as the program has it
  std::string out;
  std::string err;
};

run_result run(std::vector<std::string> words) {
  CLI::App root{"sluice"};
  run_result result;
  add_bench(root, result.code);
  words.insert(words.begin(), "bench");
  std::reverse(words.begin(), words.end());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  try {
    root.parse(words);
  } catch (const CLI::ParseError&) {
    result.code = 2;
  }
  result.out = ::testing::internal::GetCapturedStdout();
  result.err = ::testing::internal::GetCapturedStderr();
  return result;
}

peer_reply ok(const peer_request& r) {
  if (r.method == "GET") return {answer_with(404, "")};
  return {
      answer_with(200, R"({"status":"accepted","accepted":5,"duplicates":0,"dropped":0,"quarantined":0})")};
}

std::vector<std::string> against(const peer& server, std::vector<std::string> more) {
  more.insert(more.begin(), {"--target", "http://127.0.0.1:" + std::to_string(server.port()), "--connections",
                             "2", "--events", "5"});
  return more;
}

TEST(Bench, RefusesWhatMakesNoSense) {
  const std::vector<std::vector<std::string>> rows{
      {"--connections", "0"},
      {"--connections", "10001"},
      {"--events", "0"},
      {"--events", "many"},
      {"--event-bytes", "0"},
      {"--seconds", "0"},
      {"--seconds", "-1"},
      {"--batches", "0"},
      {"--batches", "5", "--seconds", "1"},
      {"--rate", "0"},
      {"--duplicates", "1.1"},
      {"--unmatched", "-0.1"},
      {"--warm-up", "-1"},
      {"--seed", "x"},
      {"--pid", "1"},
      {"--pid", "0", "--target", "http://127.0.0.1:1"},
      {"--target", "http://127.0.0.1:1", "--set", "a=b"},
      {"--target", "http://127.0.0.1:1", "--directory", "/tmp"},
      {"--compare", "/nowhere/at/all"},
      {"--target", "https://127.0.0.1:1"},
      {"--target", "http://127.0.0.1:0"},
      {"--unknown"},
      {"surplus"},
  };
  for (const auto& words : rows) {
    const auto result = run(words);
    EXPECT_EQ(result.code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(result.out, "") << ::testing::PrintToString(words);
  }
}

TEST(Bench, MeasuresAFixedNumberOfBatchesAndPrintsATable) {
  peer server(ok);
  const auto result = run(against(server, {"--batches", "40", "--seed", "3"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("seed 3\n"));
  EXPECT_THAT(result.out, HasSubstr("answers         200: 40\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("trouble")));
  EXPECT_EQ(result.err, "") << "no progress bar off a terminal";
  std::size_t batches = 0;
  for (const auto& request : server.requests()) batches += request.method == "POST" ? 1U : 0U;
  EXPECT_EQ(batches, 40U) << "a fixed number has no warm-up that was not asked for";
}

TEST(Bench, SendsNothingButBatchesWhenTold) {
  peer server(ok);
  EXPECT_EQ(run(against(server, {"--batches", "3", "--no-metrics"})).code, 0);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Bench, WarmsUpBeforeItMeasures) {
  peer server(ok);
  const auto result = run(against(server, {"--warm-up", "0.05", "--batches", "4", "--json"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"batches\":4,"));
  EXPECT_GT(server.requests().size(), 6U);
}

TEST(Bench, PrintsOneObjectAndComparesWithAnEarlierOne) {
  peer server(ok);
  const auto first = run(against(server, {"--batches", "10", "--json"}));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(std::count(first.out.begin(), first.out.end(), '\n'), 1);
  const std::string file = ::testing::TempDir() + "/bench_test_earlier.json";
  std::ofstream(file) << first.out;
  const auto table = run(against(server, {"--batches", "10", "--compare", file}));
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("events_per_second\n"));
  const auto object = run(against(server, {"--batches", "10", "--compare", file, "--json"}));
  EXPECT_THAT(object.out, HasSubstr("\"ratios\":{\"events_per_second\":"));

  std::ofstream(file) << "nothing of ours";
  const auto refused = run(against(server, {"--batches", "10", "--compare", file}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr(file));
}

TEST(Bench, MeasuresTheProcessThatIsNamed) {
  peer server(ok);
  const auto result =
      run(against(server, {"--batches", "10", "--pid", std::to_string(::getpid()), "--json"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("\"node_rss_peak_bytes\":null")));
  EXPECT_THAT(result.out, HasSubstr("\"commits\":null")) << "the server has no /metrics";
}

TEST(Bench, ABatchThatFailedForGoodIsExitCodeOne) {
  peer server(
      [](const peer_request& r) { return r.number == 3 ? peer_reply{answer_with(400, "{}")} : ok(r); });
  const auto result = run(against(server, {"--batches", "10"}));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("1 batches failed"));
}

TEST(Bench, ATargetThatIsNotThereIsExitCodeOne) {
  std::uint16_t port = 0;
  {
    const peer server(ok);
    port = server.port();
  }
  const auto result = run({"--target", "127.0.0.1:" + std::to_string(port), "--seconds", "1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot connect"));
  EXPECT_EQ(result.out, "");
}

TEST(Bench, AnInterruptPrintsWhatThereIs) {
  peer server([](const peer_request& r) {
    if (r.number == 50) ::kill(::getpid(), SIGINT);
    return ok(r);
  });
  const auto result = run(against(server, {"--warm-up", "0", "--seconds", "3600", "--no-metrics"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("answers         200: "));
}

TEST(Bench, WritesTheLedger) {
  peer server(ok);
  const std::string file = ::testing::TempDir() + "/bench_test_ledger.txt";
  std::filesystem::remove(file);
  EXPECT_EQ(run(against(server, {"--batches", "6", "--ledger", file})).code, 0);
  std::ifstream in(file);
  std::size_t offered = 0;
  std::size_t acked = 0;
  for (std::string line; std::getline(in, line);) {
    offered += line.starts_with("offered ") ? 1U : 0U;
    acked += line.starts_with("acked ") && line.ends_with(" accepted") ? 1U : 0U;
  }
  EXPECT_EQ(offered, 30U);
  EXPECT_EQ(acked, 30U);
}

TEST(Bench, TheSameSeedSendsTheSameEventsAndNoSeedNewOnes) {
  const auto ids = [](const std::vector<std::string>& more) {
    peer server(ok);
    auto words = against(server, {"--batches", "8", "--no-metrics"});
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words).code, 0);
    std::set<std::string> seen;
    for (const auto& request : server.requests())
      seen.insert(request.body.substr(request.body.find("\"id\":\"") + 6, 36));
    return seen;
  };
  EXPECT_EQ(ids({"--seed", "9"}), ids({"--seed", "9"}));
  EXPECT_NE(ids({}), ids({}));
}

}  // namespace
}  // namespace sluice::cli
