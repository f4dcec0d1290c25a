// Goal: only who is believed is published to, only who may publish gets in, and what is said of it shows no
// secret. Method: a real nats-server with each kind of credentials and with TLS of a throw-away authority.
#include "net/tls/authority.hpp"
#include "tests/net/nats/publisher_fixture.hpp"

namespace sluice::net::nats {
namespace {

using sluice::testing::nats_login;
using sluice::testing::temp_dir;

class nats_publisher_security_test : public nats_publisher_test {
 protected:
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

  /// NAME.pem and NAME.key.
  void issue(const std::string& name, std::vector<std::string> names, bool for_clients = false) {
    tls::certificate_wish wish;
    wish.names = std::move(names);
    wish.for_clients = for_clients;
    const auto made = authority_.issue(wish);
    ASSERT_TRUE(made) << to_string(made.error());
    ASSERT_TRUE(tls::write_pem(file(name + ".pem"), made->certificate, false));
    ASSERT_TRUE(tls::write_pem(file(name + ".key"), made->key, true));
    ASSERT_TRUE(tls::write_pem(file("ca.pem"), authority_.certificate(), false));
  }
  /// What a server with the certificate `server` says in its configuration.
  std::string tls_section(const std::string& more = {}) const {
    return "tls { cert_file: \"" + file("server.pem") + "\", key_file: \"" + file("server.key") + "\" " +
           more + " }";
  }

 private:
  temp_dir directory_;
  tls::authority authority_ = tls::authority::make("sluice test authority").value();
};

TEST_F(nats_publisher_security_test, gets_in_with_the_right_password_only) {
  const std::string password = R"(secret "quoted" \ and plain)";
  const nats_server server(R"(authorization { user: "sluice", password: 'secret "quoted" \ and plain' })");
  auto options = to(server);
  with(options);
  expect(kind::unknown, "no connection with the NATS server 127.0.0.1:", publish({numbered(1)}));
  options.user = "sluice";
  options.password = "secret and wrong";
  with(options);
  const burst_end wrong = publish({numbered(1)});
  expect(kind::unknown, "Authorization Violation", wrong);
  expect(kind::unknown, "Authorization Violation", wrong);
  EXPECT_FALSE(wrong.sent);
  options.password = password;
  with(options);
  expect(kind::unknown, "no stream listens", publish({numbered(1)}));
}

TEST_F(nats_publisher_security_test, stores_for_a_user) {
  const nats_server server(R"(authorization { user: sluice, password: "secret" })");
  nats_streams streams(server.port(), {.user = "sluice", .password = "secret"});
  streams.make("EVENTS", "events.>");
  auto options = to(server);
  options.user = "sluice";
  options.password = "secret";
  with(options);
  expect_stored(publish(numbered_up_to(3)));
  EXPECT_EQ(streams.read("EVENTS").size(), 3U);
}

TEST_F(nats_publisher_security_test, gets_in_with_the_right_token_only) {
  const nats_server server(R"(authorization { token: "secret-token" })");
  nats_streams(server.port(), {.token = "secret-token"}).make("EVENTS", "events.>");
  auto options = to(server);
  options.token = "secret-but-wrong";
  with(options);
  expect(kind::unknown, "Authorization Violation", publish({numbered(1)}));
  options.token = "secret-token";
  with(options);
  expect_stored(publish({numbered(1)}));
}

TEST_F(nats_publisher_security_test, says_what_its_user_may_not) {
  const nats_server server(R"(authorization { users: [
    { user: sluice, password: "secret", permissions: { publish: "events.a" } },
    { user: operator, password: "secret" } ] })");
  nats_streams(server.port(), {.user = "operator", .password = "secret"}).make("EVENTS", "events.>");
  auto options = to(server);
  options.user = "sluice";
  options.password = "secret";
  options.timeout = std::chrono::seconds(2);
  with(options);
  const burst_end end = publish({numbered(1), numbered(2, "events.b")});
  ASSERT_EQ(end.of.size(), 2U);
  EXPECT_EQ(end.of[0].how, kind::stored) << end.of[0].why;
  EXPECT_EQ(end.of[1].how, kind::unknown);
  EXPECT_NE(end.of[1].why.find("Permissions Violation"), std::string::npos) << end.of[1].why;
}

TEST_F(nats_publisher_security_test, names_a_credentials_file_that_it_cannot_use) {
  const nats_server server;
  auto options = to(server);
  options.credentials = file("absent.creds");
  with(options);
  const burst_end end = publish({numbered(1)});
  expect(kind::unknown, "absent.creds", end);
  EXPECT_FALSE(end.sent);
}

TEST_F(nats_publisher_security_test, believes_the_authority_that_it_is_given) {
  issue("server", {"localhost", "127.0.0.1"});
  const nats_server server(tls_section());
  nats_streams(server.port(), {.ca = file("ca.pem")}).make("EVENTS", "events.>");
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    for (const bool asked_for : {true, false}) {  // a server that has TLS wants it
      auto options = to({at(server.port(), host, asked_for)});
      options.ca = file("ca.pem");
      with(options);
      expect_stored(publish({numbered(1)}));
      options.ca.clear();
      with(options);
      const burst_end end = publish({numbered(1)});
      expect(kind::unknown, "TLS does not trust it", end);
      EXPECT_FALSE(end.sent);
    }
  }
}

TEST_F(nats_publisher_security_test, refuses_a_server_of_another_name) {
  issue("server", {"nats.example"});
  const nats_server server(tls_section());
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    auto options = to({at(server.port(), host, true)});
    options.ca = file("ca.pem");
    with(options);
    expect(kind::unknown, "TLS does not trust it", publish({numbered(1)}));
  }
}

TEST_F(nats_publisher_security_test, sends_nothing_to_a_server_without_the_TLS_that_it_shall_have) {
  const nats_server server;
  with(to({at(server.port(), "127.0.0.1", true)}));
  const burst_end end = publish({numbered(1)});
  expect(kind::unknown, "it offers no TLS", end);
  EXPECT_FALSE(end.sent);
}

TEST_F(nats_publisher_security_test, shows_its_certificate_to_a_server_that_asks_for_one) {
  issue("server", {"127.0.0.1"});
  issue("client", {"sluice.example"}, true);
  const nats_server server(tls_section(", verify: true, ca_file: \"" + file("ca.pem") + "\""));
  const nats_login operator_login{
      .ca = file("ca.pem"), .certificate = file("client.pem"), .key = file("client.key")};
  nats_streams(server.port(), operator_login).make("EVENTS", "events.>");
  auto options = to({at(server.port(), "127.0.0.1", true)});
  options.ca = file("ca.pem");
  with(options);
  const burst_end without = publish({numbered(1)});
  expect(kind::unknown, "127.0.0.1", without);
  EXPECT_FALSE(without.sent);
  options.certificate = file("client.pem");
  options.key = file("client.key");
  with(options);
  expect_stored(publish({numbered(1)}));
}

TEST_F(nats_publisher_security_test, names_a_file_that_is_no_good) {
  issue("client", {"sluice.example"}, true);
  auto options = to({at(4222, "127.0.0.1", true)});
  options.ca = file("absent.pem");
  with(options);
  expect(kind::unknown, "absent.pem: cannot be read", publish({numbered(1)}));
  options.ca = file("client.key");
  with(options);
  expect(kind::unknown, "client.key: holds no PEM certificate", publish({numbered(1)}));
}

}  // namespace
}  // namespace sluice::net::nats
