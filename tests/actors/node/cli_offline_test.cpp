// Goal: `check` and `route` say what is so, in the right place and with the right exit code.
// Method: call them with files of a directory of their own and read what they print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "actors/node/cli/check.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/route.hpp"
#include "actors/node/cli/show.hpp"
#include "net/tls/authority.hpp"

namespace sluice::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* rules = R"(destinations:
  warehouse: { kind: discard }
  dashboard: { kind: file, path: ./d.jsonl, rate: unlimited }
routes:
  - { source: "^conversation:", metadata: { region: us-east-1 }, to: warehouse }
  - { source: "^interaction:", metadata: { priority: high }, to: [ dashboard, warehouse ] }
  - { source: "transcript$", to: dashboard }
)";

class cli_offline : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-cli-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text) {
    const auto path = directory_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  int check_of(std::string_view config, const std::vector<std::string>& overrides = {}) {
    out.str("");
    err.str("");
    file = write("f.yaml", config);
    return check(file, overrides, 2, out, err);
  }
  int route_of(std::string_view config, std::string_view events,
               const std::vector<std::string>& overrides = {}) {
    out.str("");
    err.str("");
    file = write("f.yaml", config);
    std::istringstream none;
    return route_events(file, overrides, write("e.json", events), none, out, err);
  }

  std::filesystem::path directory_;
  std::string file;
  std::ostringstream out, err;
};

TEST_F(cli_offline, check_sums_up_a_good_file) {
  EXPECT_EQ(
      check_of(std::string(rules) +
               "tests:\n  - { event: { id: \"1\", source: \"interaction:x\", metadata: { priority: high } }, "
               "to: [ warehouse, dashboard ] }\n"),
      exit_code::done)
      << err.str();
  EXPECT_EQ(err.str(), "");
  for (const char* expected :
       {" is good\n", "ingest on 127.0.0.1:8080, admin on the same\n", "log in `./data`, history of 1d\n",
        "duplicates recognised for 1d and 4000000 events\n", "audit to standard output\n",
        "3 rules, the first match decides\n",
        "  routes[0] source `^conversation:`, `region` is `us-east-1` -> warehouse\n",
        "  routes[1] source `^interaction:`, `priority` is `high` -> dashboard, warehouse\n",
        "  warehouse: discard, at most 1000 events in any second, backlog 5GiB\n",
        "  dashboard: file `./d.jsonl`, unlimited, backlog 5GiB\n", "memory at most ",
        "  64MiB  requests under way (ingest.in_flight)\n", "disk at most 32.1GiB\n", "1 tests passed\n"}) {
    EXPECT_THAT(out.str(), HasSubstr(expected));
  }
}

TEST_F(cli_offline, check_prints_every_error_on_a_line_of_its_own) {
  EXPECT_EQ(check_of("match: none\ningest: { max_bdoy: 1 }\n"), exit_code::configuration);
  EXPECT_EQ(err.str(), file + ":1:8: match: `none` is not known here; first or all\n" + file +
                           ":2:11: ingest.max_bdoy: is not a key; the nearest is `max_body`\n");
  EXPECT_EQ(out.str(), "");
}

TEST_F(cli_offline, check_takes_overrides) {
  EXPECT_EQ(check_of(rules, {"ingest.listen=[::1]:9", "match=all"}), exit_code::done);
  EXPECT_THAT(out.str(), HasSubstr("ingest on [::1]:9"));
  EXPECT_THAT(out.str(), HasSubstr("all matches count"));
  EXPECT_EQ(check_of(rules, {"match=some"}), exit_code::configuration);
  EXPECT_EQ(err.str(), "--set: match: `some` is not known here; first or all\n");
}

