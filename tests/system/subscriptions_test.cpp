// Goal: the subscriptions of an organisation are managed from the command line, and whatever goes wrong is
// told in one line that says what to do, with the exit code of the contract. Method: the program against the
// emulated Genesys Cloud, which fails on request.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/json_scan.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sandbox.hpp"
#include "tests/system/organisation.hpp"

namespace sluice::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr exit_status done{0, 0}, failed{1, 0}, wrong_use{2, 0}, bad_configuration{78, 0};

constexpr std::string_view section = R"(
genesys:
  login_url: "{cloud}"
  base_url: "{cloud}"
  client_id: sandbox-client
  client_secret: {secret}
  subscription: { name: analytics, endpoint: "https://node.example/v1/events", sources: [ "conversation:transcript", audit ] }
)";

class subscriptions : public ::testing::Test {
 protected:
  explicit subscriptions(std::vector<std::string> arguments = {},
                         sandbox::transport how = sandbox::transport::plain)
      : cloud(std::move(arguments), how) {
    configure(std::string(section));
  }

  void configure(const std::string& text, const std::string& secret = "sandbox-secret") {
    write_text(file,
               substitute(text, {{"cloud", cloud.url()}, {"ca", cloud.authority()}, {"secret", secret}}));
  }
  finished call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "subscriptions");
    arguments.insert(arguments.end(), {"--config", file});
    return run(sluice_binary(), arguments);
  }
  /// The next `times` calls of that method fail like this.
  void fault(const std::string& method, const std::string& what, int times = 1) const {
    const http_answer said = cloud.control("faults", R"({"path":"/","method":")" + method + R"(","times":)" +
                                                         std::to_string(times) + "," + what + "}");
    ASSERT_EQ(said.status, 200) << said.body;
  }
  std::string subscribe(const std::string& name) const {
    return cloud.subscribe(R"({"name":")" + name +
                           R"(","destination":{"type":"http","endpoint":"https://node.example/v1/events"},)"
                           R"("filter":{"eventSources":["audit"]},"retentionPeriodDays":30})");
  }

  temp_dir dir;
  std::string file = (dir.path() / "node.yaml").string();
  sandbox cloud;
};

TEST_F(subscriptions, are_created_shown_verified_and_deleted) {
  const finished before = call({"verify"});
  EXPECT_EQ(before.how, failed);
  EXPECT_EQ(before.output, "there is no subscription of the name analytics\n");

  const finished created = call({"create", "--json"});
  ASSERT_EQ(created.how, done) << created.errors;
  const std::string id = json::text_of(created.output, "id");
  ASSERT_EQ(subscriptions_of(cloud).size(), 1U);
  EXPECT_EQ(subscriptions_of(cloud)[0].id, id);
  EXPECT_EQ(subscriptions_of(cloud)[0].endpoint, "https://node.example/v1/events");

  const finished verified = call({"verify"});
  EXPECT_EQ(verified.how, done) << verified.output << verified.errors;
  EXPECT_EQ(verified.output, "analytics (" + id + ") is as it shall be\n");

  const finished shown = call({"show"});
  EXPECT_EQ(shown.how, done) << shown.errors;
  EXPECT_THAT(shown.output, AllOf(ContainsRegex("name +analytics\n"), ContainsRegex("status +active\n"),
                                  ContainsRegex("sources +conversation:transcript, audit\n")));
  EXPECT_EQ(call({"show", "--id", id}).output, shown.output);

  const finished twice = call({"create"});
  EXPECT_EQ(twice.how, failed);
  EXPECT_THAT(twice.errors, HasSubstr("analytics exists already (" + id + ")"));

  const finished deleted = call({"delete", "--yes"});
  EXPECT_EQ(deleted.how, done) << deleted.errors;
  EXPECT_THAT(subscriptions_of(cloud), IsEmpty());
  EXPECT_EQ(call({"delete", "--yes"}).how, failed) << "there is none any more";
}

TEST_F(subscriptions, are_told_apart_by_flags) {
  ASSERT_EQ(call({"create", "--name", "other", "--endpoint", "http://127.0.0.1:8080/v1/events", "--source",
                  "a", "--source", "b", "--retention-days", "365"})
                .how,
            done);
  const finished shown = call({"show", "other", "--json"});
  EXPECT_EQ(json::text_of(shown.output, "endpoint"), "http://127.0.0.1:8080/v1/events");
  EXPECT_EQ(json::elements(json::find(shown.output, "sources").value()).size(), 2U);
  EXPECT_EQ(json::find(shown.output, "retention_days"), "365");
}

