// Goal: one operation, from its token to its answer, on every way it can go. Method: a task against the model
// in virtual time; the log says what was sent, the waits how long it was patient.
#include "actors/subscription/answer.hpp"
#include "actors/subscription/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/subscription/specification.hpp"
#include "tests/actors/subscription/world.hpp"

namespace sluice::subscription::testing {
namespace {

using namespace std::chrono_literals;
using net::http::method;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* token_call = "POST /oauth/token";
constexpr const char* get_call = "GET /api/v2/eventbridge/subscriptions?pageSize=25&pageNumber=1";
constexpr const char* post_call = "POST /api/v2/eventbridge/subscriptions";

class api_test : public ::testing::Test {
 protected:
  called<net::http::reply> get() {
    return there.run(out, with.call({method::get, std::string(collection) + "?pageSize=25&pageNumber=1"}));
  }
  called<net::http::reply> post() {
    return there.run(out, with.call({method::post, collection, create_body(what.wanted)}));
  }
  static std::string text(const called<net::http::reply>& failed) { return to_string(failed.error().why); }

  settings what = known_settings();
  world there;
  outside out{there.random()};
  net::oauth2::token_cache tokens{tokens_for(what.credentials)};
  api with{out, tokens, what.hosts};
};

TEST_F(api_test, fetches_a_token_once_and_sends) {
  EXPECT_TRUE(get());
  EXPECT_TRUE(get());
  EXPECT_THAT(there.cloud.log, ElementsAre(token_call, get_call, get_call));
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, renews_the_token_in_time) {
  EXPECT_TRUE(get());
  there.pass(86'400s - 5min);
  EXPECT_TRUE(get());
  EXPECT_EQ(there.cloud.tokens_given, 2u);
}

TEST_F(api_test, goes_on_with_an_ageing_token_while_it_cannot_be_renewed) {
  EXPECT_TRUE(get());
  there.pass(86'400s - 5min);
  there.cloud.next(host::login, "", not_sent());
  EXPECT_TRUE(get());
  EXPECT_THAT(there.cloud.log, ElementsAre(token_call, get_call, token_call, get_call));
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, meets_a_401_with_a_new_token_once) {
  there.cloud.next(host::api, "", answered(401));
  EXPECT_TRUE(get());
  EXPECT_THAT(there.cloud.log, ElementsAre(token_call, get_call, token_call, get_call));
}

TEST_F(api_test, says_that_a_new_token_is_refused_too) {
  there.cloud.next(host::api, "", answered(401));
  there.cloud.next(host::api, "",
                   answered(401, R"({"message":"Invalid login credentials.","contextId":"c-1"})"));
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().status, 401);
  EXPECT_EQ(
      text(failed),
      "GET https://api.example/api/v2/eventbridge/subscriptions?pageSize=25&pageNumber=1: answer 401: "
      "Invalid login credentials. (correlation id c-1); a new token for genesys.client_id is not accepted "
      "either: does the client belong to this region, and is it enabled?");
  EXPECT_EQ(there.cloud.log.size(), 4u);
}

TEST_F(api_test, repeats_a_post_after_401_because_it_was_not_carried_out) {
  there.cloud.next(host::api, "", answered(401));
  EXPECT_TRUE(post());
  EXPECT_EQ(there.cloud.subscriptions.size(), 1u);
}

TEST_F(api_test, names_the_permission_that_is_missing) {
  there.cloud.next(host::api, "", answered(403, R"({"message":"Unable to perform the requested action.",
      "messageParams":{"permissions":"eventbridge:subscriptions:edit"}})"));
  EXPECT_THAT(text(get()),
              HasSubstr("answer 403: Unable to perform the requested action.; give the client of "
                        "genesys.client_id a role with eventbridge:subscriptions:edit"));
  there.cloud.next(host::api, "", answered(403, "<html>"));
  EXPECT_THAT(text(get()), HasSubstr("a role with eventbridge:subscriptions:read"));
  there.cloud.next(host::api, "", answered(403));
  EXPECT_THAT(text(post()), HasSubstr("a role with eventbridge:subscriptions:write"));
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, waits_one_two_and_four_seconds_at_the_rate_limit) {
  for (int i = 0; i < 3; ++i) there.cloud.next(host::api, "", answered(429));
  EXPECT_TRUE(post());
  EXPECT_THAT(there.waits, ElementsAre(1s, 2s, 4s));
}

TEST_F(api_test, gives_up_after_the_fourth_429) {
  for (int i = 0; i < 4; ++i) there.cloud.next(host::api, "", answered(429, "", "5"));
  const auto failed = post();
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().perhaps_done);
  EXPECT_THAT(text(failed), HasSubstr("answer 429; too many calls with this client, try later"));
  EXPECT_THAT(there.waits, ElementsAre(5s, 5s, 5s));
}

TEST_F(api_test, does_not_wait_longer_than_three_minutes) {
  there.cloud.next(host::api, "", answered(429, "", "181"));
  EXPECT_FALSE(get());
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, comes_through_faults_that_pass) {
  there.cloud.next(host::api, "", answered(503));
  there.cloud.next(host::api, "", lost());
  there.cloud.next(host::api, "", not_sent());
  there.cloud.next(host::api, "", answered(500));
  EXPECT_TRUE(get());
  EXPECT_THAT(there.waits, ElementsAre(250ms, 500ms, 1s, 2s));
}

TEST_F(api_test, shows_a_fault_that_stays) {
  const std::string body(300, 'x');
  for (int i = 0; i < 5; ++i) {
    fate five = answered(502, body);
    five.reply.fields = {{"inin-correlation-id", "c-" + std::to_string(i)}};
    there.cloud.next(host::api, "", five);
  }
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().status, 502);
  EXPECT_THAT(text(failed), HasSubstr("answer 502: " + std::string(200, 'x') + "... (correlation id c-4)"));
  EXPECT_EQ(there.waits.size(), 4u);
}

TEST_F(api_test, does_not_repeat_a_501) {
  there.cloud.next(host::api, "", answered(501));
  EXPECT_FALSE(get());
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, does_not_repeat_a_post_that_may_have_been_carried_out) {
  for (const fate& by : {lost_answer(), lost(), answered(500), answered(504)}) {
    there.cloud.next(host::api, "POST", by);
    const auto failed = post();
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().perhaps_done);
  }
  EXPECT_THAT(there.cloud.log, ElementsAre(token_call, post_call, post_call, post_call, post_call));
  EXPECT_EQ(there.cloud.subscriptions.size(), 1u);
}

