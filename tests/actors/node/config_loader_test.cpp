// Goal: everything that is wrong in a file is said at once, with its place and what is allowed; what is right
// arrives. Method: tables of files with the exact list of messages; environment and files come as parameters.
#include "actors/node/config/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "actors/node/config/keys.hpp"
#include "actors/node/config/organisation.hpp"
#include "actors/node/config/rules.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

outside world() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const std::map<std::string, std::string> values = {
                {"PORT", "9000"}, {"ID", "client"}, {"SECRET", "hunter2"}, {"BAD_PATTERN", "hunter2("},
                {"RATE", "250"},  {"EMPTY", ""}};
            const auto found = values.find(name);
            if (found == values.end()) return std::nullopt;
            return found->second;
          },
          [](const std::string& path) -> result<std::string> {
            if (path == "/run/secrets/url") return std::string("http://warehouse.example/hunter2\n");
            if (path == "/run/secrets/crlf") return std::string("127.0.0.1:7000\r\n");
            return fail(errc::io, "No such file or directory", path, 2);
          }};
}

std::vector<std::string> complaints(std::string_view text, const std::vector<std::string>& overrides = {}) {
  const auto read = load_text(text, "f.yaml", overrides, world());
  std::vector<std::string> all;
  if (!read) {
    for (const error& e : read.error()) {
      EXPECT_EQ(e.code, errc::invalid_config);
      all.push_back(to_string(e));
    }
  }
  return all;
}

config good(std::string_view text, const std::vector<std::string>& overrides = {}) {
  auto read = load_text(text, "f.yaml", overrides, world());
  if (!read) {
    for (const error& e : read.error()) ADD_FAILURE() << to_string(e);
    return {};
  }
  return std::move(*read);
}

struct row {
  const char* name;
  const char* text;
  std::vector<std::string> expected;
};

void expect(const std::vector<row>& table) {
  for (const row& r : table) EXPECT_THAT(complaints(r.text), ElementsAreArray(r.expected)) << r.name;
}

TEST(config_loader, says_where_a_file_is_not_yaml) {
  expect({
      {"empty", "", {"f.yaml:1:1: the file is empty; at least one key"}},
      {"only a comment", "# nothing\n", {"f.yaml:1:1: the file is empty; at least one key"}},
      {"a list", "- a\n", {"f.yaml:1:1: the file is not a map of keys; keys as `ingest:`"}},
      {"two documents",
       "match: first\n---\nmatch: all\n",
       {"f.yaml:3:1: the file holds several documents; one"}},
      {"a list as key", "[a]: b\n", {"f.yaml:1:1: a key must be a plain word"}},
  });
}

TEST(config_loader, passes_on_what_the_yaml_parser_says) {
  // Its words are its own; line and column are what matters.
  const std::vector<std::pair<const char*, const char*>> table = {
      {"ingest:\n\tlisten: 1\n", "f.yaml:2:8: not YAML: "},
      {"ingest: { listen: [1 }\n", "f.yaml:1:22: not YAML: "},
      {"match: *a\n", "f.yaml:1:8: not YAML: "},
  };
  for (const auto& [text, expected] : table)
    EXPECT_THAT(complaints(text), testing::ElementsAre(StartsWith(expected))) << text;
}

