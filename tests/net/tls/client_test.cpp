// Goal: the client believes whom it should and nobody else, and says why it does not. Method: the client
// against a server of ours whose certificate is good, or wrong in one way.
#include "net/http/client.hpp"

#include <future>
#include <string>

#include "tests/net/http/raw_peer.hpp"
#include "tests/net/tls/mutual_peer.hpp"
#include "tests/net/tls/tls_fixture.hpp"

namespace sluice::net::tls {
namespace {

using namespace testing_support;
using http::attempt;

class tls_client : public tls_server_test {
 protected:
  attempt post(const std::string& host, std::uint16_t port, std::shared_ptr<const client_context> believing,
               std::string body = "hello") {
    http::client_options options;
    options.origin = {true, host, port, "/echo"};
    options.tls = std::move(believing);
    options.body_kept = options.body_read = 64u << 20;
    options.connect_time = options.request_time = std::chrono::seconds(20);
    client_ = std::make_unique<http::client>(runtime_, std::move(options));
    return again(std::move(body));
  }
  attempt again(std::string body = "hello") {
    auto ended = std::make_shared<std::promise<attempt>>();
    http::outgoing what;
    what.body = std::move(body);
    client_->send(std::move(what), [ended](attempt how) { ended->set_value(std::move(how)); });
    return ended->get_future().get();  // the client's own times bound it
  }
  void expect_untrusted(const attempt& how, const std::string& reason) {
    ASSERT_FALSE(how) << how->status;
    EXPECT_EQ(to_string(how.error().why.code), to_string(errc::untrusted)) << how.error().why.detail;
    EXPECT_NE(how.error().why.detail.find(reason), std::string::npos) << how.error().why.detail;
    EXPECT_FALSE(how.error().sent) << "nothing of the request may go to a stranger";
    EXPECT_TRUE(node_->app.seen_targets().empty());
  }
  void TearDown() override {
    client_.reset();
    runtime_.stop();
  }

  runtime runtime_{1};
  std::unique_ptr<http::client> client_;
};

TEST_F(tls_client, reaches_a_server_it_believes_by_name_and_by_address) {
  serve();
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const auto got = post(host, port(), files_.client());
    ASSERT_TRUE(got) << to_string(got.error().why);
    EXPECT_EQ(got->body, "hello");
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(again());
  }
  EXPECT_EQ(node_->on_air->counts().accepted, 2u) << "a connection is kept";
}

TEST_F(tls_client, carries_large_bodies_both_ways) {
  serve();
  const std::string body(5 * 1024 * 1024 + 3, 'y');
  const auto got = post("localhost", port(), files_.client(), body);
  ASSERT_TRUE(got) << to_string(got.error().why);
  EXPECT_EQ(got->body, body);
}

TEST_F(tls_client, distrusts_an_authority_that_it_does_not_know) {
  serve();
  const tls_files others("another authority");
  expect_untrusted(post("localhost", port(), others.client()), "certificate");
  expect_untrusted(post("localhost", port(), *client_context::make({})), "certificate");
}

TEST_F(tls_client, distrusts_a_certificate_of_another_name) {
  certificate_wish wish;
  wish.names = {"elsewhere.example", "192.0.2.1"};
  serve(wish);
  expect_untrusted(post("localhost", port(), files_.client()), "ostname mismatch");
  expect_untrusted(post("127.0.0.1", port(), files_.client()), "IP address mismatch");
}

TEST_F(tls_client, distrusts_a_certificate_out_of_its_time) {
  auto wish = for_loopback();
  wish.valid_from = std::chrono::hours(-48);
  wish.valid_to = std::chrono::hours(-24);
  serve(wish);
  expect_untrusted(post("localhost", port(), files_.client()), "expired");
  wish.valid_from = std::chrono::hours(24);
  wish.valid_to = std::chrono::hours(48);
  serve(wish);
  expect_untrusted(post("localhost", port(), files_.client()), "not yet valid");
}

TEST_F(tls_client, distrusts_a_certificate_that_is_for_clients) {
  auto wish = for_loopback();
  wish.for_clients = true;
  serve(wish);
  expect_untrusted(post("localhost", port(), files_.client()), "purpose");
}

TEST_F(tls_client, says_that_a_peer_does_not_speak_tls) {
  http::raw_peer plain({[](http::raw_connection& c) {
    c.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    c.wait_for_end();
  }});
  const auto got = post("localhost", plain.port(), files_.client());
  ASSERT_FALSE(got);
  EXPECT_EQ(to_string(got.error().why.code), to_string(errc::unreachable)) << got.error().why.detail;
  EXPECT_NE(got.error().why.detail.find("no TLS with localhost"), std::string::npos)
      << got.error().why.detail;
  EXPECT_FALSE(got.error().sent);
}

TEST_F(tls_client, gives_a_handshake_no_more_than_the_time_to_connect) {
  http::raw_peer mute({[](http::raw_connection& c) { c.wait_for_end(); }});
  http::client_options options;
  options.origin = {true, "localhost", mute.port(), "/"};
  options.tls = files_.client();
  options.connect_time = std::chrono::milliseconds(100);
  client_ = std::make_unique<http::client>(runtime_, std::move(options));
  const auto got = again();
  ASSERT_FALSE(got);
  EXPECT_EQ(to_string(got.error().why.code), to_string(errc::timed_out)) << got.error().why.detail;
  EXPECT_FALSE(got.error().sent);
}

TEST_F(tls_client, connects_again_when_the_server_has_gone_meanwhile) {
  serve(for_loopback(), [](http::server_options& o) { o.limits.keep_alive = std::chrono::milliseconds(50); });
  ASSERT_TRUE(post("localhost", port(), files_.client()));
  ASSERT_TRUE(http::testing_support::eventually([&] { return node_->on_air->counts().connections == 0; }));
  ASSERT_TRUE(again());
  EXPECT_EQ(node_->on_air->counts().accepted, 2u);
}

TEST_F(tls_client, shows_its_certificate_to_a_peer_that_asks) {
  const tls_files others("another authority");
  certificate_wish wish;
  wish.names = {"this-node"};
  wish.for_clients = true;
  for (const auto& [of, name] :
       {std::pair<const tls_files*, std::string>(&files_, "mine"), {&others, "theirs"}}) {
    const auto made = of->issuer().issue(wish);
    ASSERT_TRUE(made);
    ASSERT_TRUE(write_pem(files_.file(name + ".pem"), made->certificate, false));
    ASSERT_TRUE(write_pem(files_.file(name + ".key"), made->key, true));
  }
  (void)files_.server(for_loopback());
  const mutual_peer peer({files_.file("server.pem"), files_.file("server.key"), files_.ca()});
  const auto with = [&](const std::string& name) {
    return *client_context::make({files_.ca()}, {files_.file(name + ".pem"), files_.file(name + ".key")});
  };
  const auto got = post("localhost", peer.port(), with("mine"));
  ASSERT_TRUE(got) << to_string(got.error().why);
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(peer.names(), std::vector<std::string>{"this-node"});
  EXPECT_FALSE(post("localhost", peer.port(), with("theirs")))
      << "of an authority that the peer does not know";
  EXPECT_FALSE(post("localhost", peer.port(), files_.client())) << "none to show";
  EXPECT_EQ(peer.names().size(), 1U);
}

TEST_F(tls_client, needs_authorities_for_https) {
  const auto got = post("localhost", 1, nullptr);
  ASSERT_FALSE(got);
  EXPECT_EQ(to_string(got.error().why.code), to_string(errc::unsupported));
}

}  // namespace
}  // namespace sluice::net::tls
