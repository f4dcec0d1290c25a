// Goal: the node brings its own events: it subscribes at Genesys Cloud, keeps that in order whatever happens
// there, and takes events whatever happens there. Method: the program against the emulated organisation over
// TLS, which fails on request.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/support/delivered.hpp"
#include "tests/system/organisation.hpp"

namespace sluice::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto tls = sandbox::transport::tls;
constexpr milliseconds patience(60'000);
constexpr std::string_view create_path = "/api/v2/eventbridge/subscriptions";

std::vector<std::string> delivered(const node& there) {
  std::vector<std::string> ids = delivered_ids(there.path("warehouse.jsonl"));
  std::ranges::copy(delivered_ids(there.path("dashboard.jsonl")), std::back_inserter(ids));
  return ids;
}

bool delivers(const node& there, std::size_t events) {
  return wait_until([&] { return delivered(there).size() >= events; }, patience);
}

TEST(genesys, from_a_token_to_events_delivered_once_through_a_restart_and_a_crash) {
  sandbox cloud({"--rate", "300", "--batch", "10", "--duplicates", "0.05"}, tls);
  node there(organisation_node(), addresses_of(cloud));

  // It asks for a token, finds no subscription of its name, and makes one.
  there.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  const std::string id = health_of(there).subscription;
  ASSERT_EQ(subscriptions_of(cloud).size(), 1U);
  EXPECT_EQ(subscriptions_of(cloud)[0].id, id);
  EXPECT_EQ(there.metric("sluice_subscription_active"), 1);
  EXPECT_EQ(there.metric("sluice_token_requests_total"), 1) << "one token serves every call";

  // Batches arrive, and are delivered.
  EXPECT_TRUE(delivers(there, 200)) << there.last_words();

  // A stop and a start in the middle, and then a crash: each time it knows its subscription again.
  there.restart();
  EXPECT_EQ(health_of(there).subscription, id) << "known before it was looked at";
  EXPECT_TRUE(delivers(there, 400)) << there.last_words();
  there.kill9();
  there.start();
  EXPECT_TRUE(becomes_active(there)) << there.last_words();
  EXPECT_EQ(health_of(there).subscription, id);
  EXPECT_TRUE(delivers(there, 600)) << there.last_words();
  EXPECT_EQ(calls_of(cloud, "POST", create_path), 1) << "resumed, not made again";

  // The sender comes to its end; what it was told is durable is here, each event once.
  EXPECT_EQ(cloud.control("sender", R"({"rate":0})").status, 200);
  EXPECT_TRUE(wait_until([&] { return sent_of(cloud, "on_their_way") == 0; }, patience)) << cloud.state();
  const std::uint64_t acknowledged = sent_of(cloud, "acknowledged");
  EXPECT_EQ(sent_of(cloud, "lost"), 0U);
  const auto dropped = [&] { return audited_ids(there.path("audit.jsonl"), "dropped"); };
  EXPECT_TRUE(
      wait_until([&] { return delivered(there).size() + dropped().size() >= acknowledged; }, patience));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  const auto here = delivered(there), let_go = dropped();
  EXPECT_EQ(here.size() + let_go.size(), acknowledged) << "nothing lost, nothing doubled";
  std::set<std::string> different(here.begin(), here.end());
  different.insert(let_go.begin(), let_go.end());
  EXPECT_EQ(different.size(), acknowledged) << "and nothing in place of another";
}

struct meddling {
  const char* name;
  void (*meddle)(const sandbox& cloud, const subscription_row& with);
  bool keeps_its_id;
};

std::string other_endpoint(const subscription_row& of) {
  return R"({"name":")" + of.name +
         R"(","destination":{"type":"http","endpoint":"http://127.0.0.1:1/elsewhere"},)"
         R"("filter":{"eventSources":["conversation:transcript","interaction:analytics"]},"retentionPeriodDays":30})";
}

class organisation_that_changes : public ::testing::TestWithParam<meddling> {};

TEST_P(organisation_that_changes, is_put_right_within_the_check_interval) {
  sandbox cloud({"--rate", "100", "--batch", "5"}, tls);
  node there(organisation_node(), addresses_of(cloud));
  there.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  const subscription_row before = subscriptions_of(cloud).at(0);
  GetParam().meddle(cloud, before);
  EXPECT_TRUE(wait_until([&] { return there.metric("sluice_subscription_repairs_total") == 1; }, patience))
      << there.last_words();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  const auto after = subscriptions_of(cloud);
  ASSERT_EQ(after.size(), 1U) << cloud.state();
  EXPECT_EQ(after[0].status, "active");
  EXPECT_EQ(after[0].endpoint, before.endpoint);
  EXPECT_EQ(after[0].id == before.id, GetParam().keeps_its_id);
  EXPECT_EQ(health_of(there).subscription, after[0].id);
  const std::size_t come = delivered(there).size();
  EXPECT_TRUE(delivers(there, come + 20)) << "events come again";
  there.restart();
  EXPECT_EQ(health_of(there).subscription, after[0].id) << "the next start knows the new one";
}