TEST_F(cli_offline, check_runs_the_files_tests) {
  EXPECT_EQ(check_of(std::string(rules) +
                     "tests:\n"
                     "  - { event: { id: \"1\", source: \"conversation:a\", metadata: { region: us-east-1 } "
                     "}, to: dashboard }\n"
                     "  - { event: { id: \"2\", source: \"conversation:a\" }, to: [] }\n"
                     "  - { event: { id: \"3\", source: \"conversation:a\" }, to: warehouse }\n"
                     "  - { event: { source: \"conversation:a\" }, to: warehouse }\n"
                     "  - { event: { id: 5, source: \"conversation:a\" }, to: [] }\n"),
            exit_code::configuration);
  EXPECT_EQ(err.str(),
            file + ":9:5: tests[0]: the event goes to warehouse; expected dashboard\n" + file +
                ":11:5: tests[2]: the event goes to nowhere; expected warehouse\n" + file +
                ":12:5: tests[3]: the event is quarantined: id is missing; expected warehouse\n" + file +
                ":13:5: tests[4]: the event is quarantined: id is not a string; expected nowhere\n");
}

TEST_F(cli_offline, check_says_what_it_will_ensure_at_the_sender) {
  const std::string section =
      "genesys:\n  region: us-east-1\n  base_url: https://localhost:9000\n  client_id: id\n  client_secret: "
      "canary\n"
      "  subscription: { name: sub, endpoint: \"https://node.example/v1/events\", sources: [ \"a:b\", "
      "\"c:d\" ] }\n";
  EXPECT_EQ(check_of(rules + section), exit_code::done) << err.str();
  EXPECT_THAT(
      out.str(),
      HasSubstr("genesys: tokens from `https://login.mypurecloud.com`, API at `https://localhost:9000`\n"
                "  subscription `sub` to `https://node.example/v1/events` is made where it is missing, and "
                "looked at every 1m\n"
                "  brings `a:b`, `c:d`; kept for 30 days, at most 1000 events in a second\n"));
  EXPECT_THAT(out.str(), Not(HasSubstr("canary")));
  EXPECT_EQ(check_of(rules + section, {"genesys.ca=/nowhere"}), exit_code::configuration);
  EXPECT_EQ(err.str(), "--set: genesys.ca: `/nowhere` cannot be read: No such file or directory\n");
}

