// Goal: what an HTTP destination is told arrives, every mistake is said at its place, and no secret is shown.
// Method: tables of destinations with the exact list of messages; a canary in every place for a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/node/loaded_keys.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

outside world() {
  return {[](const std::string& name) -> std::optional<std::string> {
            if (name == "SECRET") return "canary canary canary";
            if (name == "SHORT") return "canary";
            return std::nullopt;
          },
          [](const std::string& path) -> result<std::string> {
            return fail(errc::io, "No such file or directory", path, 2);
          }};
}

/// The destination `a`, of kind http, with these further keys.
loaded load_keys(const std::string& keys) { return load_http("http://h/", keys, world()); }
destination_options good(const std::string& keys) { return first_destination(load_keys(keys)); }
std::vector<std::string> complaints(const std::string& keys) { return complaints_of(load_keys(keys)); }

struct row {
  const char* name;
  std::string keys;
  std::vector<std::string> expected;
};

TEST(http_keys, say_what_is_sent) {
  const auto plain = good("");
  EXPECT_EQ(plain.webhook.format, deliver::format::envelope);
  EXPECT_EQ(plain.batch, 100U);
  EXPECT_TRUE(plain.webhook.headers.empty());
  EXPECT_TRUE(plain.webhook.sign.empty());
  const auto d = good(
      "    format: cloudevents_batch\n    type: com.example.event\n    headers: { X-Tenant: a, User-Agent: "
      "\"${SECRET}\" }\n"
      "    sign: [ \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\", \"${SECRET}\" ]\n");
  EXPECT_EQ(d.webhook.format, deliver::format::cloudevents_batch);
  EXPECT_EQ(d.webhook.type, "com.example.event");
  EXPECT_THAT(d.webhook.headers,
              ElementsAre(Pair("X-Tenant", "a"), Pair("User-Agent", "canary canary canary")));
  EXPECT_THAT(d.webhook.sign, ElementsAre("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "canary canary canary"));
  EXPECT_THAT(good("    sign: a secret of mine\n").webhook.sign, ElementsAre("a secret of mine"));
}

TEST(http_keys, say_how_large_a_batch_gets_and_how_long_it_gathers) {
  const auto plain = good("");
  EXPECT_EQ(plain.batch_bytes, 1 * mib);
  EXPECT_EQ(plain.linger, std::chrono::milliseconds(0)) << "what is there goes";
  const auto d = good("    batch: 1000\n    batch_bytes: 64KiB\n    linger: 250ms\n");
  EXPECT_EQ(d.batch, 1000U);
  EXPECT_EQ(d.batch_bytes, 64 * kib);
  EXPECT_EQ(d.linger, std::chrono::milliseconds(250));
  EXPECT_EQ(complaints("    batch: 1001\n    batch_bytes: 1023\n    linger: 61s\n").size(), 3U);
}

TEST(http_keys, of_a_single_format_hold_one_event_a_request) {
  for (const char* const format : {"event", "cloudevents"}) {
    EXPECT_EQ(good("    format: " + std::string(format) + "\n").batch, 1U) << format;
    EXPECT_EQ(good("    batch: 1\n    format: " + std::string(format) + "\n").batch, 1U) << format;
    EXPECT_THAT(
        complaints("    format: " + std::string(format) + "\n    batch: 2\n"),
        ElementsAre("f.yaml:6:12: destinations.a.batch: is more than one, which this `format` holds; 1, or "
                    "leave it out"))
        << format;
  }
}

TEST(http_keys, are_refused_at_their_place) {
  std::string many = "    headers:\n";
  for (int i = 0; i < 33; ++i) many += "      X-" + std::to_string(i) + ": a\n";
  std::string nine = "    sign: [ \"${SECRET}\"";
  for (int i = 0; i < 8; ++i) nine += ", \"${SECRET}\"";
  nine += " ]\n";
  const std::string headers_allowed = "; a map of at most 32 names and values of up to 4096 bytes";
  const std::string secrets_allowed =
      "; one or a list: whsec_ and base64 of 24 to 64 bytes, or a text of 16 to 256 bytes";
  const row table[] = {
      {"format",
       "    format: xml\n",
       {"f.yaml:5:13: destinations.a.format: `xml` is not known here; envelope, event, cloudevents or "
        "cloudevents_batch"}},
      {"type without CloudEvents",
       "    type: t\n",
       {"f.yaml:5:11: destinations.a.type: is for the formats cloudevents and cloudevents_batch; leave it "
        "out"}},
      {"a header of ours",
       "    headers: { Host: canary }\n",
       {"f.yaml:5:22: destinations.a.headers.Host: what is given is for a header that the node writes "
        "itself" +
        headers_allowed}},
      {"a header of auth",
       "    headers: { authorization: canary }\n",
       {"f.yaml:5:31: destinations.a.headers.authorization: what is given is for a header that the node "
        "writes "
        "itself" +
        headers_allowed}},
      {"no name",
       "    headers: { \"a b\": canary }\n",
       {"f.yaml:5:23: destinations.a.headers.a b: what is given is for no name that HTTP allows" +
        headers_allowed}},
      {"twice",
       "    headers: { X-A: canary, x-a: canary }\n",
       {"f.yaml:5:34: destinations.a.headers.x-a: what is given is for a header that is there already" +
        headers_allowed}},
      {"a line end",
       "    headers: { X-A: \"canary\\r\\nX-B: c\" }\n",
       {"f.yaml:5:21: destinations.a.headers.X-A: what is given has control characters" + headers_allowed}},
      {"one too many",
       many,
       {"f.yaml:38:13: destinations.a.headers.X-32: what is given is one too many, 32 is the most" +
        headers_allowed}},
      {"a short secret",
       "    sign: canary\n",
       {"f.yaml:5:11: destinations.a.sign: what is given is too short to be a secret" + secrets_allowed}},
      {"a short secret from outside",
       "    sign: [ \"${SECRET}\", \"${SHORT}\" ]\n",
       {"f.yaml:5:26: destinations.a.sign[1]: what `${SHORT}` stands for is too short to be a secret" +
        secrets_allowed}},
      {"no base64",
       "    sign: whsec_canary\n",
       {"f.yaml:5:11: destinations.a.sign: what is given is not base64 behind whsec_" + secrets_allowed}},
      {"too many secrets", nine, {"f.yaml:5:5: destinations.a.sign: has 9 secrets; at most 8"}},
  };
  for (const row& r : table) {
    const auto said = complaints(r.keys);
    EXPECT_THAT(said, ElementsAreArray(r.expected)) << r.name;
    for (const std::string& line : said) EXPECT_THAT(line, Not(HasSubstr("canary"))) << r.name;
  }
}

/// The destination `a`, of kind http, at this URL.
std::vector<std::string> complaints_at(const std::string& url, const std::string& allow) {
  return complaints_of(
      load_text("destinations:\n  a: { kind: http, url: \"" + url + "\", allow: [" + allow + "] }\n",
                "f.yaml", {}, world()));
}

TEST(http_keys, open_ranges_and_say_which_one_is_closed) {
  const auto closed = [](const std::string& host, const std::string& range) {
    return "f.yaml:2:25: destinations.a.url: leads to " + host + " that is not a public one; `allow: [" +
           range + "]` opens it";
  };
  const std::string range_allowed =
      "; one or a list: an IP address, or a range of them as 10.0.0.0/8 or fd00::/8";
  struct {
    std::string url, allow;
    std::vector<std::string> expected;
  } const table[] = {
      {"http://name/", "", {}},
      {"http://8.8.8.8/", "", {}},
      {"http://127.0.0.1:1/", "", {closed("127.0.0.1", "127.0.0.0/8")}},
      {"http://127.0.0.1/", "127.0.0.0/8", {}},
      {"http://127.0.0.1/", "127.0.0.2", {closed("127.0.0.1", "127.0.0.0/8")}},
      {"https://10.1.2.3/", "\"fd00::/8\", 192.168.0.0/16", {closed("10.1.2.3", "10.0.0.0/8")}},
      {"http://169.254.169.254/", "", {closed("169.254.169.254", "169.254.169.254/32")}},
      {"http://[::1]/", "", {closed("::1", "::1/128")}},
      {"http://[::1]/", "\"::1\"", {}},
      {"http://[::ffff:127.0.0.1]/", "", {closed("::ffff:127.0.0.1", "127.0.0.0/8")}},
      {"http://[2002:7f00:1::]/", "", {closed("2002:7f00:1::", "127.0.0.0/8")}},
      {"http://[2002:7f00:1::]/", "127.0.0.0/8", {}},
      {"http://[4000::1]/", "", {closed("4000::1", "4000::1/128")}},
      {"http://localhost/", "", {closed("localhost", "127.0.0.0/8")}},
      {"http://localhost/", "127.0.0.1", {}},
      {"http://h/",
       "10.0.0.1/8",
       {"f.yaml:2:46: destinations.a.allow[0]: `10.0.0.1/8` names more than its first bits; the range is "
        "10.0.0.0/8" +
        range_allowed}},
      {"http://h/",
       "host",
       {"f.yaml:2:46: destinations.a.allow[0]: `host` is no IP address or range of them" + range_allowed}},
  };
  for (const auto& r : table)
    EXPECT_THAT(complaints_at(r.url, r.allow), ElementsAreArray(r.expected)) << r.url;
  std::string many = "10.0.0.0/8";
  for (int i = 0; i < 64; ++i) many += ", 10.0.0." + std::to_string(i);
  EXPECT_THAT(complaints_at("http://h/", many),
              ElementsAre("f.yaml:2:38: destinations.a.allow: has 65 ranges; at most 64"));
}

TEST(http_keys, do_not_show_an_address_that_came_from_outside) {
  const auto read =
      load_text("destinations:\n  a: { kind: http, url: \"http://${HOST}/\" }\n", "f.yaml", {},
                {[](const std::string&) { return std::optional<std::string>("10.20.30.40"); }, {}});
  ASSERT_FALSE(read);
  EXPECT_EQ(to_string(read.error().at(0)),
            "f.yaml:2:25: destinations.a.url: leads to an address that is not a public one; `allow: [RANGE]` "
            "opens it");
}

TEST(http_keys, are_of_no_other_kind) {
  const auto read = load_text(
      "destinations:\n  a: { kind: file, path: p, format: event, headers: { A: b }, sign: a secret of mine "
      "}\n",
      "f.yaml", {}, world());
  EXPECT_THAT(complaints_of(read),
              testing::UnorderedElementsAre(HasSubstr("destinations.a.format: is not for kind file"),
                                            HasSubstr("destinations.a.headers: is not for kind file"),
                                            HasSubstr("destinations.a.sign: is not for kind file")));
}

}  // namespace
}  // namespace sluice::config