TEST(config_loader, refuses_what_nests_without_end) {
  std::string deep = "tests: ";
  for (int i = 0; i < 100; ++i) deep += '[';
  for (int i = 0; i < 100; ++i) deep += ']';
  EXPECT_THAT(complaints(deep), ElementsAreArray({HasSubstr("nested more than 64 deep")}));
  const std::string far_deeper(100'000, '[');
  EXPECT_EQ(complaints("tests: " + far_deeper).size(), 1U);
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = std::string("*a").append(std::to_string(i - 1));
    laughs.append("a").append(std::to_string(i)).append(": &a").append(std::to_string(i)).append(" [");
    for (int k = 0; k < 10; ++k) laughs.append(before).append(k < 9 ? "," : "]\n");
  }
  EXPECT_THAT(complaints(laughs), ElementsAreArray({HasSubstr("more than 200000 values")}));
}

TEST(config_loader, says_what_is_wrong_with_a_key) {
  expect({
      {"unknown with a near one",
       "ingest:\n  max_bdoy: 1MiB\n",
       {"f.yaml:2:3: ingest.max_bdoy: is not a key; the nearest is `max_body`"}},
      {"unknown at the top", "ingset: {}\n", {"f.yaml:1:1: ingset: is not a key; the nearest is `ingest`"}},
      {"unknown and far",
       "audit: { zzzzzzzzzz: 1 }\n",
       {"f.yaml:1:10: audit.zzzzzzzzzz: is not a key; here are path, backlog, events"}},
      {"none known",
       "telemetry: { otlp: 1 }\n",
       {"f.yaml:1:14: telemetry.otlp: is not a key; there are none here"}},
      {"in a member",
       "destinations:\n  a: { kind: discard, rte: 5 }\n",
       {"f.yaml:2:23: destinations.a.rte: is not a key; the nearest is `rate`"}},
      {"deeper in a member",
       "destinations:\n  a: { kind: discard, backlog: { max: 5 } }\n",
       {"f.yaml:2:34: destinations.a.backlog.max: is not a key; here are max_bytes, max_events, max_age, "
        "when_full"}},
      {"twice", "match: first\nmatch: all\n", {"f.yaml:2:1: match: is there twice; once"}},
      {"twice, deeper",
       "ingest: { max_events: 1,\n  max_events: 2 }\n",
       {"f.yaml:2:3: ingest.max_events: is there twice; once"}},
      {"section that is a value", "ingest: 8080\n", {"f.yaml:1:9: ingest: is not a map; keys and values"}},
      {"value that is a map",
       "ingest: { max_events: { a: 1 } }\n",
       {"f.yaml:1:23: ingest.max_events: is not a single value; 1 to 100000"}},
      {"no value", "match:\n", {"f.yaml:1:1: match: has no value; first or all"}},
      {"not a name",
       "destinations: { \"a.b\": { kind: discard } }\n",
       {"f.yaml:1:17: destinations.`a.b`: is not a name; 1 to 64 letters, digits, - or _"}},
      {"not a list", "routes: { a: 1 }\n", {"f.yaml:1:9: routes: is not a list; a list of maps"}},
      {"not a map of destinations",
       "destinations: [a]\n",
       {"f.yaml:1:15: destinations: is not a map; names with a map each"}},
  });
}

TEST(config_loader, says_what_this_version_leaves_out) {
  expect({
      {"auth", "ingest: { auth: x }\n", {"f.yaml:1:11: ingest.auth: is not in this version; leave it out"}},
      {"also",
       "checkpoint: { dedup: { also: [] } }\n",
       {"f.yaml:1:24: checkpoint.dedup.also: is not in this version; leave it out"}},
      {"chain",
       "audit: { chain: true }\n",
       {"f.yaml:1:10: audit.chain: is not in this version; leave it out"}},
  });
}

TEST(config_loader, reads_the_files_of_tls_and_names_the_one_that_is_wrong) {
  expect({
      {"alone",
       "ingest: { tls: { certificate: /nowhere.pem } }\n",
       {"f.yaml:1:11: ingest.tls.key: is missing; TLS needs a certificate and its key"}},
      {"neither is there",
       "ingest: { tls: { certificate: /nowhere.pem, key: /nowhere.key } }\n",
       {"f.yaml:1:31: ingest.tls.certificate: `/nowhere.pem` cannot be read: No such file or directory"}},
      {"misspelt",
       "ingest: { tls: { cert: a } }\n",
       {"f.yaml:1:18: ingest.tls.cert: is not a key; here are certificate, key"}},
  });
}

TEST(config_loader, keeps_to_the_bounds_of_each_value) {
  expect({
      {"sizes",
       "ingest: { max_body: 8MB, in_flight: 17GiB }\n",
       {"f.yaml:1:21: ingest.max_body: `8MB` is not a size; 1KiB to 32MiB (B, KiB, MiB, GiB or TiB)",
        "f.yaml:1:37: ingest.in_flight: `17GiB` is too large; 1MiB to 16GiB (B, KiB, MiB, GiB or TiB)"}},
      {"log too small",
       "checkpoint: { max_bytes: 511MiB }\n",
       {"f.yaml:1:26: checkpoint.max_bytes: `511MiB` is too small; 512MiB to 64TiB (B, KiB, MiB, GiB or "
        "TiB)"}},
      {"threads",
       "scale: { io_threads: 0, decoders: many, routers: 257 }\n",
       {"f.yaml:1:22: scale.io_threads: `0` is too small; auto or 1 to 256",
        "f.yaml:1:35: scale.decoders: `many` is neither `auto` nor a whole number; auto or 1 to 256",
        "f.yaml:1:50: scale.routers: `257` is too large; auto or 1 to 256"}},
      {"duration",
       "shutdown: { timeout: 10 }\n",
       {"f.yaml:1:22: shutdown.timeout: `10` has no unit; 1s to 1h (ms, s, m, h or d)"}},
      {"choice",
       "ingest: { on_invalid_event: drop }\n",
       {"f.yaml:1:29: ingest.on_invalid_event: `drop` is not known here; quarantine or reject"}},
      {"list of choices",
       "audit: { events: [ routed, lost ] }\n",
       {"f.yaml:1:28: audit.events[1]: `lost` is not known here; one or a list: routed, dropped, "
        "quarantined, delivered or dead_lettered"}},
      {"address",
       "ingest: { listen: 8080 }\n",
       {"f.yaml:1:19: ingest.listen: `8080` has no port; ADDRESS:PORT with a numeric address, as "
        "127.0.0.1:8080 or [::1]:8080"}},
      {"path with a control character",
       "checkpoint: { directory: \"a\\nb\" }\n",
       {"f.yaml:1:26: checkpoint.directory: `a?b` has control characters; a path of 1 to 1024 bytes"}},
  });
}

TEST(config_loader, checks_destinations_by_their_kind) {
  expect({
      {"no kind",
       "destinations:\n  a: {}\n",
       {"f.yaml:2:3: destinations.a.kind: is missing; http, file, nats or discard"}},
      {"unknown kind alone",
       "destinations:\n  a: { kind: kafka }\n",
       {"f.yaml:2:14: destinations.a.kind: `kafka` is not known here; http, file, nats or discard"}},
      {"no url, no path",
       "destinations:\n  a: { kind: http }\n  b: { kind: file }\n",
       {"f.yaml:3:3: destinations.b.path: is missing; a path of 1 to 1024 bytes",
        "f.yaml:2:3: destinations.a.url: is missing; http[s]://HOST[:PORT][/PATH][?QUERY], or several as "
        "`endpoints`"}},
      {"keys of another kind",
       "destinations:\n  a: { kind: discard, path: x, timeout: 1s, retry: { max: 1s } }\n",
       {"f.yaml:2:29: destinations.a.path: is not for kind discard; leave it out",
        "f.yaml:2:41: destinations.a.timeout: is not for kind discard; leave it out",
        "f.yaml:2:59: destinations.a.retry.max: is not for kind discard; leave it out"}},
      {"rates of http",
       "destinations:\n  a: { kind: http, url: \"http://h/\", rate: unlimited }\n  b: { kind: http, url: "
       "\"http://h/\", rate: 1001 }\n",
       {"f.yaml:2:44: destinations.a.rate: `unlimited` is not for kind http; 1 to 1000",
        "f.yaml:3:44: destinations.b.rate: 1001 is too large for kind http; 1 to 1000"}},
      {"rate",
       "destinations:\n  a: { kind: discard, rate: fast }\n",
       {"f.yaml:2:29: destinations.a.rate: `fast` is neither `unlimited` nor a whole number; unlimited or 1 "
        "to 10000000"}},
      {"batch over rate",
       "destinations:\n  a: { kind: http, url: \"http://h\", rate: 10, batch: 11 }\n",
       {"f.yaml:2:54: destinations.a.batch: is larger than the rate; at most what `rate` allows in a "
        "second"}},
      {"keys of http",
       "destinations:\n  a: { kind: file, path: x, batch: 5, retry: { for: 1h } }\n",
       {"f.yaml:2:36: destinations.a.batch: is not for kind file; leave it out",
        "f.yaml:2:53: destinations.a.retry.for: is not for kind file; leave it out"}},
      {"retry",
       "destinations:\n  a: { kind: file, path: x, retry: { initial: 2m } }\n",
       {"f.yaml:2:47: destinations.a.retry.initial: retry.max is shorter than retry.initial; at least as "
        "long"}},
      {"url",
       "destinations:\n  a: { kind: http, url: \"ftp://h/\" }\n",
       {"f.yaml:2:25: destinations.a.url: `ftp://h/` is not a URL to send to: the URL does not begin with "
        "http:// or https://; http[s]://HOST[:PORT][/PATH][?QUERY]"}},
      {"one file, two writers",
       "destinations:\n  a: { kind: file, path: ./x/../d.jsonl }\n  b: { kind: file, path: d.jsonl }\naudit: "
       "{ path: ./d.jsonl }\n",
       {"f.yaml:3:26: destinations.b.path: is the file of destinations.a.path; a file of its own",
        "f.yaml:4:16: audit.path: is the file of destinations.a.path; a file of its own"}},
  });
}

TEST(config_loader, checks_rules_and_tests) {
  const std::string head = "destinations: { analytics: { kind: discard } }\n";
  struct rule_row {
    const char* name;
    const char* text;
    std::vector<std::string> expected;
  };
  const std::vector<rule_row> table = {
      {"unknown destination",
       "routes:\n  - { source: a, to: analytcs }\n",
       {"f.yaml:3:22: routes[0].to: `analytcs` is not a destination; the nearest is `analytics`"}},
      {"unknown in a list",
       "routes:\n  - { source: a, to: [ analytics, zzzzzzzzz ] }\n",
       {"f.yaml:3:35: routes[0].to[1]: `zzzzzzzzz` is not a destination; a name under `destinations`"}},
      {"patterns",
       "routes:\n  - { source: ok, to: analytics }\n  - { source: \"a(\", to: analytics }\n  - { source: "
       "\"a(?=b)\", to: analytics }\n",
       {"f.yaml:4:15: routes[1].source: the pattern does not compile: missing ): a(; see RE2's syntax and "
        "the limits",
        "f.yaml:5:15: routes[2].source: the pattern does not compile: invalid perl operator: (?=; see RE2's "
        "syntax and the limits"}},
      {"to is missing",
       "routes:\n  - { source: a }\n",
       {"f.yaml:3:5: routes[0].to: is missing; one or a list: a name of a destination of 1 to 64 bytes"}},
      {"to is empty",
       "routes:\n  - { source: a, to: [] }\n",
       {"f.yaml:3:18: routes[0].to: is empty; at least one destination"}},
      {"metadata",
       "routes:\n  - { to: analytics, metadata: [a] }\n  - { to: analytics, metadata: { a: [b], c: } }\n",
       {"f.yaml:3:32: routes[0].metadata: is not a map; a map of strings",
        "f.yaml:4:34: routes[1].metadata.a: is not a string; a string",
        "f.yaml:4:42: routes[1].metadata.c: has no value; a string"}},
      {"tests",
       "tests:\n  - { event: 5, to: [] }\n  - { to: nowhere }\n",
       {"f.yaml:3:14: tests[0].event: is not a map; an event as a map",
        "f.yaml:4:5: tests[1].event: is missing; an event as a map",
        "f.yaml:4:11: tests[1].to: `nowhere` is not a destination; a name under `destinations`"}},
  };
  for (const rule_row& r : table)
    EXPECT_THAT(complaints(head + r.text), ElementsAreArray(r.expected)) << r.name;
  std::string many = head + "routes:\n";
  for (int i = 0; i < 1001; ++i) many += "  - { source: a, to: analytics }\n";
  EXPECT_THAT(complaints(many), ElementsAreArray({"f.yaml:3:3: routes: has 1001 members; at most 1000"}));
}

TEST(config_loader, checks_what_holds_between_keys) {
  expect({
      {"in_flight",
       "ingest: { max_body: 8MiB, in_flight: 4MiB }\n",
       {"f.yaml:1:38: ingest.in_flight: in_flight is smaller than max_body; at least as large"}},
      {"admin off loopback",
       "admin: { listen: 0.0.0.0:8081 }\n",
       {"f.yaml:1:18: admin.listen: is not loopback and needs admin.token there; a token, or an address in "
        "127.0.0.0/8 or [::1]"}},
      {"admin off loopback with a token", "admin: { listen: 0.0.0.0:8081, token: 0123456789abcdef }\n", {}},
      {"a short token",
       "admin: { token: hunter2 }\n",
       {"f.yaml:1:17: admin.token: what is given is too short to be a secret; one or a list: 16 to 256 "
        "characters without "
        "spaces"}},
      {"one address twice",
       "admin: { listen: 127.0.0.1:8080 }\n",
       {"f.yaml:1:18: admin.listen: is the address of ingest.listen; another one, or leave it out and that "
        "one serves both"}},
  });
}

TEST(config_loader, says_all_errors_at_once) {
  EXPECT_EQ(complaints("ingest: { max_body: 1, max_evnts: 2 }\nmatch: none\ndestinations:\n  a: { kind: http "
                       "}\nroutes:\n  - { source: \"(\", to: b }\n")
                .size(),
            6U);
}

TEST(config_loader, replaces_what_comes_from_outside) {
  const auto c = good(
      "ingest: { listen: \"127.0.0.1:${PORT}\" }\nadmin: { listen: \"${file:/run/secrets/crlf}\" }\n"
      "checkpoint: { directory: \"$${PORT}/$x\" }\n"
      "destinations:\n  a: { kind: http, url: \"${file:/run/secrets/url}\", rate: \"${RATE}\" }\n");
  EXPECT_EQ(c.ingest.listen, (endpoint{"127.0.0.1", 9000}));
  EXPECT_EQ(c.admin.listen, (endpoint{"127.0.0.1", 7000}));
  EXPECT_EQ(c.checkpoint.directory, "${PORT}/$x");
  ASSERT_EQ(c.destinations.size(), 1U);
  EXPECT_EQ(c.destinations[0].url, "http://warehouse.example/hunter2");
  EXPECT_EQ(c.destinations[0].rate, 250U);
}

TEST(config_loader, never_shows_what_came_from_outside) {
  const std::vector<row> table = {
      {"bad value",
       "ingest: { max_body: \"${SECRET}\" }\n",
       {"f.yaml:1:21: ingest.max_body: what `${SECRET}` stands for is not a size; 1KiB to 32MiB (B, KiB, "
        "MiB, GiB or TiB)"}},
      {"pattern",
       "destinations: { a: { kind: discard } }\nroutes: [ { source: \"${BAD_PATTERN}\", to: a } ]\n",
       {"f.yaml:2:21: routes[0].source: the pattern does not compile; an RE2 pattern"}},
      {"destination",
       "destinations: { hunter3: { kind: discard } }\nroutes: [ { to: \"${SECRET}\" } ]\n",
       {"f.yaml:2:17: routes[0].to: `${SECRET}` is not a destination; a name under `destinations`"}},
      {"url",
       "destinations: { a: { kind: http, url: \"ftp://${SECRET}/\" } }\n",
       {"f.yaml:1:39: destinations.a.url: what `ftp://${SECRET}/` stands for is not a URL to send to: "
        "the URL does not begin with http:// or https://; http[s]://HOST[:PORT][/PATH][?QUERY]"}},
      {"missing name",
       "match: ${NOT_THERE}\n",
       {"f.yaml:1:8: match: `${NOT_THERE}` refers to `NOT_THERE`, which the environment does not have"}},
      {"missing file",
       "match: ${file:/nowhere}\n",
       {"f.yaml:1:8: match: `${file:/nowhere}` refers to a file that cannot be read: No such file or "
        "directory"}},
      {"open", "match: \"${SECRET\"\n", {"f.yaml:1:8: match: `${SECRET` has `${` without `}`"}},
      {"nameless", "match: \"${}\"\n", {"f.yaml:1:8: match: `${}` has `${}` without a name"}},
      {"empty",
       "checkpoint: { directory: \"${EMPTY}\" }\n",
       {"f.yaml:1:26: checkpoint.directory: what `${EMPTY}` stands for is empty; a path of 1 to 1024 bytes"}},
  };
  expect(table);
  for (const row& r : table) {
    for (const std::string& said : complaints(r.text)) EXPECT_THAT(said, Not(HasSubstr("hunter2"))) << r.name;
  }
}

TEST(config_loader, overrides_win_over_the_file) {
  const std::string file =
      "ingest: { max_events: 5 }\ndestinations:\n  a: { kind: http, url: \"http://h/\" }\n  b: { kind: "
      "discard }\n"
      "routes:\n  - { source: x, to: a }\n";
  const auto c = good(file, {"ingest.max_events=6", "ingest.max_events=7", "destinations.a.rate=10",
                             "destinations.new.kind=discard", "routes[0].to=b,new", "routes[0].source=a=b",
                             "audit.events=", "checkpoint.dedup.max_ids=${PORT}"});
  EXPECT_EQ(c.ingest.max_events, 7U);
  EXPECT_EQ(c.destinations[0].rate, 10U);
  EXPECT_EQ(c.destinations[0].batch, 10U) << "the default follows the rate";
  EXPECT_EQ(c.destinations.size(), 3U);
  EXPECT_EQ(c.routes[0].to, (std::vector<std::string>{"b", "new"}));
  EXPECT_EQ(c.routes[0].source, "a=b");
  EXPECT_TRUE(c.audit.events.empty());
  EXPECT_EQ(c.checkpoint.dedup.max_ids, 9000U);
}

TEST(config_loader, says_what_is_wrong_with_an_override) {
  const std::string file = "destinations:\n  a: { kind: discard }\nroutes:\n  - { source: x, to: a }\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"match", "--set: `match` has no value; KEY=VALUE"},
      {"match=none", "--set: match: `none` is not known here; first or all"},
      {"ingest.max_bdoy=1MiB", "--set: ingest.max_bdoy: is not a key; the nearest is `max_body`"},
      {"ingest=1", "--set: ingest: cannot be set here; single values and lists can"},
      {"=1", "--set: cannot be set here; single values and lists can"},
      {"destinations.a=1", "--set: destinations.a: names no key; destinations.NAME.KEY"},
      {"destinations=1", "--set: destinations: names no key; destinations.NAME.KEY"},
      {"audit.chain=x", "--set: audit.chain: is not in this version; leave it out"},
      {"routes[1].to=a", "--set: routes[1].to: is not in the file; routes[0] and on, as many as it has"},
      {"routes.to=a", "--set: routes.to: is not in the file; routes[0] and on, as many as it has"},
      {"routes[0].to=b", "--set: routes[0].to[0]: `b` is not a destination; a name under `destinations`"},
      {"routes[0].metadata=b", "--set: routes[0].metadata: cannot be set here; single values and lists can"},
      {"destinations.b.rate=5", "--set: destinations.b.kind: is missing; http, file, nats or discard"},
  };
  for (const auto& [assignment, expected] : table) {
    EXPECT_THAT(complaints(file, {assignment}), ElementsAreArray({expected})) << assignment;
  }
}

