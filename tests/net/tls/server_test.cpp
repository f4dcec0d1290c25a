// Goal: over TLS the server keeps every promise that it keeps without, and refuses what is too old or not
// TLS at all. Method: a real server with a throw-away certificate, spoken to by OpenSSL alone.
#include <openssl/ssl.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/net/http/raw_client.hpp"
#include "tests/net/tls/openssl_client.hpp"
#include "tests/net/tls/tls_fixture.hpp"

namespace sluice::net::tls {
namespace {

using namespace testing_support;
using http::testing_support::eventually;
using http::testing_support::get;
using http::testing_support::post;
using http::testing_support::raw_client;

class tls_server : public tls_server_test {
 protected:
  client_wish believing(int version = 0) const {
    return {files_.issuer().certificate(), "localhost", version, version};
  }
  static bool is_ok(const std::string& answer) { return answer.starts_with("HTTP/1.1 200 "); }
};

TEST_F(tls_server, answers_over_either_version_and_keeps_the_connection) {
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    openssl_client client(port(), believing(version));
    ASSERT_TRUE(client.shook_hands()) << version;
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    for (int i = 0; i < 20; ++i) {
      const std::string body = "body " + std::to_string(i);
      client.send(post("/echo", body));
      const auto got = client.receive_answer();
      ASSERT_TRUE(is_ok(got)) << got;
      EXPECT_TRUE(got.ends_with("\r\n\r\n" + body)) << got;
    }
  }
  EXPECT_EQ(node_->on_air->counts().accepted, 2u);
}

TEST_F(tls_server, refuses_older_versions) {
  serve();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    EXPECT_FALSE(openssl_client(port(), believing(version)).shook_hands()) << version;
}

TEST_F(tls_server, carries_large_bodies_both_ways) {
  serve();
  openssl_client client(port(), believing());
  const std::string body(6 * 1024 * 1024 + 17, 'b');
  client.send(post("/echo", body));
  EXPECT_TRUE(client.receive_answer().ends_with("\r\n\r\n" + body));
  client.send(get("/large"));
  const auto large = client.receive_answer();
  EXPECT_TRUE(is_ok(large));
  EXPECT_GT(large.size(), 32u * 1024 * 1024);
}

TEST_F(tls_server, understands_records_of_one_byte) {
  serve();
  openssl_client client(port(), believing());
  for (const char c : post("/echo", "hello")) client.send({&c, 1});
  EXPECT_TRUE(client.receive_answer().ends_with("\r\n\r\nhello"));
}

TEST_F(tls_server, answers_pipelined_requests_that_came_in_one_record) {
  serve();
  openssl_client client(port(), believing());
  std::string all;
  for (int i = 0; i < 30; ++i) all += post("/elsewhere", std::to_string(i));
  client.send(all);
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(client.receive_answer().ends_with("\r\n\r\n" + std::to_string(i))) << i;
}

TEST_F(tls_server, serves_many_connections_at_once) {
  serve();
  std::vector<std::thread> senders;
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    senders.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        openssl_client client(port(), believing());
        const std::string body = std::to_string(t * 100 + i);
        client.send(post("/elsewhere", body));
        if (client.receive_answer().ends_with("\r\n\r\n" + body)) ++served;
      }
    });
  }
  for (auto& s : senders) s.join();
  EXPECT_EQ(served, 80);
}

TEST_F(tls_server, resumes_a_session_on_whichever_thread) {
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto wish = believing(version);
    {
      openssl_client first(port(), wish);
      first.send(post("/echo", "1"));
      first.receive_answer();  // tickets of 1.3 come behind the handshake
      EXPECT_FALSE(first.resumed());
      wish.session = first.save_session();
      first.say_goodbye();
    }
    for (int i = 0; i < 6; ++i) {
      openssl_client again(port(), wish);
      ASSERT_TRUE(again.shook_hands());
      EXPECT_TRUE(again.resumed()) << version << ", connection " << i;
      again.send(post("/echo", "2"));
      EXPECT_TRUE(is_ok(again.receive_answer()));
    }
  }
}

TEST_F(tls_server, ends_what_is_not_tls) {
  serve();
  raw_client plain(port());
  plain.send(post("/echo", "hello"));
  std::string said;
  EXPECT_TRUE(plain.ended(&said));
  EXPECT_EQ(said.find("HTTP/"), std::string::npos) << "an answer without TLS";
  openssl_client after(port(), believing());
  after.send(post("/echo", "hello"));
  EXPECT_TRUE(is_ok(after.receive_answer()));
}

TEST_F(tls_server, ends_a_handshake_that_does_not_end) {
  serve(for_loopback(), [](http::server_options& o) { o.limits.head_time = std::chrono::milliseconds(200); });
  raw_client mute(port()), begun(port());
  begun.send(std::string("\x16\x03\x01\x02\x00\x01", 6));  // the first bytes of a ClientHello
  EXPECT_TRUE(mute.ended());
  EXPECT_TRUE(begun.ended());
  EXPECT_TRUE(eventually([&] { return node_->on_air->counts().connections == 0; }));
}

TEST_F(tls_server, counts_handshakes_against_the_limit_of_connections) {
  serve(for_loopback(), [](http::server_options& o) { o.limits.connections = 2; });
  raw_client one(port()), other(port());
  ASSERT_TRUE(eventually([&] { return node_->on_air->counts().connections == 2; }));
  openssl_client third(port(), believing());
  EXPECT_TRUE(third.receive_answer().starts_with("HTTP/1.1 503 "));
}

TEST_F(tls_server, takes_a_peer_that_leaves_without_a_word) {
  serve();
  {
    openssl_client client(port(), believing());
    client.send(post("/echo", "x"));
    EXPECT_TRUE(is_ok(client.receive_answer()));
    client.hang_up();
  }
  EXPECT_TRUE(eventually([&] { return node_->on_air->counts().connections == 0; }));
}

TEST_F(tls_server, says_goodbye_behind_its_last_answer) {
  serve();
  openssl_client client(port(), believing());
  client.send(post("/last", "x"));
  EXPECT_TRUE(is_ok(client.receive_answer()));
  EXPECT_EQ(client.receive(1), "");
}

TEST_F(tls_server, stops_with_handshakes_open) {
  serve();
  raw_client mute(port());
  openssl_client idle(port(), believing());
  ASSERT_TRUE(idle.shook_hands());
  ASSERT_TRUE(eventually([&] { return node_->on_air->counts().connections == 2; }));
  node_.reset();
  EXPECT_TRUE(mute.ended());
}

}  // namespace
}  // namespace sluice::net::tls
