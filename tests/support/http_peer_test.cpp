// Goal: the client frames answers as RFC 9112 does. Method: a peer of one thread that sends fixed bytes.
#include "tests/support/http_peer.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice::testing {
namespace {

/// Takes one connection, reads a head, sends the bytes, ends.
class fixed_peer {
 public:
  explicit fixed_peer(std::string bytes)
      : port_(free_port()), listener_(tcp_socket::listen(port_)), thread_([this, bytes = std::move(bytes)] {
          tcp_socket peer = listener_.accept();
          std::string head;
          while (head.find("\r\n\r\n") == std::string::npos && peer.receive(head, milliseconds(10'000))) {
          }
          peer.send(bytes, milliseconds(10'000));
        }) {}
  ~fixed_peer() { thread_.join(); }
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  tcp_socket listener_;
  std::thread thread_;
};

struct framing {
  std::string name, bytes, body;
  int status;
};

class http_peer_framing : public ::testing::TestWithParam<framing> {};

TEST_P(http_peer_framing, reads_the_answer) {
  const fixed_peer peer(GetParam().bytes);
  const http_answer answer = get(peer.port(), "/");
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    table, http_peer_framing,
    ::testing::Values(
        framing{"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 200},
        framing{"chunked",
                "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n yo\r\n0\r\n\r\n",
                "hi yo", 503},
        framing{"to_the_end", "HTTP/1.0 200 OK\r\n\r\nall of it", "all of it", 200},
        framing{"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n", "", 204}),
    [](const auto& row) { return row.param.name; });

TEST(http_peer, finds_fields_in_any_case) {
  const http_fields fields{{"Retry-After", "3"}, {"retry-after", "4"}};
  EXPECT_EQ(field_of(fields, "RETRY-AFTER"), "3");
  EXPECT_EQ(field_of(fields, "allow"), "");
}

TEST(http_peer, says_that_nobody_listens) { EXPECT_THROW(get(free_port(), "/"), connection_lost); }

TEST(http_peer, says_that_an_answer_broke_off) {
  const fixed_peer peer("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf");
  EXPECT_THROW(get(peer.port(), "/"), connection_lost);
}

}  // namespace
}  // namespace sluice::testing
