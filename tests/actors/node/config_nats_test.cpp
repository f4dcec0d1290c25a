// Goal: a destination in a stream is what was written, and what cannot work is refused at its place, without
// a secret. Method: tables of destinations with the exact list of messages; real files, good and bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/node/config/loader.hpp"
#include "tests/net/nats/nkeys.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

loaded load_keys(const std::string& keys) {
  return load_text("destinations:\n  a: { kind: nats, " + keys + " }\n", "f.yaml", {},
                   {[](const std::string& name) -> std::optional<std::string> {
                      if (name == "SECRET") return "canary";
                      if (name == "SERVER") return "nats://10.1.2.3";
                      return std::nullopt;
                    },
                    {}});
}

destination_options good(const std::string& keys) {
  const auto read = load_keys(keys);
  if (!read) {
    for (const error& e : read.error()) ADD_FAILURE() << keys << ": " << to_string(e);
    return {};
  }
  return read->destinations.at(0);
}

std::vector<std::string> complaints(const std::string& keys) {
  std::vector<std::string> all;
  if (const auto read = load_keys(keys); !read)
    for (const error& e : read.error()) all.push_back(to_string(e));
  return all;
}

const std::string here = "servers: \"nats://n\", subject: events";

TEST(nats_keys, have_defaults_that_work) {
  const auto d = good(here);
  EXPECT_THAT(d.nats.servers, ElementsAre("nats://n"));
  EXPECT_EQ(d.nats.subject, "events");
  EXPECT_EQ(d.nats.stream, "");
  EXPECT_EQ(d.nats.max_in_flight, 256u);
  EXPECT_FALSE(d.nats.proves());
  EXPECT_EQ(d.rate, 1000u);
  EXPECT_EQ(d.timeout, std::chrono::seconds(5));
  EXPECT_EQ(d.retry.give_up_after, std::chrono::hours(24));
  EXPECT_EQ(d.lane_count(), 1u);
}

TEST(nats_keys, say_where_and_as_what) {
  const auto d = good(
      "servers: [\"tls://a.example:4443\", \"tls://b.example\"], subject: "
      "\"calls.{source}.{metadata.region}\", "
      "stream: CALLS, user: me, password: \"${SECRET}\", max_in_flight: 10, rate: unlimited, timeout: 9s, "
      "retry: { for: 1h }, ordering: key, key: metadata.call");
  EXPECT_THAT(d.nats.servers, ElementsAre("tls://a.example:4443", "tls://b.example"));
  EXPECT_EQ(d.nats.subject, "calls.{source}.{metadata.region}");
  EXPECT_EQ(d.nats.stream, "CALLS");
  EXPECT_EQ(d.nats.user, "me");
  EXPECT_EQ(d.nats.password, "canary");
  EXPECT_EQ(d.nats.max_in_flight, 10u);
  EXPECT_FALSE(d.rate);
  EXPECT_EQ(d.retry.give_up_after, std::chrono::hours(1));
  EXPECT_EQ(d.lane_count(), 8u);
  EXPECT_EQ(good(here + ", rate: 7").nats.max_in_flight, 7u) << "the default follows the rate";
  EXPECT_EQ(good(here + ", ordering: none, concurrency: 32").lane_count(), 32u);
  EXPECT_EQ(good("servers: \"nats://127.0.0.1:4222\", allow: 127.0.0.0/8, subject: e, token: t").nats.token,
            "t");
}

