// Goal: the Genesys section is refused with every mistake at its place, and its secret is shown nowhere.
// Method: tables of files with the exact list of messages; a canary for a secret in every place where one may
// land.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/node/config/organisation.hpp"
#include "actors/subscription/region.hpp"
#include "tests/actors/node/loaded_keys.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

outside world() {
  return {[](const std::string& name) -> std::optional<std::string> {
            if (name == "SECRET") return "canary";
            if (name == "BAD_SECRET") return "canary\n";
            return std::nullopt;
          },
          [](const std::string& path) -> result<std::string> {
            if (path == "/run/secrets/client") return std::string("canary\n");
            return fail(errc::io, "No such file or directory", path, 2);
          }};
}

loaded load_section(const std::string& section, const std::vector<std::string>& overrides = {}) {
  return load_text("genesys:\n" + section, "f.yaml", overrides, world());
}

std::vector<std::string> complaints(const std::string& section,
                                    const std::vector<std::string>& overrides = {}) {
  return complaints_of(load_section(section, overrides));
}

const std::string subscription_line =
    R"(  subscription: { name: sub, endpoint: "https://node.example/v1/events", sources: [ "a:b" ] }
)";
const std::string credentials_line = "  client_id: id\n  client_secret: canary\n";
const std::string region_line = "  region: eu-west-1\n";

struct row {
  const char* name;
  std::string section;
  std::vector<std::string> expected;
};

TEST(config_genesys, says_what_is_missing) {
  const std::string regions = subscription::known_regions();
  const std::vector<row> table = {
      {"everything",
       "",
       {"f.yaml:1:1: genesys.client_id: is missing; an OAuth client's id of 1 to 256 bytes",
        "f.yaml:1:1: genesys.client_secret: is missing; an OAuth client's secret of 1 to 1024 bytes",
        "f.yaml:1:1: genesys.subscription.name: is missing; a name of 1 to 256 bytes",
        "f.yaml:1:1: genesys.subscription.endpoint: is missing; an https URL, or http on loopback, of 1 to "
        "2048 "
        "bytes",
        "f.yaml:1:1: genesys.subscription.sources: is missing; one or a list: a kind of events of 1 to 512 "
        "bytes",
        "f.yaml:1:1: genesys.region: is missing; login_url and base_url, or one of " + regions}},
      {"the region",
       credentials_line + subscription_line,
       {"f.yaml:1:1: genesys.region: is missing; login_url and base_url, or one of " + regions}},
      {"one of two hosts",
       "  base_url: https://api.example\n" + credentials_line + subscription_line,
       {"f.yaml:1:1: genesys.region: is missing; login_url and base_url, or one of " + regions}},
      {"the subscription",
       region_line + credentials_line + "  subscription: { sources: x }\n",
       {"f.yaml:5:3: genesys.subscription.name: is missing; a name of 1 to 256 bytes",
        "f.yaml:5:3: genesys.subscription.endpoint: is missing; an https URL, or http on loopback, of 1 to "
        "2048 "
        "bytes"}},
  };
  for (const row& r : table) EXPECT_THAT(complaints(r.section), ElementsAreArray(r.expected)) << r.name;
}

TEST(config_genesys, says_what_is_wrong_with_a_host) {
  const std::string rest = credentials_line + subscription_line;
  const std::string allowed = "; https://HOST[:PORT], or http:// on loopback";
  const std::vector<row> table = {
      {"unknown region",
       "  region: mars\n" + rest,
       {"f.yaml:2:11: genesys.region: `mars` is no region of Genesys Cloud; " +
        subscription::known_regions()}},
      {"unencrypted",
       region_line + "  login_url: http://login.example\n" + rest,
       {"f.yaml:3:14: genesys.login_url: `http://login.example` would send the credentials unencrypted" +
        allowed}},
      {"loopback by its name alone",
       region_line + "  login_url: http://127.example.com\n" + rest,
       {"f.yaml:3:14: genesys.login_url: `http://127.example.com` would send the credentials unencrypted" +
        allowed}},
      {"with a path",
       region_line + "  base_url: https://api.example/api\n" + rest,
       {"f.yaml:3:13: genesys.base_url: `https://api.example/api` has a path" + allowed}},
      {"no URL",
       region_line + "  base_url: api.example\n" + rest,
       {"f.yaml:3:13: genesys.base_url: `api.example` is no URL to send to: the URL does not begin with "
        "http:// or https://" +
        allowed}},
  };
  for (const row& r : table) EXPECT_THAT(complaints(r.section), ElementsAreArray(r.expected)) << r.name;
}