TEST(config_loader, takes_aliases) {
  const auto c = good(
      "routes:\n  - { source: a, metadata: &m { region: x }, to: &to [ a ] }\n  - { source: b, metadata: *m, "
      "to: *to }\n"
      "destinations: { a: { kind: discard } }\n");
  ASSERT_EQ(c.routes.size(), 2U);
  EXPECT_EQ(c.routes[1].metadata, c.routes[0].metadata);
  EXPECT_EQ(c.routes[1].to, std::vector<std::string>{"a"});
}

TEST(config_loader, hands_test_events_on_as_json) {
  const auto c = good(
      "destinations: { a: { kind: discard } }\ntests:\n"
      "  - { event: { id: \"1\", n: 1.5e3, t: true, nothing: ~, zero: 01, text: yes, list: [ 1, \"2\" ], s: "
      "\"a\\\"\\n${PORT}\" }, to: [] }\n");
  ASSERT_EQ(c.tests.size(), 1U);
  EXPECT_EQ(
      c.tests[0].event,
      R"({"id":"1","n":1.5e3,"t":true,"nothing":null,"zero":"01","text":"yes","list":[1,"2"],"s":"a\"\u000a${PORT}"})");
  EXPECT_EQ(c.tests[0].place, "f.yaml:3:5");
}