TEST(nats_keys, are_refused_where_they_cannot_work) {
  const struct {
    const char* about;
    std::string keys;
    std::vector<std::string> expected;
  } rows[] = {
      {"nothing",
       "rate: 1",
       {"f.yaml:2:3: destinations.a.servers: is missing; one or a list: nats://HOST[:PORT] or "
        "tls://HOST[:PORT]",
        "f.yaml:2:3: destinations.a.subject: is missing; literal tokens with the places {source}, {id} and "
        "{metadata.NAME} in them, as events.{source}"}},
      {"no servers",
       "servers: [], subject: e",
       {"f.yaml:2:20: destinations.a.servers: is empty; at least one"}},
      {"of http",
       here + ", url: \"http://h/\", batch: 10",
       {"f.yaml:2:63: destinations.a.url: is not for kind nats; leave it out",
        "f.yaml:2:83: destinations.a.batch: is not for kind nats; leave it out"}},
      {"a server",
       "servers: \"http://n\", subject: e",
       {"f.yaml:2:29: destinations.a.servers: `http://n` is no address of a server: the URL does not begin "
        "with nats:// or tls://; one or a list: nats://HOST[:PORT] or tls://HOST[:PORT]"}},
      {"a subject",
       "servers: \"nats://n\", subject: \"{source}\"",
       {"f.yaml:2:50: destinations.a.subject: `{source}` must begin with a literal token, as in "
        "events.{source}; "
        "literal tokens with the places {source}, {id} and {metadata.NAME} in them, as events.{source}"}},
      {"a stream",
       here + ", stream: \"a.b\"",
       {"f.yaml:2:66: destinations.a.stream: `a.b` has a character that no stream's name has; a stream's "
        "name of 1 "
        "to 255 bytes"}},
      {"in flight",
       here + ", max_in_flight: 0",
       {"f.yaml:2:73: destinations.a.max_in_flight: `0` is too small; 1 to 1000"}},
      {"more in flight than the rate",
       here + ", rate: 10, max_in_flight: 11",
       {"f.yaml:2:83: destinations.a.max_in_flight: is larger than the rate; at most what `rate` allows in a "
        "second"}},
      {"an address that is not public",
       "servers: [\"nats://n\", \"nats://10.1.2.3\"], subject: e",
       {"f.yaml:2:42: destinations.a.servers[1]: leads to 10.1.2.3 that is not a public one; `allow: "
        "[10.0.0.0/8]` "
        "opens it"}},
      {"one that is hidden",
       "servers: \"${SERVER}\", subject: e",
       {"f.yaml:2:29: destinations.a.servers: leads to an address that is not a public one; `allow: "
        "[RANGE]` "
        "opens it"}},
      {"unencrypted credentials",
       here + ", user: u, password: \"${SECRET}\"",
       {"f.yaml:2:29: destinations.a.servers: would get the credentials unencrypted; tls://, or nats:// "
        "on "
        "loopback"}},
      {"an unencrypted token, to one of two",
       "servers: [\"tls://n\", \"nats://n\"], subject: e, token: t",
       {"f.yaml:2:41: destinations.a.servers[1]: would get the credentials unencrypted; tls://, or nats:// "
        "on "
        "loopback"}},
      {"half of a user",
       "servers: \"tls://n\", subject: e, user: u",
       {"f.yaml:2:3: destinations.a.password: is missing; a user and a password belong together"}},
      {"the other half",
       "servers: \"tls://n\", subject: e, password: p",
       {"f.yaml:2:3: destinations.a.user: is missing; a user and a password belong together"}},
      {"two proofs",
       "servers: \"tls://n\", subject: e, user: u, password: p, token: t",
       {"f.yaml:2:81: destinations.a.token: is there beside `user`; one of the two"}},
      {"no file of credentials",
       "servers: \"tls://n\", subject: e, credentials: /nowhere",
       {"f.yaml:2:65: destinations.a.credentials: `/nowhere` cannot be read: No such file or directory"}},
      {"TLS where it is not spoken",
       here + ", tls: { ca: /nowhere }",
       {"f.yaml:2:58: destinations.a.tls: is for tls://; leave it out, or send there"}},
      {"an authority that is not there",
       "servers: \"tls://n\", subject: e, tls: { ca: /nowhere }",
       {"f.yaml:2:63: destinations.a.tls.ca: `/nowhere` cannot be read: No such file or directory"}},
      {"two at once in strict order",
       here + ", concurrency: 2",
       {"f.yaml:2:71: destinations.a.concurrency: is more than one request at once, which cannot keep the "
        "order of `ordering: strict`; 1, or ordering key or none"}},
      {"too many at once",
       here + ", ordering: none, concurrency: 33",
       {"f.yaml:2:87: destinations.a.concurrency: is too large for kind nats; 1 to 32"}},
  };
  for (const auto& row : rows) EXPECT_THAT(complaints(row.keys), ElementsAreArray(row.expected)) << row.about;
}

TEST(nats_keys, read_a_file_of_credentials_once_before_it_is_used) {
  const sluice::testing::temp_dir dir;
  const std::string path = (dir.path() / "node.creds").string();
  const std::string keys = "servers: \"tls://n\", subject: e, credentials: \"" + path + "\"";
  using net::nats::testing_support::nkey;
  const std::string seed = nkey(nkey::kind::user).seed();
  sluice::testing::write_text(path, net::nats::testing_support::creds_file("jwt", seed));
  EXPECT_EQ(good(keys).nats.credentials, path);
  for (const auto& wrong : {seed.substr(1), std::string()}) {
    sluice::testing::write_text(path, net::nats::testing_support::creds_file("jwt", wrong));
    EXPECT_THAT(complaints(keys), ElementsAre("f.yaml:2:65: destinations.a.credentials: `" + path +
                                              "` is no credentials file: it has no user seed"));
  }
}

}  // namespace
}  // namespace sluice::config