TEST(config_genesys, says_what_is_wrong_with_a_subscription) {
  const std::string before = region_line + credentials_line + "  subscription:\n";
  const std::string name = "    name: s\n", endpoint = "    endpoint: https://n.example/\n",
                    sources = "    sources: a\n";
  const std::vector<row> table = {
      {"retention of nothing",
       before + name + endpoint + sources + "    retention_days: 0\n",
       {"f.yaml:9:21: genesys.subscription.retention_days: `0` is too small; 1 to 365"}},
      {"retention of more than a year",
       before + name + endpoint + sources + "    retention_days: 366\n",
       {"f.yaml:9:21: genesys.subscription.retention_days: `366` is too large; 1 to 365"}},
      {"too fast",
       before + name + endpoint + sources + "    max_events_per_second: 1001\n",
       {"f.yaml:9:28: genesys.subscription.max_events_per_second: `1001` is too large; 1 to 1000"}},
      {"endpoint off loopback",
       before + name + "    endpoint: http://node.example/\n" + sources,
       {"f.yaml:7:15: genesys.subscription.endpoint: sends events unencrypted; allowed is an https URL, or "
        "http on "
        "loopback"}},
      {"no sources",
       before + name + endpoint + "    sources: []\n",
       {"f.yaml:8:5: genesys.subscription.sources: is empty; at least one kind of events is needed"}},
      {"a source twice",
       before + name + endpoint + "    sources: [ a, b, a ]\n",
       {"f.yaml:8:22: genesys.subscription.sources[2]: repeats sources[0]; each once"}},
      {"empty name, told once",
       before + "    name: \"\"\n" + endpoint + sources,
       {"f.yaml:6:11: genesys.subscription.name: `` is empty; a name of 1 to 256 bytes"}},
      {"unknown key",
       before + name + endpoint + sources + "    retention: 5\n",
       {"f.yaml:9:5: genesys.subscription.retention: is not a key; the nearest is `retention_days`"}},
  };
  for (const row& r : table) EXPECT_THAT(complaints(r.section), ElementsAreArray(r.expected)) << r.name;
}

TEST(config_genesys, takes_hosts_from_the_region_unless_they_are_given) {
  const auto with = [](const std::string& hosts) {
    const auto read = load_section(hosts + credentials_line + subscription_line);
    EXPECT_TRUE(read) << hosts;
    return read ? settings_of(*read->genesys).hosts : subscription::hosts{};
  };
  EXPECT_EQ(with(region_line),
            (subscription::hosts{"https://login.mypurecloud.ie", "https://api.mypurecloud.ie"}));
  EXPECT_EQ(with("  region: mypurecloud.ie\n"), with(region_line));
  EXPECT_EQ(with(region_line + "  base_url: https://localhost:9000\n"),
            (subscription::hosts{"https://login.mypurecloud.ie", "https://localhost:9000"}));
  EXPECT_EQ(with("  login_url: http://127.0.0.1:9000\n  base_url: http://[::1]:9000\n"),
            (subscription::hosts{"http://127.0.0.1:9000", "http://[::1]:9000"}));
}

TEST(config_genesys, hides_a_secret_wherever_it_is_said_to_come_from) {
  for (const char* const given : {"canary", "${SECRET}", "a${SECRET}", "${file:/run/secrets/client}"}) {
    const auto read = load_section(region_line + "  client_id: id\n  client_secret: \"" + given + "\"\n" +
                                   subscription_line);
    ASSERT_TRUE(read) << given;
    EXPECT_TRUE(read->is_hidden("genesys.client_secret")) << given;
  }
  const auto overridden =
      load_section(region_line + credentials_line + subscription_line, {"genesys.client_secret=canary"});
  ASSERT_TRUE(overridden);
  EXPECT_TRUE(overridden->is_hidden("genesys.client_secret"));
}

TEST(config_genesys, says_no_secret_in_any_error) {
  struct bad {
    const char* name;
    std::string secret;  ///< as the line says it
    const char* expected;
  };
  const std::string place = "f.yaml:4:18: genesys.client_secret: ";
  const std::vector<bad> table = {
      {"control characters", "client_secret: \"canary\\n\"", "what is given has control characters"},
      {"too long", "client_secret: \"" + std::string(1100, 'x') + "canary\"", "what is given is too long"},
      {"open reference", "client_secret: \"canary${\"", "has a reference in it that cannot be followed"},
      {"reference inside", "client_secret: \"ca${nary}canary\"",
       "has a reference in it that cannot be followed"},
      {"reference to nothing", "client_secret: \"${NOT_THERE}\"",
       "`${NOT_THERE}` refers to `NOT_THERE`, which the environment does not have"},
      {"a bad one from outside", "client_secret: \"${BAD_SECRET}\"",
       "what `${BAD_SECRET}` stands for has control characters"},
      {"a list", "client_secret: [ canary ]", "is not a single value"},
      {"a map", "client_secret: { canary: canary }", "is not a single value"},
  };
  for (const bad& b : table) {
    const auto said = complaints(region_line + "  client_id: id\n  " + b.secret + "\n" + subscription_line);
    ASSERT_EQ(said.size(), 1U) << b.name;
    EXPECT_THAT(said[0], HasSubstr(place + b.expected)) << b.name;
    EXPECT_THAT(said[0], Not(HasSubstr("canary"))) << b.name;
  }
  const auto unspaced = complaints("  { region: eu-west-1, client_id: id, client_secret:canary }\n");
  ASSERT_FALSE(unspaced.empty());
  for (const std::string& said : unspaced) EXPECT_THAT(said, Not(HasSubstr("canary")));
  EXPECT_THAT(unspaced[0], HasSubstr("genesys.`client_secret`: is not a key"));
  const auto misspelt = complaints(region_line, {"genesys.client_secre=canary"});
  for (const std::string& said : misspelt) EXPECT_THAT(said, Not(HasSubstr("canary")));
}

TEST(config_genesys, names_the_key_of_an_authority_that_cannot_be_read) {
  genesys_options options;
  options.ca = "/nowhere/ca.pem";
  const auto trusted = authorities_of(options);
  ASSERT_FALSE(trusted);
  EXPECT_EQ(to_string(trusted.error()), "genesys.ca: cannot be read: No such file or directory");
  options.ca.clear();
  EXPECT_TRUE(authorities_of(options)) << "the system's own are enough";
}

}  // namespace
}  // namespace sluice::config
