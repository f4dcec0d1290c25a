// Goal: the API answers as the platform is described to, and spoils what it was asked to spoil. Method: calls
// in virtual time, without sockets.
#include "actors/sandbox/cloud.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;
using net::http::method;
using net::http::response;

std::string field_of(const response& r, std::string_view name) {
  const auto found = std::ranges::find(r.fields, name, [](const auto& f) { return f.first; });
  return found == r.fields.end() ? std::string() : found->second;
}

std::string body_named(std::string_view name) {
  return to_text({{"name", name},
                  {"destination", {{"type", "http"}, {"endpoint", "https://node.example/v1/events"}}},
                  {"filter", {{"eventSources", {"conversation:transcript"}}}},
                  {"retentionPeriodDays", 30}});
}

class cloud_test : public testing::Test {
 protected:
  void open(const std::function<void(cloud_options&)>& change = {}) {
    cloud_options options;
    options.clients = {{"id", "secret", {std::string(read_scope), std::string(write_scope)}},
                       {"reader", "secret", {std::string(read_scope)}}};
    options.clock = wall_clock(std::chrono::milliseconds(1'768'473'000'000));
    if (change) change(options);
    cloud_.emplace(options);
    token_ = log_in("aWQ6c2VjcmV0");
  }
  std::string log_in(std::string_view credentials) {
    const auto made = cloud_->take({method::post, token_path, "Basic " + std::string(credentials),
                                    "application/x-www-form-urlencoded", "grant_type=client_credentials"},
                                   now_);
    return "Bearer " + text_of(json::parse(made.answer.body), "access_token");
  }
  response ask(method verb, std::string_view target, std::string_view body = {}) {
    return cloud_->take({verb, target, token_, "application/json", body}, now_).answer;
  }
  std::string create(std::string_view name) {
    const auto made = ask(method::post, subscriptions_path, body_named(name));
    EXPECT_EQ(made.status, 200) << made.body;
    return text_of(json::parse(made.body), "id");
  }
  static std::string item(std::string_view id) {
    return std::string(subscriptions_path) + "/" + std::string(id);
  }
  void expect_error(const response& r, int status, std::string_view code, std::string_view part) {
    EXPECT_EQ(r.status, status) << r.body;
    const json body = json::parse(r.body);
    EXPECT_EQ(body["status"], status);
    EXPECT_EQ(body["code"], code);
    EXPECT_NE(text_of(body, "message").find(part), std::string::npos) << body;
    EXPECT_TRUE(body["details"].is_array() && body["errors"].is_array());
    EXPECT_EQ(field_of(r, "ININ-Correlation-Id"), text_of(body, "contextId"));
  }

  instant now_{0};
  std::optional<cloud> cloud_;
  std::string token_;
};

TEST_F(cloud_test, leads_a_subscription_through_its_life) {
  open();
  now_ = 1234ms;
  const auto made = ask(method::post, subscriptions_path, body_named("a"));
  ASSERT_EQ(made.status, 200) << made.body;
  const json body = json::parse(made.body);
  EXPECT_EQ(body["status"], "active");
  EXPECT_EQ(body["createdDate"], "2026-01-15T10:30:01.234Z");
  EXPECT_FALSE(field_of(made, "ININ-Correlation-Id").empty());
  const std::string id = text_of(body, "id");
  EXPECT_EQ(ask(method::get, item(id)).body, made.body);

  json other = json::parse(body_named("b"));
  other["status"] = "inactive";
  other["retentionPeriodDays"] = 7;
  const json changed = json::parse(ask(method::put, item(id), to_text(other)).body);
  EXPECT_EQ(changed["id"], id);
  EXPECT_EQ(changed["name"], "b");
  EXPECT_EQ(changed["status"], "inactive");
  EXPECT_EQ(changed["retentionPeriodDays"], 7);
  EXPECT_EQ(json::parse(ask(method::put, item(id), body_named("b")).body)["status"], "inactive")
      << "an update that says no status changes none";

  const auto gone = ask(method::del, item(id));
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_FALSE(field_of(gone, "ININ-Correlation-Id").empty());
  for (const auto verb : {method::get, method::put, method::del})
    expect_error(ask(verb, item(id), body_named("b")), 404, "not.found", "does not exist");
}

