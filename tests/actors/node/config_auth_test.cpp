// Goal: how the node proves who it is, and whom it believes, is one thing or the other, whole, and no secret
// of it is shown. Method: tables of destinations with the exact list of messages; real files, good and bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "net/tls/authority.hpp"
#include "tests/actors/node/loaded_keys.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

outside world() {
  return {[](const std::string& name) -> std::optional<std::string> {
            if (name == "SECRET") return "canary\ncanary";
            if (name == "FILE") return "/canary/canary";
            return std::nullopt;
          },
          {}};
}

loaded load_keys(const std::string& keys, const std::string& url = "https://h/") {
  return load_http(url, keys, world());
}

destination_options good(const std::string& keys) { return first_destination(load_keys(keys)); }

std::vector<std::string> complaints(const std::string& keys, const std::string& url = "https://h/") {
  return complaints_of(load_keys(keys, url));
}

TEST(auth_keys, say_who_the_node_is) {
  EXPECT_EQ(good("    auth: { bearer: tok }\n").webhook.auth.bearer, "tok");
  const auto basic = good("    auth: { basic: { user: me, password: \"it is: mine\" } }\n").webhook.auth;
  EXPECT_EQ(basic.user, "me");
  EXPECT_EQ(basic.password, "it is: mine");
  const auto key = good("    auth: { api_key: { header: X-Api-Key, value: k } }\n").webhook.auth;
  EXPECT_EQ(key.api_key_header, "X-Api-Key");
  EXPECT_EQ(key.api_key, "k");
  const auto token =
      good(
          "    auth:\n      oauth2: { token_url: \"https://login.example/token?x=1\", client_id: i, "
          "client_secret: s, scope: \"a b\" }\n")
          .webhook.auth;
  EXPECT_EQ(token.token_url, "https://login.example/token?x=1");
  EXPECT_EQ(token.client.client_id, "i");
  EXPECT_EQ(token.client.client_secret, "s");
  EXPECT_EQ(token.client.scope, "a b");
}

TEST(auth_keys, are_one_kind_and_whole) {
  const struct {
    const char* about;
    std::string keys;
    std::vector<std::string> expected;
  } rows[] = {
      {"two kinds",
       "    auth: { bearer: t, basic: { user: u, password: p } }\n",
       {"f.yaml:5:24: destinations.a.auth.basic: is there beside `bearer`; one of the two"}},
      {"half of one",
       "    auth: { basic: { user: u } }\n",
       {"f.yaml:5:13: destinations.a.auth.basic.password: is missing; `basic` needs it"}},
      {"the wrong half",
       "    auth: { api_key: { value: k } }\n",
       {"f.yaml:5:13: destinations.a.auth.api_key.header: is missing; `api_key` needs it"}},
      {"little of it",
       "    auth: { oauth2: { scope: s } }\n",
       {"f.yaml:5:13: destinations.a.auth.oauth2.token_url: is missing; `oauth2` needs it",
        "f.yaml:5:13: destinations.a.auth.oauth2.client_id: is missing; `oauth2` needs it",
        "f.yaml:5:13: destinations.a.auth.oauth2.client_secret: is missing; `oauth2` needs it"}},
      {"a name with a colon",
       "    auth: { basic: { user: \"a:b\", password: p } }\n",
       {"f.yaml:5:28: destinations.a.auth.basic.user: has a colon, which ends a name (RFC 7617); another "
        "name"}},
      {"the node's own header",
       "    auth: { api_key: { header: Authorization, value: k } }\n",
       {"f.yaml:5:32: destinations.a.auth.api_key.header: is for a header that the node writes itself; "
        "another "
        "one"}},
      {"a header of `headers`",
       "    headers: { x-api-key: a }\n    auth: { api_key: { header: X-Api-Key, value: k } }\n",
       {"f.yaml:6:32: destinations.a.auth.api_key.header: is for a header that stands in `headers` too; "
        "once"}},
      {"credentials in the clear",
       "    auth: { oauth2: { token_url: \"http://h/t\", client_id: i, client_secret: s } }\n",
       {"f.yaml:5:34: destinations.a.auth.oauth2.token_url: would send the credentials unencrypted; https, "
        "or "
        "http on loopback"}},
      {"a token host within",
       "    auth: { oauth2: { token_url: \"http://127.0.0.1/t\", client_id: i, client_secret: s } }\n",
       {"f.yaml:5:34: destinations.a.auth.oauth2.token_url: leads to 127.0.0.1 that is not a public one; "
        "`allow: "
        "[127.0.0.0/8]` opens it"}},
  };
  for (const auto& r : rows) EXPECT_THAT(complaints(r.keys), ElementsAreArray(r.expected)) << r.about;
}

