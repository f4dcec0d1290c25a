// Goal: who may have a token gets one, everyone else is told why in the platform's words, and a token ends.
// Method: a table of requests in virtual time.
#include "actors/sandbox/token_issuer.hpp"

#include <gtest/gtest.h>

#include "actors/sandbox/json.hpp"

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view basic = "Basic aWQ6c2VjcmV0";  // id:secret
constexpr std::string_view usual = "grant_type=client_credentials";

class token_issuer_test : public testing::Test {
 protected:
  net::http::response ask(std::string_view authorization, std::string_view body,
                          std::string_view type = form_type, instant now = 0s) {
    return issuer_.issue(authorization, type, body, now, random_);
  }
  std::string token(instant now = 0s) {
    return "Bearer " + text_of(json::parse(ask(basic, usual, form_type, now).body), "access_token");
  }

  dice random_{1};
  token_issuer issuer_{{{"id", "secret", {"read", "write"}}, {"other", "x", {}}}, 100s};
};

TEST_F(token_issuer_test, gives_a_token_for_credentials) {
  const auto r = ask(basic, usual);
  ASSERT_EQ(r.status, 200);
  const json body = json::parse(r.body);
  EXPECT_FALSE(text_of(body, "access_token").empty());
  EXPECT_EQ(body["token_type"], "bearer");
  EXPECT_EQ(body["expires_in"], 100);
}

TEST_F(token_issuer_test, says_why_it_refuses) {
  struct row {
    const char* name;
    std::string_view authorization, type, body, expected;
  };
  const row rows[] = {
      {"wrong secret", "Basic aWQ6c2VjcmV1", form_type, usual, "invalid_client"},
      {"unknown id", "Basic bm9ib2R5OnNlY3JldA==", form_type, usual, "invalid_client"},
      {"no credentials", "", form_type, usual, "invalid_client"},
      {"no base64", "Basic id:secret", form_type, usual, "invalid_client"},
      {"another scheme", "Bearer aWQ6c2VjcmV0", form_type, usual, "invalid_client"},
      {"another grant", basic, form_type, "grant_type=password", "unsupported_grant_type"},
      {"no grant", basic, form_type, "scope=read", "invalid_request"},
      {"no form", basic, form_type, "grant_type=%", "invalid_request"},
      {"json", basic, "application/json", "{}", "invalid_request"},
      {"a scope it has not", basic, form_type, "grant_type=client_credentials&scope=admin", "invalid_scope"},
  };
  for (const row& r : rows) {
    const auto got = ask(r.authorization, r.body, r.type);
    EXPECT_EQ(got.status, 400) << r.name;
    const json body = json::parse(got.body);
    EXPECT_EQ(body["error"], r.expected) << r.name;
    EXPECT_EQ(body["description"], body["error_description"]) << r.name;
  }
  EXPECT_EQ(issuer_.counts().requests, std::size(rows));
  EXPECT_EQ(issuer_.counts().refused, std::size(rows));
  EXPECT_EQ(issuer_.counts().issued, 0U);
}

TEST_F(token_issuer_test, narrows_a_token_to_the_scopes_asked_for) {
  const grant* all = issuer_.find(token(), 0s);
  ASSERT_NE(all, nullptr);
  EXPECT_TRUE(all->may("read") && all->may("write"));
  const auto r = ask(basic, "grant_type=client_credentials&scope=read",
                     "application/x-www-form-urlencoded; charset=utf-8");
  const grant* some = issuer_.find("bearer  " + text_of(json::parse(r.body), "access_token"), 0s);
  ASSERT_NE(some, nullptr);
  EXPECT_TRUE(some->may("read") && !some->may("write"));
  EXPECT_EQ(some->client_id, "id");
}

TEST_F(token_issuer_test, knows_a_token_until_it_ends) {
  const std::string field = token(10s);
  EXPECT_NE(issuer_.find(field, 10s), nullptr);
  EXPECT_NE(issuer_.find(field, 110s - 1ns), nullptr);
  EXPECT_EQ(issuer_.find(field, 110s), nullptr);
  EXPECT_EQ(issuer_.find("Bearer unknown", 10s), nullptr);
  EXPECT_EQ(issuer_.find(std::string(basic), 10s), nullptr);
  EXPECT_EQ(issuer_.find("", 10s), nullptr);
}

TEST_F(token_issuer_test, keeps_a_bounded_number_of_tokens) {
  const std::string first = token(0s), second = token(1s);
  for (std::size_t i = 2; i < token_issuer::tokens_max; ++i) token(2s);
  EXPECT_NE(issuer_.find(first, 2s), nullptr);
  token(3s);
  EXPECT_EQ(issuer_.find(first, 3s), nullptr) << "the first to end gives way";
  EXPECT_NE(issuer_.find(second, 3s), nullptr);
}

}  // namespace
}  // namespace sluice::sandbox