TEST_F(cloud_test, lists_in_pages) {
  open();
  for (int i = 0; i < 5; ++i) create("s" + std::to_string(i));
  struct row {
    const char* query;
    std::vector<std::string> names;
    int size, number, pages;
  };
  const row rows[] = {
      {"", {"s0", "s1", "s2", "s3", "s4"}, 25, 1, 1},
      {"?pageSize=2", {"s0", "s1"}, 2, 1, 3},
      {"?pageSize=2&pageNumber=3", {"s4"}, 2, 3, 3},
      {"?pageNumber=2", {}, 25, 2, 1},
      {"?pageSize=5&other=x", {"s0", "s1", "s2", "s3", "s4"}, 5, 1, 1},
  };
  for (const row& r : rows) {
    const json body = json::parse(ask(method::get, std::string(subscriptions_path) + r.query).body);
    std::vector<std::string> names;
    for (const json& one : body["entities"]) names.push_back(text_of(one, "name"));
    EXPECT_EQ(names, r.names) << r.query;
    EXPECT_EQ(body["total"], 5) << r.query;
    EXPECT_EQ(body["pageSize"], r.size) << r.query;
    EXPECT_EQ(body["pageNumber"], r.number) << r.query;
    EXPECT_EQ(body["pageCount"], r.pages) << r.query;
  }
  for (const char* query : {"?pageSize=0", "?pageSize=101", "?pageSize=x", "?pageSize=", "?pageNumber=0",
                            "?pageNumber=-1", "?x=%"})
    EXPECT_EQ(ask(method::get, std::string(subscriptions_path) + query).status, 400) << query;
}

TEST_F(cloud_test, refuses_names_that_exist) {
  open();
  const std::string a = create("a"), b = create("b");
  expect_error(ask(method::post, subscriptions_path, body_named("a")), 409, "conflict", "a exists");
  expect_error(ask(method::put, item(b), body_named("a")), 409, "conflict", "a exists");
  EXPECT_EQ(ask(method::put, item(a), body_named("a")).status, 200) << "its own name";
}

TEST_F(cloud_test, refuses_what_is_malformed) {
  open();
  expect_error(ask(method::post, subscriptions_path, "{"), 400, "bad.request", "body");
  expect_error(ask(method::post, subscriptions_path, R"({"name":""})"), 400, "bad.request", "name");
  expect_error(ask(method::put, item(create("a")), "[]"), 400, "bad.request", "body");
  expect_error(
      cloud_->take({method::post, subscriptions_path, token_, "text/plain", body_named("x")}, now_).answer,
      415, "unsupported.media.type", "application/json");
  expect_error(ask(method::get, "/api/v2/users"), 404, "not.found", "does not exist");
  expect_error(ask(method::get, item("a/b")), 404, "not.found", "does not exist");
  expect_error(ask(method::del, subscriptions_path), 405, "method.not.allowed", "method");
  EXPECT_EQ(field_of(ask(method::other, item("x")), "Allow"), "GET, PUT, DELETE");
}

TEST_F(cloud_test, checks_the_token_and_its_scopes) {
  open([](cloud_options& o) { o.token_lifetime = 10s; });
  const std::string good = token_;
  token_ = "";
  expect_error(ask(method::get, subscriptions_path), 401, "authentication.required", "bearer");
  token_ = "Bearer x";
  expect_error(ask(method::get, subscriptions_path), 401, "bad.credentials", "Invalid");
  token_ = log_in("cmVhZGVyOnNlY3JldA==");
  EXPECT_EQ(ask(method::get, subscriptions_path).status, 200);
  expect_error(ask(method::post, subscriptions_path, body_named("a")), 403, "missing.permissions",
               write_scope);
  expect_error(ask(method::del, item("x")), 403, "missing.permissions", write_scope);
  token_ = good;
  now_ = 10s;
  expect_error(ask(method::get, subscriptions_path), 401, "bad.credentials", "Invalid");
}

