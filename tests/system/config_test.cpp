// Goal: a mistake in a configuration or a command line is told in one line that says where and what is
// allowed, and nothing starts. Method: small bad files and calls, exit codes and standard error.
#include <gmock/gmock.h>

#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr exit_status bad_configuration{78, 0}, wrong_use{2, 0}, done{};

struct bad_file {
  std::string name, text;
  std::vector<std::string> errors;  ///< regular expressions, each after `file:`
};

class bad_configuration_files : public ::testing::TestWithParam<bad_file> {};

TEST_P(bad_configuration_files, are_refused_with_every_error_and_its_place) {
  const temp_dir dir;
  const std::string file = (dir.path() / "bad.yaml").string();
  write_text(file, GetParam().text);
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"check", file}, {"run", "--config", file}}) {
    SCOPED_TRACE(call[0]);
    const finished refused = run(sluice_binary(), call);
    EXPECT_EQ(refused.how, bad_configuration) << refused.errors;
    for (const std::string& error : GetParam().errors) {
      EXPECT_THAT(refused.errors, ContainsRegex("bad\\.yaml:" + error));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    table, bad_configuration_files,
    ::testing::Values(
        bad_file{"unknown_key", "ingset: { listen: 127.0.0.1:8080 }\n", {"1:1: .*ingset.*ingest"}},
        bad_file{"unknown_inner_key", "ingest:\n  max_bdy: 1MiB\n", {"2:3: ingest\\.max_bdy.*max_body"}},
        bad_file{"no_unit", "ingest:\n  max_body: 12 parsecs\n", {"2:13: ingest\\.max_body"}},
        bad_file{"no_yaml", "ingest: { listen: \n", {"[0-9]+:[0-9]+: "}},
        bad_file{"unknown_destination",
                 "routes:\n  - { source: \"^a\", to: nowhere }\n",
                 {"2:[0-9]+: routes\\[0\\]\\.to.*nowhere"}},
        bad_file{"bad_pattern",
                 "routes:\n  - { source: \"(\", to: x }\ndestinations:\n  x: { kind: discard }\n",
                 {"2:[0-9]+: routes\\[0\\]\\.source"}},
        bad_file{"all_at_once",
                 "ingest:\n  max_body: many\n  connections: -1\n",
                 {"2:13: ingest\\.max_body", "3:16: ingest\\.connections"}}),
    [](const auto& row) { return row.param.name; });

TEST(configuration, that_is_good_is_checked_with_its_bounds) {
  const temp_dir dir;
  const std::string file = (dir.path() / "good.yaml").string();
  write_text(file, substitute(file_node(), {{"port", "18080"}, {"dir", dir.path().string()}}));
  const finished checked = run(sluice_binary(), {"check", file});
  EXPECT_EQ(checked.how, done) << checked.errors;
  EXPECT_THAT(checked.output, HasSubstr("memory"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "data")) << "a check makes nothing";
}

TEST(configuration, takes_single_keys_from_the_command_line) {
  const temp_dir dir;
  const std::string file = (dir.path() / "good.yaml").string();
  write_text(file, substitute(file_node(), {{"port", "18080"}, {"dir", dir.path().string()}}));
  const finished refused = run(sluice_binary(), {"run", "--config", file, "--set", "ingest.max_body=many"});
  EXPECT_EQ(refused.how, bad_configuration);
  EXPECT_THAT(refused.errors, HasSubstr("ingest.max_body"));
}

TEST(second_node, on_the_same_directory_is_refused_with_the_pid_of_the_first) {
  node there(file_node());
  there.start();
  const std::string other = std::to_string(free_port());
  const finished refused = run(sluice_binary(), {"run", "--config", there.config_file().string(), "--set",
                                                 "ingest.listen=127.0.0.1:" + other});
  EXPECT_EQ(refused.how, bad_configuration) << refused.errors;
  EXPECT_THAT(refused.errors, ContainsRegex("pid [0-9]+|process [0-9]+"));
  EXPECT_TRUE(there.ready());
}

TEST(second_node, on_the_same_port_is_refused) {
  node there(file_node());
  there.start();
  const temp_dir elsewhere;
  const finished refused = run(sluice_binary(), {"run", "--config", there.config_file().string(), "--set",
                                                 "checkpoint.directory=" + elsewhere.path().string()});
  EXPECT_NE(refused.how, done);
  EXPECT_THAT(refused.errors, HasSubstr(std::to_string(there.port())));
  EXPECT_TRUE(there.ready());
}

TEST(command_line, helps_and_tells_its_version) {
  for (const std::vector<std::string>& call : {std::vector<std::string>{"--help"},
                                               {"run", "--help"},
                                               {"check", "--help"},
                                               {"log", "--help"},
                                               {"log", "inspect", "--help"},
                                               {"log", "verify", "--help"}}) {
    const finished helped = run(sluice_binary(), call);
    EXPECT_EQ(helped.how, done) << call[0];
    EXPECT_THAT(helped.output, HasSubstr("--help")) << call[0];
  }
  const finished version = run(sluice_binary(), {"--version"});
  EXPECT_EQ(version.how, done);
  EXPECT_THAT(version.output, ContainsRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(command_line, calls_wrong_use_wrong_use) {
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"frobnicate"}, {"run", "--no-such-option"}, {"run"}, {"check"}, {}}) {
    const finished refused = run(sluice_binary(), call);
    EXPECT_EQ(refused.how, wrong_use)
        << (call.empty() ? "nothing at all" : call[0]) << ": " << refused.errors;
    EXPECT_NE(refused.errors, "");
  }
}

}  // namespace
}  // namespace sluice::testing
