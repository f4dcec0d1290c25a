// Goal: no secret and no token leaves the process but to the host that it is for. Method: canaries for both,
// an organisation that repeats them in its errors, and then everything that the node said or wrote, byte by
// byte.
#include <gmock/gmock.h>

#include <map>

#include "tests/support/receiver.hpp"
#include "tests/system/organisation.hpp"

namespace sluice::testing {
namespace {

using ::testing::_;
using ::testing::Contains;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr milliseconds patience(60'000);

/// As it is, as a form and a URL have it, and as Basic credentials have it: alone and behind the client's id.
const std::string secret = "S3cr3t/+&=canary?";
const std::map<std::string, std::string> canaries{
    {"secret", secret},
    {"secret in a form", "S3cr3t%2F%2B%26%3Dcanary%3F"},
    {"secret in a form, lower case", "S3cr3t%2f%2b%26%3dcanary%3f"},
    {"secret in base64", "UzNjcjN0LysmPWNhbmFyeT8="},
    {"credentials in base64", "c2FuZGJveC1jbGllbnQ6UzNjcjN0LysmPWNhbmFyeT8="},
    {"token", "T0ken-canary"},
};

/// A text that repeats all that its sender was told, as a careless peer's error may.
std::string echo(bool token_too) {
  std::string all;
  for (const auto& [name, text] : canaries) {
    if (name != "token" || token_too) all += " [" + text + "]";
  }
  return all;
}

void expect_no_canary(const std::string& where, const std::string& text) {
  for (const auto& [name, canary] : canaries) {
    const auto at = text.find(canary);
    EXPECT_EQ(at, std::string::npos) << name << " stands in " << where << ": …"
                                     << (at == std::string::npos ? ""
                                                                 : text.substr(at < 200 ? 0 : at - 200, 300));
  }
}

/// What it answers, says and writes; its configuration alone may hold a secret.
void expect_no_canary_of(const node& there) {
  expect_no_canary("/health", get(there.port(), "/health").body);
  expect_no_canary("/metrics", get(there.port(), "/metrics").body);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(there.path(""))) {
    if (entry.is_regular_file() && entry.path() != there.config_file())
      expect_no_canary(entry.path().string(), read_text(entry.path()));
  }
  const finished checked = run(sluice_binary(), {"check", there.config_file().string()});
  EXPECT_EQ(checked.how, exit_status{}) << checked.errors;
  expect_no_canary("check", checked.output + checked.errors);
}

TEST(secrets, are_in_nothing_that_the_node_says_or_writes) {
  sandbox cloud({"--rate", "200", "--client", "sandbox-client:" + secret}, sandbox::transport::tls);
  node there(organisation_node({"client_secret: \"" + secret + "\""}) + "log: { level: debug }\n",
             addresses_of(cloud));
  const auto failed = [&] {
    return there.metric("sluice_subscription_checks_total", {{"outcome", "failed"}});
  };
  const auto fails_more = [&] {
    return wait_until([&, before = failed()] { return failed() > before; }, patience);
  };
  const auto must = [&](const std::string& fault) {
    const auto done = cloud.control("faults", fault);
    ASSERT_EQ(done.status, 200) << done.body;
  };

  there.start();
  ASSERT_TRUE(becomes_active(there)) << there.last_words();
  EXPECT_TRUE(wait_until([&] { return there.metric("sluice_events_received_total") > 50; }, patience));

  // A token that the API does not know, so that it is asked for again; and one that the API repeats.
  const std::string token = R"({"access_token":"T0ken-canary","token_type":"bearer","expires_in":3600})";
  must(R"({"path":"/oauth","status":200,"body":)" + token + R"(,"times":1000})");
  must(R"({"path":"/api","status":401,"times":1})");
  must(R"({"path":"/api","status":500,"body":"no:)" + echo(true) + R"(","times":1000})");
  EXPECT_TRUE(fails_more()) << there.last_words();
  expect_no_canary_of(there);

  // A login host that repeats what it was sent.
  EXPECT_EQ(cloud.request("DELETE", "/sandbox/faults").status, 200);
  const auto login_repeats = [](const std::string& what) {
    return R"({"path":"/oauth","status":400,"body":{"error":"invalid_client","error_description":"no:)" +
           what + R"("},"times":1000})";
  };
  must(login_repeats(echo(true)));
  must(R"({"path":"/api","status":401,"times":1000})");
  EXPECT_TRUE(fails_more()) << there.last_words();
  expect_no_canary_of(there);
  EXPECT_THAT(there.errors(), HasSubstr("invalid_client")) << "what is wrong is said nevertheless";

  // A start that fails from the beginning, by a process that has never seen a token.
  EXPECT_EQ(cloud.request("DELETE", "/sandbox/faults").status, 200);
  must(login_repeats(echo(false)));
  there.restart();
  EXPECT_TRUE(fails_more()) << there.last_words();
  expect_no_canary_of(there);
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
}