// What contract.md shows, without what is not in this version.
constexpr const char* whole = R"(
ingest:   { listen: 127.0.0.1:8080, max_body: 8MiB, max_events: 10000, in_flight: 64MiB, connections: 2048, on_invalid_event: quarantine }
scale:    { io_threads: auto, actor_threads: auto, decoders: auto, routers: auto }
admin:    { listen: 127.0.0.1:8081 }
checkpoint: { directory: ./data, commit: fsync, max_bytes: 20GiB, retention: 24h, keep_dropped: whole, tail: 64MiB, dedup: { window: 24h, max_ids: 4000000 } }
match: first
routes:
  - { source: "^conversation:.*", metadata: { region: us-east-1 }, to: analytics-warehouse }
  - { source: "^interaction:.*",  metadata: { priority: high },    to: realtime-dashboard }
destinations:
  analytics-warehouse: { kind: http, url: "http://warehouse.example/events", rate: 1000, batch: 100, timeout: 5s,
                         retry: { initial: 500ms, max: 60s, for: 24h }, backlog: { max_bytes: 5GiB, when_full: dead_letter } }
  realtime-dashboard:  { kind: file, path: ./delivered/realtime.jsonl, rate: unlimited }
dead_letters: { max_bytes: 2GiB }
audit:    { path: "-", backlog: 1GiB, events: [ routed, dropped, quarantined, delivered, dead_lettered ] }
genesys:
  region: us-east-1
  client_id: "${ID}"
  client_secret: "${SECRET}"
  subscription: { name: analytics-pipeline-sub, endpoint: "https://node.example/v1/events", sources: [ "conversation:transcript" ], retention_days: 30, max_events_per_second: 1000 }