TEST_F(cli_offline, nothing_shows_what_came_from_outside) {
  const std::string secret = write("secret", "hunter2\n");
  const std::string from = "\"${file:" + secret + "}\"";
  const std::string config = "checkpoint: { directory: " + from + " }\naudit: { path: \"${file:" + secret +
                             "}.audit\" }\n" + "destinations:\n  a: { kind: file, path: " + from +
                             " }\n  b: { kind: http, url: \"http://h/${file:" + secret +
                             "}\" }\nroutes:\n  - { source: " + from +
                             ", to: a }\n  - { source: x, metadata: { k: " + from + " }, to: b }\n";
  EXPECT_EQ(check_of(config), exit_code::done) << err.str();
  EXPECT_THAT(out.str() + err.str(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(out.str(), HasSubstr("b: http (hidden)"));
  EXPECT_EQ(route_of(config, R"([{"id":"1","source":"x"},{"id":"1","source":"x","metadata":{"k":"v"}}])"),
            exit_code::done);
  EXPECT_THAT(out.str(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(out.str(), HasSubstr("the rule wants (hidden)"));
}

TEST_F(cli_offline, check_shows_endpoints_and_hides_those_that_came_from_outside) {
  const std::string secret = write("secret", "hunter2\n");
  const auto config = [](const std::string& endpoints) {
    return "routes: [ { to: a } ]\ndestinations:\n  a: { kind: http, endpoints: " + endpoints +
           ", ordering: key, concurrency: 4, rate: 500 }\n";
  };
  EXPECT_EQ(check_of(config("[ \"http://h/\", \"http://i/${file:" + secret + "}\" ]")), exit_code::done)
      << err.str();
  EXPECT_THAT(out.str(),
              HasSubstr("a: http `http://h/`, (hidden), at most 500 events in any second at each, batches of "
                        "100, 4 at once to each, backlog 5GiB\n"));
  EXPECT_EQ(check_of(config("\"http://i/${file:" + secret + "}\"")), exit_code::done) << err.str();
  EXPECT_THAT(out.str(),
              HasSubstr("a: http (hidden), at most 500 events in any second, batches of 100, 4 at once, "));
  EXPECT_THAT(out.str(), Not(HasSubstr("hunter2")));
}

TEST_F(cli_offline, route_explains_a_batch) {
  EXPECT_EQ(route_of(rules, R"({"events":[
      {"id":"1","source":"conversation:transcript","metadata":{"region":"us-east-1"}},
      {"id":"2","source":"conversation:transcript","metadata":{"region":"eu\u001b[31m"}},
      {"id":"3","source":"other"},
      {"source":"conversation:transcript"}]})"),
            exit_code::done);
  EXPECT_EQ(out.str(), R"(events[0] id `1`, source `conversation:transcript`
  routes[0] met
  routes[1] missed: the source does not match `^interaction:`
  routes[2] would be met, but routes[0] comes first
  goes to warehouse
events[1] id `2`, source `conversation:transcript`
  routes[0] missed: metadata `region` is `eu?[31m`, the rule wants `us-east-1`
  routes[1] missed: the source does not match `^interaction:`
  routes[2] met
  goes to dashboard
events[2] id `3`, source `other`
  routes[0] missed: the source does not match `^conversation:`
  routes[1] missed: the source does not match `^interaction:`
  routes[2] missed: the source does not match `transcript$`
  dropped: no rule is met
events[3] is quarantined: id is missing
)");
}

TEST_F(cli_offline, route_takes_every_shape_and_one_plain_event) {
  const std::vector<const char*> shapes = {
      R"({"id":"1","source":"interaction:x","metadata":{"priority":"high"}})",
      R"([{"id":"1","source":"interaction:x","metadata":{"priority":"high"}}])",
      R"({"events":[{"id":"1","source":"interaction:x","metadata":{"priority":"high"}}]})",
      R"({"specversion":"1.0","type":"t","id":"1","source":"interaction:x","priority":"high"})",
  };
  for (const char* shape : shapes) {
    EXPECT_EQ(route_of(rules, shape), exit_code::done) << err.str();
    EXPECT_THAT(out.str(), HasSubstr("goes to dashboard, warehouse")) << shape;
  }
  EXPECT_EQ(route_of(rules, R"({"events":[]})"), exit_code::done);
  EXPECT_EQ(out.str(), "no events\n");
}

TEST_F(cli_offline, route_with_all_matches_shows_the_union) {
  EXPECT_EQ(
      route_of(rules, R"({"id":"1","source":"conversation:transcript","metadata":{"region":"us-east-1"}})",
               {"match=all"}),
      exit_code::done);
  EXPECT_THAT(out.str(), HasSubstr("  routes[0] met\n"));
  EXPECT_THAT(out.str(), HasSubstr("  routes[2] met\n  goes to warehouse, dashboard\n"));
}

TEST_F(cli_offline, route_fails_on_what_is_no_event) {
  EXPECT_EQ(route_of(rules, "{\"id\": }"), exit_code::failed);
  EXPECT_THAT(err.str(), HasSubstr("e.json: byte "));
  EXPECT_EQ(route_of(rules, "[]"), exit_code::failed);
  EXPECT_EQ(route_of(rules, ""), exit_code::failed);
  EXPECT_EQ(route_of(rules, std::string(2000, ' '), {"ingest.max_body=1KiB"}), exit_code::failed);
  EXPECT_THAT(err.str(), HasSubstr("is larger than ingest.max_body"));
  EXPECT_EQ(route_of("match: none\n", "[]"), exit_code::configuration);
  std::ostringstream no_file;
  std::istringstream none;
  EXPECT_EQ(route_events(write("f.yaml", rules), {}, "/nowhere/e.json", none, out, no_file),
            exit_code::failed);
  EXPECT_EQ(no_file.str(), "/nowhere/e.json: cannot be read: No such file or directory\n");
}

TEST_F(cli_offline, route_reads_standard_input) {
  std::istringstream in(R"({"id":"1","source":"a:transcript"})");
  EXPECT_EQ(route_events(write("f.yaml", rules), {}, "-", in, out, err), exit_code::done);
  EXPECT_THAT(out.str(), HasSubstr("goes to dashboard"));
}

TEST_F(cli_offline, subcommands_take_their_arguments) {
  const std::string config = write("f.yaml", rules);
  const std::string events = write("e.json", R"({"id":"1","source":"a:transcript"})");
  int exit = -1;
  const auto run = [&](std::vector<std::string> arguments) {
    CLI::App root;
    add_check(root, exit);
    add_route(root, exit);
    std::ranges::reverse(arguments);
    exit = -1;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    bool understood = true;
    try {
      root.parse(arguments);
    } catch (const CLI::ParseError&) {
      understood = false;
    }
    out.str(testing::internal::GetCapturedStdout());
    err.str(testing::internal::GetCapturedStderr());
    return understood;
  };
  EXPECT_TRUE(run({"check", "--set", "match=all", "--set", "ingest.max_events=7", config}));
  EXPECT_EQ(exit, exit_code::done) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("all matches count"));
  EXPECT_TRUE(run({"check", config, "--set", "match=none"}));
  EXPECT_EQ(exit, exit_code::configuration);
  EXPECT_TRUE(run({"check", "--keys"}));
  EXPECT_THAT(out.str(), HasSubstr("| `ingest.max_body` |"));
  EXPECT_TRUE(run({"route", config, events, "--set", "match=all"}));
  EXPECT_EQ(exit, exit_code::done) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("goes to dashboard"));
  EXPECT_FALSE(run({"check"}));
  EXPECT_FALSE(run({"check", config, "--keys"}));
  EXPECT_FALSE(run({"route", config}));
  EXPECT_FALSE(run({"check", config, "another"}));
}