INSTANTIATE_TEST_SUITE_P(
    table, organisation_that_changes,
    ::testing::Values(meddling{"dropped",
                               [](const sandbox& cloud, const subscription_row& with) {
                                 ASSERT_EQ(cloud.api(cloud.token(), "DELETE", "/" + with.id).status, 204);
                               },
                               false},
                      meddling{"set_inactive",
                               [](const sandbox& cloud, const subscription_row& with) {
                                 const auto done = cloud.control("subscriptions/" + with.id + "/status",
                                                                 R"({"status":"inactive"})");
                                 ASSERT_EQ(done.status, 200) << done.body;
                               },
                               true},
                      meddling{"sent_elsewhere",
                               [](const sandbox& cloud, const subscription_row& with) {
                                 const auto done =
                                     cloud.api(cloud.token(), "PUT", "/" + with.id, other_endpoint(with));
                                 ASSERT_EQ(done.status, 200) << done.body;
                               },
                               true}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(genesys, makes_one_subscription_also_when_the_answer_to_its_create_is_lost) {
  sandbox cloud({"--rate", "0"}, tls);
  ASSERT_EQ(
      cloud.control("faults", R"({"method":"POST","path":"/api/v2/eventbridge","lose_answer":true})").status,
      200);
  node there(organisation_node(), addresses_of(cloud));
  there.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  ASSERT_EQ(subscriptions_of(cloud).size(), 1U) << cloud.state();
  EXPECT_EQ(subscriptions_of(cloud)[0].id, health_of(there).subscription);
  EXPECT_EQ(calls_of(cloud, "POST", create_path), 1);
}

/// Failures of the organisation that end, with what the node says when they last.
struct spell {
  const char* name;
  const char* fault;
  std::vector<std::string> lines;  ///< regular expressions
};

class organisation_that_recovers : public ::testing::TestWithParam<spell> {};

TEST_P(organisation_that_recovers, is_waited_for) {
  sandbox cloud({"--rate", "0"}, tls);
  ASSERT_EQ(cloud.control("faults", GetParam().fault).status, 200);
  node there(organisation_node(), addresses_of(cloud));
  there.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  EXPECT_EQ(subscriptions_of(cloud).size(), 1U) << cloud.state();
  const auto said = subscription_lines(there);
  ASSERT_EQ(said.size(), GetParam().lines.size()) << there.errors();
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_THAT(said[i], ContainsRegex(GetParam().lines[i]));
}

INSTANTIATE_TEST_SUITE_P(
    table, organisation_that_recovers,
    ::testing::Values(spell{"a_rate_limit_that_ends",
                            R"({"method":"POST","path":"/api","status":429,"retry_after":1,"times":2})",
                            {"events come through"}},
                      spell{"server_errors_that_end_soon",
                            R"({"path":"/api","status":502,"times":2})",
                            {"events come through"}},
                      spell{"server_errors_that_last_a_while",
                            R"({"path":"/api","status":502,"times":8})",
                            {"502", "events come through", "goes on"}},
                      spell{"a_login_that_hangs_up",
                            R"({"path":"/oauth","lose_answer":true,"times":2})",
                            {"events come through"}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(genesys, waits_for_an_organisation_that_is_away_at_the_start) {
  sandbox cloud({"--rate", "0"}, tls);
  cloud.stop();
  node there(organisation_node(), addresses_of(cloud));
  there.start();
  const auto failed = [&] {
    return there.metric("sluice_subscription_checks_total", {{"outcome", "failed"}});
  };
  EXPECT_TRUE(wait_until([&] { return failed() >= 1; }, patience)) << there.last_words();
  EXPECT_EQ(health_of(there).status, 200);
  batch_maker maker(8, 0);
  EXPECT_EQ(there.post(maker.next_for(warehouse, 5).body).status, 200);
  cloud.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  EXPECT_THAT(subscription_lines(there), ElementsAre(ContainsRegex("cannot connect|refused"),
                                                     HasSubstr("events come through"), "goes on"));
  EXPECT_TRUE(delivers(there, 5));
}

/// What goes wrong on the organisation's side, and the one line that says so.
struct trouble {
  const char* name;
  std::vector<std::string> cloud;    ///< its arguments
  std::vector<std::string> section;  ///< lines of the node's section
  const char* fault;                 ///< for the organisation; empty: none
  const char* line;                  ///< regular expression
};

class organisation_in_trouble : public ::testing::TestWithParam<trouble> {};

TEST_P(organisation_in_trouble, is_told_in_one_line_and_the_node_takes_events_regardless) {
  const trouble& t = GetParam();
  sandbox cloud(t.cloud, tls);
  if (*t.fault != '\0') {
    ASSERT_EQ(cloud.control("faults", t.fault).status, 200);
  }
  node there(organisation_node(t.section), addresses_of(cloud));
  there.start();
  EXPECT_TRUE(wait_until(
      [&] {
        return there.metric("sluice_subscription_checks_total", {{"outcome", "failed"}}) >= 2;
      },
      patience))
      << there.last_words();
  const health_report now = health_of(there);
  EXPECT_EQ(now.status, 200) << "it takes events";
  EXPECT_EQ(now.subscription, "");
  EXPECT_EQ(now.subscription_status, "failing");
  EXPECT_EQ(there.metric("sluice_subscription_active"), 0);
  batch_maker maker(7, 0);
  EXPECT_EQ(there.post(maker.next_for(warehouse, 5).body).status, 200);
  EXPECT_TRUE(delivers(there, 5));
  const auto said = subscription_lines(there);
  ASSERT_EQ(said.size(), 1U) << "told once, not every second:\n" << there.errors();
  EXPECT_THAT(said[0], ContainsRegex(t.line));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
}

INSTANTIATE_TEST_SUITE_P(
    table, organisation_in_trouble,
    ::testing::Values(
        trouble{"wrong_secret", {}, {"client_secret: wrong"}, "", "client_id.*client_secret|credentials"},
        trouble{"missing_scope",
                {"--client", "sandbox-client:sandbox-secret:eventbridge:subscriptions:read"},
                {},
                "",
                "403.*eventbridge:subscriptions:write|eventbridge:subscriptions:write.*403"},
        trouble{"too_many_requests",
                {},
                {},
                R"({"path":"/api","status":429,"retry_after":1,"times":100000})",
                "429"},
        trouble{"server_errors",
                {},
                {},
                R"({"path":"/api","status":503,"body":"under repair","times":100000})",
                "503.*under repair"},
        trouble{"login_errors", {}, {}, R"({"path":"/oauth","status":500,"times":100000})", "500"},
        trouble{"not_trusted", {}, {"ca:"}, "", "certificate.*ca|ca.*certificate"}),
    [](const auto& row) { return std::string(row.param.name); });

struct mistake {
  const char* name;
  std::vector<std::string> section;
  const char* line;  ///< regular expression behind the place
};

class organisation_misconfigured : public ::testing::TestWithParam<mistake> {};

TEST_P(organisation_misconfigured, is_refused_in_one_line) {
  auto section = GetParam().section;
  if (!section.empty()) section.emplace_back("ca:");  // what is wrong is something else
  node there(organisation_node(section), {{"cloud", "https://127.0.0.1:1"}, {"ca", "/nowhere/ca.pem"}});
  const std::string file = there.config_file().string();
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"check", file}, {"run", "--config", file}}) {
    const finished refused = run(sluice_binary(), call);
    EXPECT_EQ(refused.how, (exit_status{78, 0})) << refused.errors;
    EXPECT_THAT(refused.errors, ContainsRegex(GetParam().line));
    EXPECT_EQ(std::ranges::count(refused.errors, '\n'), 1) << refused.errors;
  }
  EXPECT_FALSE(std::filesystem::exists(there.path("warehouse.jsonl"))) << "nothing began";
}

std::string subscription_with(const std::string& more) {
  return R"(subscription: { name: s, endpoint: "https://node.example/v1/events", sources: [ a ], )" + more +
         " }";
}

INSTANTIATE_TEST_SUITE_P(
    table, organisation_misconfigured,
    ::testing::Values(
        mistake{
            "unknown_region", {"region: us-east-9"}, "genesys\\.region: `us-east-9` .*us-east-1.*eu-west-1"},
        mistake{"no_secret", {"client_secret:"}, "genesys\\.client_secret: is missing"},
        mistake{"retention_0",
                {subscription_with("retention_days: 0")},
                "yaml:[0-9]+:[0-9]+: genesys\\.subscription\\.retention_days: .*1 to 365"},
        mistake{"retention_366",
                {subscription_with("retention_days: 366")},
                "yaml:[0-9]+:[0-9]+: genesys\\.subscription\\.retention_days: .*1 to 365"},
        mistake{"events_1001",
                {subscription_with("max_events_per_second: 1001")},
                "yaml:[0-9]+:[0-9]+: genesys\\.subscription\\.max_events_per_second: .*1 to 1000"},
        mistake{"endpoint_unencrypted",
                {R"(subscription: { name: s, endpoint: "http://node.example/", sources: [ a ] })"},
                "yaml:[0-9]+:[0-9]+: genesys\\.subscription\\.endpoint: .*https"},
        mistake{"no_sources",
                {R"(subscription: { name: s, endpoint: "https://node.example/", sources: [] })"},
                "yaml:[0-9]+:[0-9]+: genesys\\.subscription\\.sources: .*at least one"},
        mistake{"no_authority", {}, "yaml:[0-9]+:[0-9]+: genesys\\.ca: `/nowhere/ca.pem` cannot be read"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sluice::testing