telemetry: { }
log: { level: info, format: json }
shutdown: { timeout: 10s }
tests:
  - { event: { id: "1", source: "conversation:transcript", metadata: { region: us-east-1 } }, to: [ analytics-warehouse ] }
)";

TEST(config_loader, takes_every_key) {
  const auto c = good(whole);
  EXPECT_EQ(c.ingest.max_body, 8 * mib);
  EXPECT_EQ(c.admin.listen, (endpoint{"127.0.0.1", 8081}));
  EXPECT_EQ(c.checkpoint.retention, std::chrono::hours(24));
  ASSERT_EQ(c.destinations.size(), 2U);
  EXPECT_EQ(c.destinations[0].name, "analytics-warehouse");
  EXPECT_EQ(c.destinations[0].kind, destination_kind::http);
  EXPECT_EQ(c.destinations[0].retry.give_up_after, std::chrono::hours(24));
  EXPECT_EQ(c.destinations[1].rate, std::nullopt);
  EXPECT_EQ(c.audit.events.size(), 5U);
  ASSERT_TRUE(c.genesys);
  EXPECT_EQ(c.genesys->credentials.client_secret, "hunter2");
  const auto s = settings_of(*c.genesys);
  EXPECT_EQ(s.hosts, (subscription::hosts{"https://login.mypurecloud.com", "https://api.mypurecloud.com"}));
  EXPECT_EQ(s.wanted.sources, std::vector<std::string>{"conversation:transcript"});
  EXPECT_EQ(s.check_interval, std::chrono::seconds(60));
  const auto rules = compile_rules(c);
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ((*rules)->rules()[1].to, std::vector<destination_id>{1});
}