TEST_F(api_test, repeats_a_post_that_was_not_sent) {
  there.cloud.next(host::api, "POST", not_sent());
  EXPECT_TRUE(post());
  EXPECT_EQ(there.cloud.subscriptions.size(), 1u);
}

TEST_F(api_test, says_that_the_certificate_is_not_believed) {
  there.cloud.next(host::api, "", untrusted());
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().why.code, errc::untrusted);
  EXPECT_THAT(text(failed), HasSubstr("the certificate is not believed (self-signed certificate); genesys.ca "
                                      "names one more authority to believe"));
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, says_so_of_the_login_host_too) {
  there.cloud.next(host::login, "", untrusted());
  EXPECT_THAT(text(get()),
              StartsWith("POST https://login.example/oauth/token: the certificate is not believed"));
  EXPECT_TRUE(there.waits.empty());
}

TEST_F(api_test, is_patient_with_the_login_host) {
  there.cloud.next(host::login, "", answered(503));
  there.cloud.next(host::login, "", answered(429));
  there.cloud.next(host::login, "", not_sent());
  EXPECT_TRUE(get());
  EXPECT_THAT(there.waits, ElementsAre(250ms, 1s, 500ms));
  EXPECT_EQ(tokens.requests(), 4u);
}

TEST_F(api_test, does_not_repeat_wrong_credentials) {
  there.cloud.next(host::login, "", answered(400, R"({"error":"invalid_client","description":"no"})"));
  EXPECT_EQ(text(get()),
            "POST https://login.example/oauth/token: genesys.client_id or genesys.client_secret is "
            "wrong (invalid_client: no)");
  EXPECT_THAT(there.cloud.log, ElementsAre(token_call));
}

TEST_F(api_test, shows_neither_secret_nor_token) {
  there.cloud.next(host::api, "", answered(400, R"({"message":"Bearer token-1 of the-secret is bad"})"));
  EXPECT_THAT(text(get()), HasSubstr("answer 400: Bearer *** of *** is bad"));
}

TEST_F(api_test, shows_a_request_without_its_token) {
  const auto shown = api::outgoing_of({method::post, collection, "{}"});
  EXPECT_EQ(shown.content_type, "application/json");
  EXPECT_THAT(shown.fields, ElementsAre(::testing::Pair("Accept", "application/json")));
}

}  // namespace
}  // namespace sluice::subscription::testing
