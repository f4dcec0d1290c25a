// Goal: one token for all who ask, renewed in time, dropped when refused, and errors that say which
// credential is wrong without showing it. Method: times passed in, answers by hand.
#include "net/oauth2/token_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/subscription/settings.hpp"

namespace sluice::net::oauth2 {
namespace {

using namespace std::chrono_literals;
using advice = token_cache::advice;
using std::chrono::nanoseconds;

constexpr nanoseconds start = 1000h;

http::attempt answer(int status, std::string body) { return http::reply{status, {}, std::move(body), {}}; }
http::attempt token(const std::string& text, const std::string& life) {
  return answer(200, R"({"access_token":")" + text + R"(","token_type":"bearer","expires_in":)" + life + "}");
}
http::attempt unreachable() {
  return tl::unexpected(http::attempt_failure{{errc::unreachable, "connection refused", {}}, false});
}
token_cache make(std::string scope = {}) {
  return token_cache(token_options{{"the-client", "the-secret", std::move(scope)}});
}

TEST(token_cache, asks_with_basic_authentication_and_a_form) {
  const auto what = make().request();
  EXPECT_EQ(what.method, http::method::post);
  EXPECT_EQ(what.target, "/oauth/token");
  EXPECT_EQ(what.content_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(what.body, "grant_type=client_credentials");
  EXPECT_THAT(what.fields,
              testing::Contains(testing::Pair("Authorization", "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0")));
}

TEST(token_cache, names_a_scope_only_when_there_is_one) {
  EXPECT_EQ(make("a:read b&c").request().body, "grant_type=client_credentials&scope=a%3Aread+b%26c");
}

TEST(token_cache, has_one_fetch_under_way_however_many_ask) {
  token_cache cache = make();
  EXPECT_EQ(cache.ask(start), advice::fetch);
  EXPECT_EQ(cache.ask(start), advice::wait);
  EXPECT_EQ(cache.ask(start + 3s), advice::wait);
  ASSERT_TRUE(cache.fetched(token("t1", "86399"), start + 4s));
  EXPECT_EQ(cache.ask(start + 4s), advice::use);
  EXPECT_EQ(cache.token(), "t1");
  EXPECT_EQ(cache.requests(), 1u);
}

TEST(token_cache, lets_the_next_fetch_after_one_that_failed) {
  token_cache cache = make();
  EXPECT_EQ(cache.ask(start), advice::fetch);
  EXPECT_FALSE(cache.fetched(unreachable(), start));
  EXPECT_EQ(cache.ask(start), advice::fetch);
  EXPECT_EQ(cache.requests(), 2u);
}

struct life_case {
  const char* seconds;
  nanoseconds renewed_after;
};

TEST(token_cache, renews_five_minutes_before_the_end_or_at_half_life) {
  for (const auto& row : {life_case{"86400", 86'400s - 5min}, life_case{"601", 301s}, life_case{"600", 300s},
                          life_case{"599", 299'500ms}, life_case{"60", 30s}, life_case{"1.5", 750ms}}) {
    token_cache cache = make();
    ASSERT_EQ(cache.ask(start), advice::fetch);
    ASSERT_TRUE(cache.fetched(token("t1", row.seconds), start)) << row.seconds;
    EXPECT_EQ(cache.ask(start + row.renewed_after - 1ns), advice::use) << row.seconds;
    EXPECT_EQ(cache.ask(start + row.renewed_after), advice::fetch) << row.seconds;
    EXPECT_EQ(cache.ask(start + row.renewed_after), advice::use) << row.seconds << ", while it is renewed";
  }
}

TEST(token_cache, counts_its_life_from_when_it_was_asked_for) {
  token_cache cache = make();
  ASSERT_EQ(cache.ask(start), advice::fetch);
  ASSERT_TRUE(cache.fetched(token("t1", "60"), start + 20s));
  EXPECT_EQ(cache.ask(start + 30s), advice::fetch);
  EXPECT_FALSE(cache.fetched(unreachable(), start + 31s));
  EXPECT_TRUE(cache.has_token(start + 60s - 1ns));
  EXPECT_FALSE(cache.has_token(start + 60s));
}

TEST(token_cache, uses_an_ageing_token_while_the_renewal_fails) {
  token_cache cache = make();
  ASSERT_EQ(cache.ask(start), advice::fetch);
  ASSERT_TRUE(cache.fetched(token("t1", "600"), start));
  ASSERT_EQ(cache.ask(start + 301s), advice::fetch);
  EXPECT_FALSE(cache.fetched(unreachable(), start + 301s));
  EXPECT_EQ(cache.ask(start + 301s), advice::use);
  EXPECT_EQ(cache.token(), "t1");
  EXPECT_EQ(cache.ask(start + 331s), advice::fetch) << "but not for ever";
  EXPECT_FALSE(cache.fetched(unreachable(), start + 331s));
  EXPECT_EQ(cache.ask(start + 600s), advice::fetch);
  EXPECT_EQ(cache.ask(start + 600s), advice::wait) << "it is over";
}

TEST(token_cache, drops_a_refused_token_only_when_it_is_still_the_one) {
  token_cache cache = make();
  ASSERT_EQ(cache.ask(start), advice::fetch);
  ASSERT_TRUE(cache.fetched(token("t2", "600"), start));
  cache.refused("t1");
  EXPECT_EQ(cache.ask(start), advice::use);
  cache.refused("t2");
  EXPECT_EQ(cache.ask(start), advice::fetch);
}

TEST(token_cache, hides_the_token_before_the_newest_too) {
  token_cache cache = make();
  for (const std::string text : {"first-token", "second-token"}) {
    ASSERT_EQ(cache.ask(start), advice::fetch);
    ASSERT_TRUE(cache.fetched(token(text, "600"), start));
    cache.refused(text);
  }
  EXPECT_EQ(cache.secrets().clean("first-token second-token"), "*** ***");
}

TEST(token_cache, takes_an_hour_where_the_answer_does_not_say) {
  token_cache cache = make();
  ASSERT_EQ(cache.ask(start), advice::fetch);
  ASSERT_TRUE(cache.fetched(answer(200, R"({"access_token":"t1"})"), start));
  EXPECT_EQ(cache.ask(start + 55min - 1ns), advice::use);
  EXPECT_EQ(cache.ask(start + 55min), advice::fetch);
}

struct failure_case {
  const char* name;
  int status;
  const char* body;
  const char* expected;
};

TEST(token_cache, says_which_credential_is_wrong_and_shows_none) {
  const failure_case rows[] = {
      {"wrong secret", 400, R"({"error":"invalid_client","error_description":"bad the-secret"})",
       "genesys.client_id or genesys.client_secret is wrong (invalid_client: bad ***)"},
      {"wrong secret as 401", 401, R"({"error":"invalid_client","description":"no"})",
       "genesys.client_id or genesys.client_secret is wrong (invalid_client: no)"},
      {"scope", 400, R"({"error":"invalid_scope"})",
       "genesys.scope asks for what the client may not have (invalid_scope)"},
      {"grant", 400, R"({"error":"unauthorized_client"})",
       "the client of genesys.client_id is not made for the client credentials grant (unauthorized_client)"},
      {"down", 503, "<html>down\r\n</html>",
       "no token for genesys.client_id: answer 503: <html>down  </html>"},
      {"echo", 500, "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0",
       "no token for genesys.client_id: answer 500: Basic ***"},
      {"moved", 302, "", "no token for genesys.client_id: answer 302"},
      {"no token", 200, "{}", "answer 200 has no access_token"},
      {"empty token", 200, R"({"access_token":"","error":""})", "answer 200 has no access_token"},
      {"no JSON", 200, "hello", "answer 200 has no access_token"},
      {"a list", 200, "[]", "answer 200 has no access_token"},
      {"a number", 200, R"({"access_token":7})", "answer 200 has no access_token"},
      {"header injection", 200, R"({"access_token":"a\r\nX: y"})",
       "the access_token has characters that no token has"},
      {"no life", 200, R"({"access_token":"t","expires_in":0})", "expires_in is no number of seconds from 1"},
      {"life as text", 200, R"({"access_token":"t","expires_in":"60"})",
       "expires_in is no number of seconds from 1"},
  };
  for (const auto& row : rows) {
    token_cache cache = make();
    ASSERT_EQ(cache.ask(start), advice::fetch);
    const auto said = cache.fetched(answer(row.status, row.body), start);
    ASSERT_FALSE(said) << row.name;
    EXPECT_EQ(said.error().detail, row.expected) << row.name;
    EXPECT_FALSE(cache.has_token(start)) << row.name;
  }
}

TEST(token_cache, names_the_keys_of_whoever_owns_the_credentials) {
  token_cache cache(token_options{{"id", "secret", ""}, "/token", "destinations.crm.oauth."});
  EXPECT_EQ(cache.request().target, "/token");
  ASSERT_EQ(cache.ask(start), advice::fetch);
  const auto said = cache.fetched(answer(400, R"({"error":"invalid_client"})"), start);
  EXPECT_THAT(said.error().detail, testing::StartsWith("destinations.crm.oauth.client_id or "
                                                       "destinations.crm.oauth.client_secret is wrong"));
}

TEST(token_cache, bounds_a_life_that_no_clock_could_hold) {
  token_cache cache = make();
  ASSERT_EQ(cache.ask(start), advice::fetch);
  ASSERT_TRUE(cache.fetched(token("t1", "1e300"), start));
  EXPECT_EQ(cache.ask(start + 364 * 24h), advice::use);
  EXPECT_EQ(cache.ask(start + 365 * 24h), advice::fetch);
}

}  // namespace
}  // namespace sluice::net::oauth2
