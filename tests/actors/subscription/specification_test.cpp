// Goal: every wrong field is named, all in one go, and what is sent is exactly the contract's body.
#include "actors/subscription/specification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "actors/subscription/region.hpp"
#include "tests/actors/subscription/model_cloud.hpp"

namespace sluice::subscription {
namespace {

using nlohmann::json;

specification good() { return testing::known_settings().wanted; }

std::vector<std::string> texts(const std::vector<error>& all) {
  std::vector<std::string> out;
  for (const error& e : all) out.push_back(to_string(e));
  return out;
}

struct rule_case {
  const char* name;
  std::function<void(specification&)> change;
  std::vector<std::string> expected;
};

TEST(specification, is_refused_field_by_field) {
  const std::string text = "; allowed are 1 to 256 bytes of UTF-8";
  const std::string source = "; allowed are 1 to 512 bytes of UTF-8";
  const std::string url = "; allowed is an https URL, or http on loopback";
  const rule_case rows[] = {
      {"good", [](specification&) {}, {}},
      {"loopback", [](specification& s) { s.endpoint = "http://127.0.0.1:8080/v1/events"; }, {}},
      {"loopback by name", [](specification& s) { s.endpoint = "http://localhost/"; }, {}},
      {"loopback v6", [](specification& s) { s.endpoint = "http://[::1]:80/"; }, {}},
      {"name at its limit", [](specification& s) { s.name = std::string(256, 'n'); }, {}},
      {"no name", [](specification& s) { s.name.clear(); }, {"name: is empty" + text}},
      {"long name", [](specification& s) { s.name = std::string(257, 'n'); }, {"name: has 257 bytes" + text}},
      {"bytes", [](specification& s) { s.name = "a\xff"; }, {"name: is not UTF-8" + text}},
      {"two lines", [](specification& s) { s.name = "a\nb"; }, {"name: has a control character" + text}},
      {"http",
       [](specification& s) { s.endpoint = "http://node.example/"; },
       {"endpoint: sends events unencrypted" + url}},
      {"http to a look-alike",
       [](specification& s) { s.endpoint = "http://127.evil.example/"; },
       {"endpoint: sends events unencrypted" + url}},
      {"no URL",
       [](specification& s) { s.endpoint = "node.example"; },
       {"endpoint: the URL does not begin with http:// or https://" + url}},
      {"password",
       [](specification& s) { s.endpoint = "https://u:p@node.example/"; },
       {"endpoint: a URL with a user name or password is not accepted" + url}},
      {"no sources",
       [](specification& s) { s.sources.clear(); },
       {"sources: is empty; at least one kind of events is needed"}},
      {"an empty source", [](specification& s) { s.sources[1] = ""; }, {"sources[1]: is empty" + source}},
      {"a repeated source",
       [](specification& s) { s.sources[1] = s.sources[0]; },
       {"sources[1]: repeats sources[0]; each once"}},
      {"a long source",
       [](specification& s) { s.sources[0] = std::string(513, 's'); },
       {"sources[0]: has 513 bytes" + source}},
      {"retention 0",
       [](specification& s) { s.retention_days = 0; },
       {"retention_days: is 0; allowed is 1 to 365"}},
      {"retention 366",
       [](specification& s) { s.retention_days = 366; },
       {"retention_days: is 366; allowed is 1 to 365"}},
      {"rate 0",
       [](specification& s) { s.max_events_per_second = 0; },
       {"max_events_per_second: is 0; allowed is 1 to 1000"}},
      {"rate 1001",
       [](specification& s) { s.max_events_per_second = 1001; },
       {"max_events_per_second: is 1001; allowed is 1 to 1000"}},
      {"everything",
       [](specification& s) {
         s = {"", "", {}, 0, 0};
       },
       {"name: is empty" + text, "endpoint: the URL is empty" + url,
        "sources: is empty; at least one kind of events is needed",
        "retention_days: is 0; allowed is 1 to 365", "max_events_per_second: is 0; allowed is 1 to 1000"}},
  };
  for (const auto& row : rows) {
    specification what = good();
    row.change(what);
    EXPECT_THAT(texts(check(what)), ::testing::ElementsAreArray(row.expected)) << row.name;
  }
}

TEST(specification, has_a_bound_on_its_sources) {
  specification what = good();
  what.sources.clear();
  for (std::size_t i = 0; i <= sources_max; ++i) what.sources.push_back("s" + std::to_string(i));
  EXPECT_THAT(texts(check(what)), ::testing::ElementsAre("sources: has 101 entries; allowed are 100"));
}

TEST(specification, becomes_the_body_of_the_contract) {
  const json expected = {{"name", "analytics"},
                         {"destination", {{"type", "http"}, {"endpoint", "https://node.example/v1/events"}}},
                         {"filter", {{"eventSources", {"conversation:transcript", "audit"}}}},
                         {"retentionPeriodDays", 30}};
  EXPECT_EQ(json::parse(create_body(good())), expected);
  json update = expected;
  update["status"] = "active";
  EXPECT_EQ(json::parse(update_body(good())), update);
}

TEST(region, is_known_by_key_and_by_domain) {
  const hosts mypurecloud{"https://login.mypurecloud.com", "https://api.mypurecloud.com"};
  EXPECT_EQ(find_hosts("us-east-1").value(), mypurecloud);
  EXPECT_EQ(find_hosts("mypurecloud.com").value(), mypurecloud);
  EXPECT_EQ(find_hosts("eu-west-1")->api, "https://api.mypurecloud.ie");
  EXPECT_EQ(find_hosts("us-east-2")->login, "https://login.use2.us-gov-pure.cloud");
}

TEST(region, that_is_unknown_is_told_all_that_are) {
  for (const char* const name :
       {"", "us-east-3", "US-EAST-1", "api.mypurecloud.com", "mypurecloud.com.evil.example"}) {
    const auto found = find_hosts(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, errc::invalid_config);
    EXPECT_EQ(std::ranges::count(found.error().detail, '('), 18);
    EXPECT_THAT(found.error().detail, ::testing::HasSubstr("eu-central-1 (mypurecloud.de)"));
  }
}

}  // namespace
}  // namespace sluice::subscription
