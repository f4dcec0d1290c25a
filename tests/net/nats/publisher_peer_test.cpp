// Goal: a peer that stops answering, says odd things or answers what it was not asked neither hangs a
// publisher nor makes it believe anything. Method: scripted peers on a socket.
#include <functional>
#include <thread>

#include "tests/net/nats/publisher_fixture.hpp"
#include "tests/support/socket.hpp"

namespace sluice::net::nats {
namespace {

using sluice::testing::tcp_socket;

/// One connection as the script sees it.
struct peer_connection {
  tcp_socket socket;
  std::string came = {};

  void send(const std::string& bytes) { socket.send(bytes, long_time); }
  /// Until `what` has come; what comes up to there is taken. False at the end of the connection.
  bool read_to(const std::string& what) {
    std::size_t at = 0;
    while ((at = came.find(what)) == came.npos)
      if (!socket.receive(came, long_time)) return false;
    came.erase(0, at + what.size());
    return true;
  }
  void read_to_end() {
    while (socket.receive(came, long_time)) {
    }
  }
  /// The reply subject of the message that comes next.
  std::string read_message() {
    read_to("HPUB events.a ");
    while (came.find(' ') == came.npos && socket.receive(came, long_time)) {
    }
    const std::string reply = came.substr(0, came.find(' '));
    read_to("}\r\n");
    return reply;
  }
  void greet(const std::string& more = {}) {
    send(R"(INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576)" + more +
         "}\r\n");
    read_to("PING\r\n");
    send("PONG\r\n");
  }
  void answer(const std::string& reply, const std::string& text = R"({"stream":"EVENTS","seq":1})") {
    send("MSG " + reply + " 1 " + std::to_string(text.size()) + "\r\n" + text + "\r\n");
  }
};

/// A connection at a time. Ends with its destruction; the client has to have gone before.
class scripted_peer {
 public:
  using script = std::function<void(peer_connection&)>;
  explicit scripted_peer(script what)
      : port_(sluice::testing::free_port()),
        listener_(tcp_socket::listen(port_)),
        thread_([this, what = std::move(what)] {
          for (tcp_socket came; (came = listener_.accept());) {
            peer_connection connection{std::move(came)};
            try {
              what(connection);
            } catch (const std::runtime_error&) {  // the client went first
            }
          }
        }) {}
  ~scripted_peer() {
    listener_.shutdown();
    thread_.join();
  }
  std::uint16_t port() const noexcept { return port_; }

 private:
  std::uint16_t port_;
  tcp_socket listener_;
  std::thread thread_;
};

class nats_publisher_peer_test : public nats_publisher_test {
 protected:
  void run(scripted_peer::script script, std::chrono::milliseconds timeout = long_time,
           bool has_tls = false) {
    publisher_.reset();
    peer_.emplace(std::move(script));
    auto options = to({at(peer_->port(), "127.0.0.1", has_tls)});
    options.timeout = timeout;
    with(std::move(options));
  }
  void TearDown() override {
    nats_publisher_test::TearDown();
    peer_.reset();
  }

