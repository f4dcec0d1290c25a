// Goal: the node that `sluice bench` starts is ready when we get it, and gone with its directory when we are
// done, whatever it does. Method: a stand-in program that is called as the node is.
#include "actors/node/cli/bench_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/benchmarks/peer.hpp"

namespace sluice::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class OwnNode : public ::testing::Test {
 protected:
  OwnNode()
      : directory_(::testing::TempDir() + "/own_node_" +
                   ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(directory_);
    options_.program = FAKE_NODE;
    options_.directory = directory_;
    options_.ready_limit = milliseconds(60'000);
  }
  ~OwnNode() override { std::filesystem::remove_all(directory_); }

  bool is_empty() const { return std::filesystem::is_empty(directory_); }

  std::string directory_;
  own_node_options options_;
  std::atomic<int> interrupted_{0};
};

TEST_F(OwnNode, IsReadyWhenStartedAndLeavesNothingWhenStopped) {
  auto node = own_node::start(options_, interrupted_);
  ASSERT_TRUE(node) << to_string(node.error());
  const auto ready = load::get(node->address(), "/readyz", milliseconds(60'000));
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 200);
  EXPECT_EQ(commits_of(node->address()), 100U);
  EXPECT_TRUE(node->directory().starts_with(directory_));
  std::ifstream file(node->directory() + "/sluice.yaml");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
            bench_configuration(node->address(), node->directory()));
  const int pid = node->pid();
  EXPECT_EQ(::kill(pid, 0), 0);
  const auto stopped = node->stop();
  EXPECT_TRUE(stopped) << to_string(stopped.error());
  EXPECT_NE(::kill(pid, 0), 0) << "it was waited for";
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, EndsWithItsOwner) {
  int pid = 0;
  {
    auto node = own_node::start(options_, interrupted_);
    ASSERT_TRUE(node) << to_string(node.error());
    const own_node owner = std::move(*node);
    pid = owner.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, SaysWhatItPrintedWhenItCrashesAtStart) {
  options_.settings = {"fake=crash"};
  const auto node = own_node::start(options_, interrupted_);
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().detail, HasSubstr("exit code 3"));
  EXPECT_THAT(node.error().detail, HasSubstr("cannot start: told so"));
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, SaysWhenTheProgramCannotBeRun) {
  options_.program = "/nowhere/at/all";
  const auto node = own_node::start(options_, interrupted_);
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().detail, HasSubstr("exit code 127"));
}

TEST_F(OwnNode, IsGivenUpWhenItDoesNotBecomeReady) {
  options_.settings = {"fake=unready"};
  options_.ready_limit = milliseconds(100);
  const auto node = own_node::start(options_, interrupted_);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, errc::timed_out);
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, IsGivenUpOnAnInterrupt) {
  options_.settings = {"fake=unready"};
  interrupted_ = 1;
  const auto node = own_node::start(options_, interrupted_);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, errc::stopping);
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, IsKilledWhenItDoesNotStop) {
  options_.settings = {"fake=deaf"};
  options_.stop_limit = milliseconds(100);
  auto node = own_node::start(options_, interrupted_);
  ASSERT_TRUE(node) << to_string(node.error());
  const int pid = node->pid();
  const auto stopped = node->stop();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, errc::timed_out);
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_TRUE(is_empty());
}

TEST_F(OwnNode, ItsExitCodeIsAnError) {
  options_.settings = {"fake=fail"};
  auto node = own_node::start(options_, interrupted_);
  ASSERT_TRUE(node) << to_string(node.error());
  const auto stopped = node->stop();
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().detail, HasSubstr("exit code 5"));
}

TEST(Commits, AreReadFromMetricsOrSaidToBeMissing) {
  std::string page;
  test::peer server(
      [&](const test::peer_request&) { return test::peer_reply{test::answer_with(200, page)}; });
  const load::target to{"127.0.0.1", server.port(), "/v1/events"};
  page = "sluice_commit_duration_seconds_count_other 9\nsluice_commit_duration_seconds_count{} 1.5e3\n";
  EXPECT_EQ(commits_of(to), 1500U);
  page = "sluice_commit_duration_seconds_sum 3\n";
  ASSERT_FALSE(commits_of(to));
  EXPECT_EQ(commits_of(to).error().code, errc::not_found);
}

}  // namespace
}  // namespace sluice::cli