TEST_F(cloud_test, may_refuse_updates) {
  open([](cloud_options& o) { o.refuses_put = true; });
  const auto r = ask(method::put, item(create("a")), body_named("a"));
  expect_error(r, 405, "method.not.allowed", "method");
  EXPECT_EQ(field_of(r, "Allow"), "GET, DELETE");
}

TEST_F(cloud_test, limits_calls_a_minute_and_token) {
  open([](cloud_options& o) { o.rate_limit = 2; });
  now_ = 10s;
  EXPECT_EQ(field_of(ask(method::get, subscriptions_path), "inin-ratelimit-count"), "1");
  const auto second = ask(method::get, subscriptions_path);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(field_of(second, "inin-ratelimit-allowed"), "2");
  EXPECT_EQ(field_of(second, "inin-ratelimit-reset"), "50");
  const auto third = ask(method::get, subscriptions_path);
  expect_error(third, 429, "too.many.requests", "50");
  EXPECT_EQ(field_of(third, "Retry-After"), "50");
  const std::string spent = token_;
  token_ = log_in("aWQ6c2VjcmV0");
  EXPECT_EQ(ask(method::get, subscriptions_path).status, 200) << "each token has its own minute";
  token_ = spent;
  now_ = 60s;
  EXPECT_EQ(ask(method::get, subscriptions_path).status, 200);
}

TEST_F(cloud_test, is_bounded) {
  open();
  for (std::size_t i = 0; i < subscription_store::subscriptions_max; ++i) create(std::to_string(i));
  expect_error(ask(method::post, subscriptions_path, body_named("one more")), 400, "limit.exceeded", "1000");
}

TEST_F(cloud_test, fails_as_it_was_asked_to) {
  open();
  const auto plan = [&](std::string_view text) {
    auto parsed = parse_fault(json::parse(text));
    ASSERT_TRUE(parsed) << to_string(parsed.error());
    ASSERT_TRUE(cloud_->faults().add(*parsed));
  };
  plan(R"({"method":"POST","path":"/api","status":503,"retry_after":9})");
  const auto failed = ask(method::post, subscriptions_path, body_named("a"));
  expect_error(failed, 503, "fault.on.request", "asked for");
  EXPECT_EQ(field_of(failed, "Retry-After"), "9");
  EXPECT_TRUE(cloud_->subscriptions().all().empty()) << "nothing was done";

  plan(R"({"method":"POST","path":"/api","lose_answer":true,"delay_ms":15})");
  const auto lost =
      cloud_->take({method::post, subscriptions_path, token_, "application/json", body_named("a")}, now_);
  EXPECT_TRUE(lost.lost);
  EXPECT_EQ(lost.delay, 15ms);
  EXPECT_EQ(cloud_->subscriptions().all().size(), 1U) << "it was done";

  plan(R"({"path":"/oauth","status":500})");
  const auto token = ask(method::post, token_path);
  EXPECT_EQ(token.status, 500);
  EXPECT_EQ(json::parse(token.body)["error"], "server_error");

  plan(R"({"path":"/","status":200,"body":"{}"})");
  EXPECT_EQ(ask(method::get, subscriptions_path).body, "{}");
  EXPECT_EQ(ask(method::get, subscriptions_path).status, 200);
}

TEST_F(cloud_test, counts_calls_without_the_ids_in_them) {
  open();
  ask(method::get, item(create("a")));
  ask(method::get, item("b"));
  ask(method::get, "/api/v2/unknown");
  ask(method::get, "/api/v2/unknown/too");
  json calls = cloud_->state()["api_calls"];
  const json expected = json::parse(R"([
    {"method":"GET","path":"/api/v2/eventbridge/subscriptions/{id}","status":200,"count":1},
    {"method":"GET","path":"/api/v2/eventbridge/subscriptions/{id}","status":404,"count":1},
    {"method":"GET","path":"other","status":404,"count":2},
    {"method":"POST","path":"/api/v2/eventbridge/subscriptions","status":200,"count":1},
    {"method":"POST","path":"/oauth/token","status":200,"count":1}])");
  EXPECT_EQ(calls, expected) << calls.dump(1);
  EXPECT_EQ(cloud_->state()["tokens"]["issued"], 1);
}

}  // namespace
}  // namespace sluice::sandbox