  std::optional<scripted_peer> peer_;
};

constexpr const char* greeting =
    R"(INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576)";

TEST_F(nats_publisher_peer_test, gives_up_on_a_peer_that_stops_answering) {
  const std::string start = greeting;
  const struct {
    const char* name;
    std::string greeting;
    bool tls;
  } rows[] = {
      {"before it greets", "", false},
      {"within its greeting", start, false},
      {"before it takes the credentials", start + "}\r\n", false},
      {"within a TLS handshake", start + ",\"tls_required\":true}\r\n", true},
      {"within a TLS handshake that only the peer wants", start + ",\"tls_required\":true}\r\n", false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    run(
        [said = row.greeting](peer_connection& c) {
          c.send(said);
          c.read_to_end();
        },
        short_time, row.tls);
    const burst_end end = publish({numbered(1)});
    expect(kind::unknown, "no connection with the NATS server 127.0.0.1:", end);
    expect(kind::unknown, "no answer within 300 ms", end);
    EXPECT_FALSE(end.sent);
  }
}

TEST_F(nats_publisher_peer_test, ends_connecting_when_it_goes) {
  std::promise<void> connected;
  run([&](peer_connection& c) {
    connected.set_value();
    c.read_to_end();
  });
  auto hanging = begin({numbered(1)});
  connected.get_future().wait();
  publisher_.reset();
  expect(kind::unknown, "ended before an answer came", hanging.get());
}

TEST_F(nats_publisher_peer_test, believes_no_peer_that_is_odd) {
  const std::string start = greeting;
  const struct {
    const char* name;
    std::string greeting, part_of_why;
    bool tls;
  } rows[] = {
      {"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak NATS", false},
      {"no JSON", "INFO hello\r\n", "does not speak NATS", false},
      {"a line without an end", std::string(100'000, 'a'), "line longer than 64 KiB", false},
      {"an error at once", "-ERR 'maximum connections exceeded'\r\n", "it says maximum connections exceeded",
       false},
      {"an old server", "INFO {\"max_payload\":1000}\r\n", "no headers", false},
      {"no TLS", start + "}\r\n", "offers no TLS", true},
      {"words before the handshake", start + ",\"tls_required\":true}\r\nPONG\r\n", "does not wait for TLS",
       true},
      {"no TLS behind its word", start + ",\"tls_required\":true}\r\n", "no TLS: ", true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    run(
        [said = row.greeting](peer_connection& c) {
          c.send(said);
          c.socket.receive(c.came, long_time);
          c.send("what is this?\r\n");
          c.read_to_end();
        },
        long_time, row.tls);
    const burst_end end = publish({numbered(1)});
    expect(kind::unknown, row.part_of_why, end);
    EXPECT_FALSE(end.sent);
  }
}

TEST_F(nats_publisher_peer_test, takes_only_answers_to_what_it_asked) {
  run([](peer_connection& c) {
    c.greet();
    const std::string reply = c.read_message();
    for (const std::string other : {"0", "99", "", "x", "-1", "18446744073709551616"})
      c.answer(reply.substr(0, reply.rfind('.') + 1) + other);
    c.answer("short");
    c.send("+OK\r\n-ERR 'nothing of importance'\r\n");
    c.answer(reply, R"({"error":{"err_code":10077,"description":"maximum messages exceeded"}})");
    c.answer(reply);  // too late: it was answered
    c.answer(c.read_message());
    c.read_to_end();
  });
  expect(kind::unknown, "maximum messages exceeded", publish({numbered(1)}));
  expect_stored(publish({numbered(2)}));
}

TEST_F(nats_publisher_peer_test, knows_nothing_when_its_connection_breaks_off) {
  run([](peer_connection& c) {
    c.greet();
    c.answer(c.read_message());
    c.read_message();
    c.send("-ERR 'Stale Connection'\r\n");
  });
  const burst_end end = publish({numbered(1), numbered(2), numbered(3)});
  ASSERT_EQ(end.of.size(), 3U);
  EXPECT_TRUE(end.sent);
  EXPECT_EQ(end.of[0].how, kind::stored) << end.of[0].why;
  for (const auto i : {1U, 2U}) {
    EXPECT_EQ(end.of[i].how, kind::unknown);
    EXPECT_NE(end.of[i].why.find("was lost before an answer came: Stale Connection"), std::string::npos)
        << end.of[i].why;
  }
}

TEST_F(nats_publisher_peer_test, says_when_what_comes_is_no_NATS_any_more) {
  run([](peer_connection& c) {
    c.greet();
    c.read_message();
    c.send("MSG x 1 1000000\r\n");
    c.read_to_end();
  });
  expect(kind::unknown, "larger than 64 KiB", publish({numbered(1)}));
}

TEST_F(nats_publisher_peer_test, answers_pings_while_it_has_nothing_to_do) {
  std::promise<bool> answered;
  run([&](peer_connection& c) {
    c.greet();
    c.answer(c.read_message());
    c.send("PING\r\nPING\r\n");
    answered.set_value(c.read_to("PONG\r\n"));
    c.answer(c.read_message());
    c.read_to_end();
  });
  expect_stored(publish({numbered(1)}));
  EXPECT_TRUE(answered.get_future().get());
  expect_stored(publish({numbered(2)}));
}

TEST_F(nats_publisher_peer_test, connects_anew_when_it_was_left_while_it_had_nothing_to_do) {
  std::atomic<int> connections = 0;
  run([&](peer_connection& c) {
    ++connections;
    c.greet();
    c.answer(c.read_message());
  });
  for (int i = 1; i <= 3; ++i) {
    burst_end end = publish({numbered(i)});
    // The end may come into the burst.
    if (end.of.at(0).how != kind::stored) end = publish({numbered(i)});
    expect_stored(end);
  }
  EXPECT_EQ(connections, 3);
}

TEST_F(nats_publisher_peer_test, learns_what_the_server_takes) {
  run([](peer_connection& c) {
    c.greet();
    const std::string reply = c.read_message();
    c.send(R"(INFO {"headers":true,"max_payload":40})"
           "\r\n");
    c.answer(reply);
    c.read_to_end();
  });
  expect_stored(publish({numbered(1)}));
  message large = numbered(2);
  large.body.assign(100, 'x');
  expect(kind::refused, "max_payload of 40 bytes", publish({large}));
}

}  // namespace
}  // namespace sluice::net::nats
