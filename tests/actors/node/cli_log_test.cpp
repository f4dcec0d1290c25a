// Goal: `log inspect` shows what is there, `log verify` finds damage and says where. Method: a real log in a
// temporary directory, the commands run as the command line runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/node/cli/log.hpp"
#include "tests/support/sample_batch.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;
using testing::HasSubstr;

struct cli_log_test : testing::Test {
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    write_log();
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  void write_log() {
    const auto files = make_posix_file_system();
    dedup_window window(1000, 1000'000);
    log_state state;
    recovery_report report;
    std::mt19937 random(1);
    log_options options;
    options.directory = directory;
    options.max_bytes = 128u << 20;  // the open segment and one ahead
    const auto log = segment_log::open(
        *files, options,
        [&](std::span<std::byte> into) {
          for (auto& b : into) b = static_cast<std::byte>(random());
        },
        window, state, report);
    ASSERT_TRUE(log) << to_string(log.error());
    for (std::uint64_t i = 1; i <= 3; ++i) {
      const auto batch = make_batch({{.id = "a"}, {.id = "b"}});
      const std::vector<std::uint8_t> is_new(2, 1);
      group_builder group((*log)->buffers()->take(group_builder::batch_bytes(*batch) + block_bytes));
      ASSERT_TRUE(group.append_batch(*batch, is_new, true));
      ASSERT_TRUE(group.append_control({.kind = control_kind::subscription_noted}, "sub \"1\""));
      ASSERT_EQ((*log)->plan(group.disk_bytes()), segment_log::room::here);
      ASSERT_TRUE((*log)->commit(group, {i, 0}, {}));
    }
    ASSERT_TRUE((*log)->stop({10, 0}));
  }
  int run(std::vector<std::string> arguments) {
    CLI::App root;
    int code = -1;
    cli::add_log(root, code);
    std::reverse(arguments.begin(), arguments.end());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      root.parse(arguments);
    } catch (const CLI::ParseError&) {
      code = 2;
    }
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string segment() const { return directory + "/0000000000000001.seg"; }

  std::string directory, out, err;
};

TEST_F(cli_log_test, inspect_shows_segments_and_totals) {
  EXPECT_EQ(run({"log", "inspect", directory}), 0) << err;
  EXPECT_THAT(out, HasSubstr("stopped"));
  EXPECT_THAT(out, HasSubstr("1..6"));
  EXPECT_THAT(out, HasSubstr("received 6 = accepted 6"));
  EXPECT_THAT(out, HasSubstr("dead-letters: routed 0"));
  EXPECT_THAT(out, HasSubstr("subscription \"sub \\\"1\\\"\"\n")) << "an id is somebody else's text";
}

TEST_F(cli_log_test, inspect_speaks_json) {
  EXPECT_EQ(run({"log", "inspect", directory, "--json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr(R"("state":"stopped","first_position":1,"last_position":6,"last_group":4})"));
  EXPECT_THAT(out, HasSubstr(R"("next_position":7)"));
  EXPECT_THAT(out, HasSubstr(R"("damage":[])"));
  EXPECT_THAT(out, HasSubstr(R"("subscription":"sub \"1\"")"));
}

TEST_F(cli_log_test, verify_says_whole) {
  EXPECT_EQ(run({"log", "verify", directory}), 0) << err;
  EXPECT_THAT(out, HasSubstr("4 groups, 6 events")) << "the stop is a group too";
}

TEST_F(cli_log_test, verify_names_file_and_offset_of_damage) {
  {
    std::fstream file(segment(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8192 + 150);
    file.put('!');
  }
  EXPECT_EQ(run({"log", "verify", directory}), 1);
  EXPECT_THAT(err, HasSubstr("damage: " + segment() + "+8192: group 1 is damaged"));
}

TEST_F(cli_log_test, a_directory_that_is_not_there_is_an_error) {
  EXPECT_EQ(run({"log", "verify", directory + "/none"}), 1);
  EXPECT_THAT(err, HasSubstr("/none"));
}

TEST_F(cli_log_test, wrong_use_is_told) {
  EXPECT_EQ(run({"log"}), 2);
  EXPECT_EQ(run({"log", "verify"}), 2);
}

}  // namespace
}  // namespace sluice::test