TEST_F(subscriptions, that_differ_are_told_difference_by_difference) {
  const std::string id = subscribe("analytics");
  ASSERT_EQ(cloud.control("subscriptions/" + id + "/status", R"({"status":"inactive"})").status, 200);
  const finished verified = call({"verify", "--retention-days", "7"});
  EXPECT_EQ(verified.how, failed);
  EXPECT_EQ(
      verified.output,
      "sources lack conversation:transcript\nstatus is inactive, not active\nretention is 30 days, not 7\n");
  const finished for_programs = call({"verify", "--json"});
  EXPECT_EQ(for_programs.how, failed);
  EXPECT_EQ(json::find(for_programs.output, "as_wanted"), "false");
  EXPECT_EQ(json::elements(json::find(for_programs.output, "differences").value()).size(), 2U);
}

TEST_F(subscriptions, are_listed_over_all_pages) {
  EXPECT_EQ(call({"list"}).output, "no subscriptions\n");
  for (int i = 0; i < 60; ++i) subscribe("s" + std::to_string(100 + i));
  const finished listed = call({"list"});
  ASSERT_EQ(listed.how, done) << listed.errors;
  EXPECT_EQ(std::ranges::count(listed.output, '\n'), 61);
  EXPECT_THAT(listed.output, ContainsRegex("^NAME +STATUS +ID +DAYS +ENDPOINT +SOURCES\ns100 +active "));
  EXPECT_EQ(json::elements(call({"list", "--json"}).output).size(), 60U);
}

TEST_F(subscriptions, are_not_touched_by_a_dry_run) {
  const finished create = call({"create", "--dry-run"});
  EXPECT_EQ(create.how, done);
  EXPECT_THAT(create.output, AllOf(HasSubstr("POST " + cloud.url() + "/api/v2/eventbridge/subscriptions\n"),
                                   HasSubstr("\"endpoint\": \"https://node.example/v1/events\""),
                                   Not(HasSubstr("Bearer")), Not(HasSubstr("sandbox-secret"))));
  EXPECT_EQ(calls_of(cloud, "POST"), 0) << "not even a token was asked for";
  const finished for_programs = call({"create", "--dry-run", "--json"});
  EXPECT_EQ(json::text_of(json::find(for_programs.output, "body").value(), "name"), "analytics");

  const std::string id = subscribe("analytics");
  const finished remove = call({"delete", "--dry-run"});
  EXPECT_EQ(remove.how, done);
  EXPECT_THAT(remove.output, HasSubstr("DELETE " + cloud.url() + "/api/v2/eventbridge/subscriptions/" + id));
  EXPECT_EQ(subscriptions_of(cloud).size(), 1U);
}

TEST_F(subscriptions, are_not_deleted_when_nobody_can_be_asked) {
  subscribe("analytics");
  const finished refused = call({"delete"});
  EXPECT_EQ(refused.how, wrong_use);
  EXPECT_THAT(refused.errors, HasSubstr("--yes deletes without asking"));
  EXPECT_EQ(subscriptions_of(cloud).size(), 1U);
}

TEST_F(subscriptions, that_are_wrong_are_refused_before_anything_is_sent) {
  const finished refused = call({"create", "--endpoint", "http://node.example/", "--retention-days", "366"});
  EXPECT_EQ(refused.how, wrong_use);
  EXPECT_EQ(refused.errors,
            "--endpoint: sends events unencrypted; allowed is an https URL, or http on loopback\n"
            "--retention-days: is 366; allowed is 1 to 365\n");
  EXPECT_EQ(calls_of(cloud, "POST"), 0);
}

TEST_F(subscriptions, are_created_once_although_the_answer_is_lost) {
  ASSERT_EQ(call({"list"}).how, done);
  ASSERT_EQ(cloud.control("faults", R"({"path":"/api","method":"POST","lose_answer":true})").status, 200);
  const finished created = call({"create"});
  EXPECT_EQ(created.how, done) << created.errors;
  EXPECT_EQ(subscriptions_of(cloud).size(), 1U);
}

TEST_F(subscriptions, come_through_the_rate_limit_and_say_why_it_takes_time) {
  fault("GET", R"("status":429)");
  const finished listed = call({"list"});
  EXPECT_EQ(listed.how, done) << listed.errors;
  EXPECT_EQ(listed.errors, "waiting 1 s before the next attempt\n");
}

TEST_F(subscriptions, come_through_a_fault_and_a_token_that_was_revoked) {
  fault("GET", R"("status":503)");
  fault("GET", R"("status":401)");
  EXPECT_EQ(call({"list"}).how, done);
}

struct told {
  const char* name;
  const char* fault;
  int times;
  const char* expected;
};

TEST_F(subscriptions, that_cannot_be_had_are_told_in_one_line) {
  const told rows[] = {
      {"permission",
       R"("status":403,"body":"{\"message\":\"no\",\"messageParams\":{\"permissions\":\"eventbridge:subscriptions:view\"}}")",
       1, "answer 403: no.*give the client of genesys.client_id a role with eventbridge:subscriptions:view"},
      {"token", R"("status":401)", 2,
       "answer 401: .*a new token for genesys.client_id is not accepted either"},
      {"too much", R"("status":429,"retry_after":181)", 1, "answer 429: .*too many calls with this client"},
      {"not there", R"("status":501)", 1, "answer 501: This failure was asked for. \\(correlation id .*\\)"},
      {"no JSON", R"("status":200,"body":"<html>")", 1,
       "the answer cannot be understood: the answer is no JSON"},
  };
  for (const told& row : rows) {
    fault("GET", row.fault, row.times);
    const finished refused = call({"list"});
    EXPECT_EQ(refused.how, failed) << row.name;
    EXPECT_THAT(refused.errors, ContainsRegex(row.expected)) << row.name;
    EXPECT_EQ(std::ranges::count(refused.errors, '\n'), 1) << row.name << ": " << refused.errors;
  }
}