TEST(cli_show, rounds_up_to_a_tenth) {
  const std::vector<std::pair<std::uint64_t, const char*>> table = {{0, "0B"},
                                                                    {1023, "1023B"},
                                                                    {1024, "1KiB"},
                                                                    {1025, "1.1KiB"},
                                                                    {1536, "1.5KiB"},
                                                                    {64u << 20, "64MiB"},
                                                                    {(1ULL << 30) + 1, "1.1GiB"},
                                                                    {(1ULL << 30) - 1, "1024MiB"},
                                                                    {~0ULL, "16777216TiB"}};
  for (const auto& [bytes, expected] : table) EXPECT_EQ(about_bytes(bytes), expected);
}

// The configuration that ships must be good as it stands.
TEST(cli_check, takes_the_configuration_that_ships) {
  std::ostringstream out, err;
  EXPECT_EQ(check(SLUICE_SOURCE_DIR "/deploy/config/local.yaml", {}, 2, out, err), exit_code::done)
      << err.str();
  EXPECT_THAT(out.str(), HasSubstr("4 tests passed"));
}

// The one for production is good where its secrets and files are.
TEST_F(cli_offline, takes_the_production_configuration_once_it_has_its_secrets) {
  const auto authority = net::tls::authority::make("an authority");
  ASSERT_TRUE(authority);
  const auto issued = authority->issue({.names = {"node.example"}});
  ASSERT_TRUE(issued);
  for (const auto& [name, text] :
       {std::pair("ca.pem", authority->certificate()), std::pair("node.pem", issued->certificate),
        std::pair("node.key", issued->key)})
    ASSERT_TRUE(net::tls::write_pem((directory_ / name).string(), text, true));
  const std::pair<const char*, std::string> environment[] = {
      {"SLUICE_TLS", directory_.string()},
      {"WAREHOUSE_SECRET_NEW", "a new secret of the warehouse"},
      {"WAREHOUSE_SECRET", "an old secret of the warehouse"},
      {"WAREHOUSE_TOKEN", "a token"},
      {"DASHBOARD_CLIENT_SECRET", "a secret of the client"}};
  for (const auto& [name, value] : environment) ASSERT_EQ(::setenv(name, value.c_str(), 1), 0);
  EXPECT_EQ(check(SLUICE_SOURCE_DIR "/deploy/config/production.yaml", {}, 2, out, err), exit_code::done)
      << err.str();
  EXPECT_THAT(out.str(), HasSubstr("4 tests passed"));
  for (const auto& [name, value] : environment) {
    if (name != environment[0].first) {
      EXPECT_THAT(out.str(), Not(HasSubstr(value)));
    }
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace sluice::cli