TEST(config_loader, the_defaults_are_those_of_the_contract) {
  const auto c = good("match: first\n");
  const auto given = good(whole);
  EXPECT_EQ(c.ingest.listen, given.ingest.listen);
  EXPECT_EQ(c.ingest.in_flight, given.ingest.in_flight);
  EXPECT_EQ(c.checkpoint.directory, given.checkpoint.directory);
  EXPECT_EQ(c.checkpoint.max_bytes, given.checkpoint.max_bytes);
  EXPECT_EQ(c.checkpoint.dedup.max_ids, given.checkpoint.dedup.max_ids);
  EXPECT_EQ(c.dead_letters.max_bytes, given.dead_letters.max_bytes);
  EXPECT_EQ(c.audit.events, given.audit.events);
  EXPECT_EQ(c.shutdown.timeout, given.shutdown.timeout);
  EXPECT_FALSE(c.genesys) << "without the section the node only listens";
}

TEST(config_loader, says_that_a_file_cannot_be_read) {
  const auto read = load("/nowhere/f.yaml");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(to_string(read.error().at(0)), "/nowhere/f.yaml: cannot be read: No such file or directory");
}

TEST(config_reference, has_every_key_with_bounds_and_default) {
  const std::string text = reference();
  for (const key& k : all_keys()) EXPECT_THAT(text, HasSubstr("| `" + k.path + "` |"));
  EXPECT_THAT(text, HasSubstr("| `ingest.max_body` | 1KiB to 32MiB (B, KiB, MiB, GiB or TiB) | `8MiB` | "
                              "Largest body of a request; a larger one is answered 413. |"));
  EXPECT_THAT(text, HasSubstr("| `destinations.*.kind` | http, file, nats or discard | required |"));
  EXPECT_THAT(text, HasSubstr("| `admin.listen` | ADDRESS:PORT with a numeric address, as 127.0.0.1:8080 or "
                              "[::1]:8080 | none |"));
}

TEST(config_reference, every_default_is_allowed) {
  config c;
  destination_options d;
  route_options r;
  routing_test t;
  for (const key& k : all_keys()) {
    if (k.form != shape::one || k.fallback.empty()) continue;
    EXPECT_EQ(k.set({.all = c, .destination = &d, .route = &r, .test = &t}, "", k.fallback), std::nullopt)
        << k.path;
  }
}

}  // namespace
}  // namespace sluice::config