TEST_F(subscriptions, need_the_right_credentials) {
  configure(std::string(section), "not-the-secret");
  const finished refused = call({"list"});
  EXPECT_EQ(refused.how, failed);
  EXPECT_THAT(refused.errors, HasSubstr("genesys.client_id or genesys.client_secret is wrong"));
  EXPECT_THAT(refused.errors + refused.output, Not(HasSubstr("not-the-secret")));
}

TEST_F(subscriptions, need_a_section_in_the_configuration) {
  configure("ingest: { listen: 127.0.0.1:8080 }\n");
  const finished none = call({"list"});
  EXPECT_EQ(none.how, bad_configuration);
  EXPECT_THAT(none.errors, HasSubstr("genesys: is missing"));
  configure("genesys: { region: us-east-3 }\n");
  const finished wrong = call({"list"});
  EXPECT_EQ(wrong.how, bad_configuration);
  EXPECT_THAT(wrong.errors, HasSubstr("us-east-1 (mypurecloud.com)"));
}

TEST_F(subscriptions, are_planned_and_what_is_missing_is_created) {
  const std::vector<std::string> planned{"plan", "--rate", "2600", "--sources", "audit=900,b,c"};
  std::vector<std::string> applied = planned;
  applied.insert(applied.end(), {"--apply", "--json"});

  const finished shown = call(planned);
  ASSERT_EQ(shown.how, done) << shown.errors;
  EXPECT_THAT(shown.output,
              ContainsRegex("analytics-1 +900 +1 +audit\nanalytics-2 +850 +1 +b\nanalytics-3 +850 +1 +c\n"));
  EXPECT_THAT(subscriptions_of(cloud), IsEmpty());

  subscribe("analytics-1");
  const finished first = call(applied);
  ASSERT_EQ(first.how, done) << first.errors;
  std::vector<std::string> outcomes;
  for (const auto one : json::elements(json::find(first.output, "subscriptions").value()))
    outcomes.push_back(json::text_of(one, "outcome"));
  EXPECT_THAT(outcomes, ::testing::ElementsAre("there", "created", "created"));
  EXPECT_EQ(subscriptions_of(cloud).size(), 3U);

  applied.back() = "--retention-days=7";
  const finished differing = call(applied);
  EXPECT_EQ(differing.how, failed);
  EXPECT_THAT(differing.output, HasSubstr("there, but retention is 30 days, not 7"));
  EXPECT_EQ(subscriptions_of(cloud).size(), 3U);
}

TEST(subscription_plan, needs_no_organisation_and_refuses_what_cannot_be_split) {
  const auto plan = [](const std::string& sources) {
    return run(sluice_binary(), {"subscriptions", "plan", "--rate", "4500", "--sources", sources});
  };
  EXPECT_EQ(plan("a,b,c,d,e").how, done);
  const finished refused = plan("a=4000,b");
  EXPECT_EQ(refused.how, wrong_use);
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr("--sources: a alone brings 4000 events/s"), HasSubstr("Name narrower kinds")));
  EXPECT_EQ(run(sluice_binary(), {"subscriptions", "plan", "--rate", "10", "--sources", "a", "--apply"}).how,
            wrong_use);
  EXPECT_EQ(run(sluice_binary(), {"subscriptions", "plan", "--rate", "10"}).how, wrong_use);
}

class subscriptions_over_tls : public subscriptions {
 protected:
  subscriptions_over_tls() : subscriptions({}, sandbox::transport::tls) {}
};

TEST_F(subscriptions_over_tls, are_reached_when_the_authority_is_named) {
  const finished distrusted = call({"list"});
  EXPECT_EQ(distrusted.how, failed);
  EXPECT_THAT(distrusted.errors,
              AllOf(HasSubstr("the certificate is not believed"), HasSubstr("genesys.ca names")));
  configure(std::string(section) + "  ca: \"{ca}\"\n");
  const finished listed = call({"list"});
  EXPECT_EQ(listed.how, done) << listed.errors;
}

TEST_F(subscriptions_over_tls, say_which_authority_cannot_be_read) {
  configure(std::string(section) + "  ca: /nowhere.pem\n");
  const finished refused = call({"list"});
  EXPECT_EQ(refused.how, bad_configuration);
  EXPECT_THAT(refused.errors, HasSubstr("genesys.ca"));
}

}  // namespace
}  // namespace sluice::testing