TEST(secrets, of_a_webhook_are_in_nothing_that_the_node_says_or_writes) {
  const std::string bearer = "B34rer/canary+x", header = "H34der-canary", sign = "S1gn-canary-of-a-webhook";
  receiver webhook;
  webhook.answer_with([&](const delivery& what, std::size_t number) {
    std::string all = "no: " + sign;
    for (const auto& [name, value] : what.fields)
      if (value.find("canary") != std::string::npos) all += " [" + value + "]";
    return reply{.status = number == 0 ? 500 : 422, .body = all};
  });
  webhook.start();
  node there(webhook_node(", batch: 1, auth: { bearer: \"" + bearer + "\" }, headers: { X-Tenant: " + header +
                          " }, sign: " + sign) +
                 "log: { level: debug }\n",
             {{"receiver", std::to_string(webhook.port())}});
  there.start();
  batch_maker maker(77, 9);
  ASSERT_EQ(there.post(maker.next_for(warehouse, 1).body).status, 200);
  EXPECT_TRUE(wait_until(
      [&] {
        return there.metric("sluice_dead_letters", {{"destination", std::string(warehouse)}}) == 1;
      },
      patience));
  const auto sent = webhook.deliveries();
  ASSERT_GE(sent.size(), 2U);
  EXPECT_THAT(sent[0].fields, Contains(FieldsAre(_, "Bearer " + bearer)));
  EXPECT_THAT(sent[0].fields, Contains(FieldsAre(_, header)));
  const finished listed =
      run(sluice_binary(), {"dead-letters", "list", "--json", "--config", there.config_file().string()});
  EXPECT_THAT(listed.output, HasSubstr("answer 422: no: ***")) << "what it says is kept nevertheless";
  std::string said = listed.output + get(there.port(), "/metrics").body +
                     get(there.port(), "/api/v1/dead-letters").body +
                     get(there.port(), "/api/v1/destinations").body;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(there.path(""))) {
    if (entry.is_regular_file() && entry.path() != there.config_file()) said += read_text(entry.path());
  }
  EXPECT_THAT(said, Not(HasSubstr("canary"))) << there.last_words();
}

TEST(secrets, stand_in_no_error_about_their_configuration) {
  node there(organisation_node({"client_secret: \"" + secret + "${\"", "region: mars"}),
             {{"cloud", "https://x"}, {"ca", "/nowhere"}});
  for (const std::string call : {"check", "run"}) {
    std::vector<std::string> arguments{call};
    if (call == "run") arguments.emplace_back("--config");
    arguments.push_back(there.config_file().string());
    const finished refused = run(sluice_binary(), arguments);
    EXPECT_EQ(refused.how, (exit_status{78, 0})) << refused.errors;
    EXPECT_THAT(refused.errors, HasSubstr("genesys.client_secret"));
    expect_no_canary(call, refused.output + refused.errors);
  }
}

}  // namespace
}  // namespace sluice::testing