TEST(auth_keys, do_not_show_what_they_hold) {
  for (const char* const keys : {"    auth: { bearer: \"${SECRET}\" }\n",
                                 "    auth: { basic: { user: u, password: \"${SECRET}\" } }\n",
                                 "    auth: { api_key: { header: X-Key, value: \"canary\\u0001\" } }\n"}) {
    const auto said = complaints(keys);
    ASSERT_EQ(said.size(), 1U) << keys;
    EXPECT_THAT(said[0], Not(HasSubstr("canary"))) << keys;
  }
  const auto read = load_keys("    auth: { bearer: t }\n");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_hidden("destinations.a.auth.bearer"));
}

class client_tls_keys : public ::testing::Test {
 protected:
  client_tls_keys() {
    const auto made = authority_.issue({.names = {"node"}, .for_clients = true});
    EXPECT_TRUE(made);
    for (const auto& [name, text] :
         {std::pair("ca.pem", authority_.certificate()), std::pair("node.pem", made->certificate),
          std::pair("node.key", made->key)})
      EXPECT_TRUE(net::tls::write_pem(file(name), text, true));
    sluice::testing::write_text(file("text.pem"), "no PEM\n");
  }
  std::string file(const std::string& name) const { return (files_.path() / name).string(); }
  std::string keys(const std::string& ca, const std::string& certificate, const std::string& key) const {
    return "    tls: { ca: " + file(ca) + ", certificate: " + file(certificate) + ", key: " + file(key) +
           " }\n";
  }

  sluice::testing::temp_dir files_;
  net::tls::authority authority_ = *net::tls::authority::make("an authority");
};

TEST_F(client_tls_keys, name_files_that_are_read_at_once) {
  const auto read = good(keys("ca.pem", "node.pem", "node.key")).tls;
  EXPECT_EQ(read.ca, file("ca.pem"));
  EXPECT_EQ(read.certificate, file("node.pem"));
  EXPECT_EQ(read.key, file("node.key"));
  EXPECT_THAT(complaints(keys("absent.pem", "node.pem", "node.key")),
              ElementsAre("f.yaml:5:16: destinations.a.tls.ca: `" + file("absent.pem") +
                          "` cannot be read: No such file or directory"));
  EXPECT_THAT(complaints(keys("ca.pem", "text.pem", "node.key")),
              ElementsAre(HasSubstr("destinations.a.tls.certificate: `" + file("text.pem") +
                                    "` is no PEM chain of certificates")));
  EXPECT_THAT(complaints(keys("ca.pem", "node.pem", "ca.pem")),
              ElementsAre(HasSubstr("is no PEM key without a pass phrase")));
  ASSERT_EQ(::chmod(file("node.key").c_str(), 0644), 0);
  EXPECT_THAT(
      complaints(keys("ca.pem", "node.pem", "node.key")),
      ElementsAre(HasSubstr("destinations.a.tls.key: `" + file("node.key") + "` may be read by everybody")));
}

TEST_F(client_tls_keys, belong_together_and_to_https) {
  EXPECT_THAT(
      complaints("    tls: { certificate: " + file("node.pem") + " }\n"),
      ElementsAre(
          "f.yaml:5:5: destinations.a.tls.key: is missing; a certificate and its key belong together"));
  EXPECT_THAT(complaints("    tls: { ca: " + file("ca.pem") + " }\n", "http://h/"),
              ElementsAre("f.yaml:5:5: destinations.a.tls: is for https; leave it out, or send there"));
}

TEST_F(client_tls_keys, do_not_show_a_path_that_came_from_outside) {
  const auto said = complaints("    tls: { ca: \"${FILE}\" }\n");
  EXPECT_THAT(said,
              ElementsAre("f.yaml:5:16: destinations.a.tls.ca: cannot be read: No such file or directory"));
}

TEST_F(client_tls_keys, of_the_organisation_too) {
  const auto read =
      load_text("genesys: { region: us-east-1, client_id: i, client_secret: s, ca: " + file("text.pem") +
                    ",\n  subscription: { name: n, endpoint: \"https://h/\", sources: [ a ] } }\n",
                "f.yaml", {}, world());
  ASSERT_FALSE(read);
  ASSERT_EQ(read.error().size(), 1U);
  EXPECT_THAT(to_string(read.error()[0]),
              HasSubstr("f.yaml:1:67: genesys.ca: `" + file("text.pem") + "` holds no PEM certificate"));
}

}  // namespace
}  // namespace sluice::config
