// Goal: every way a receiver can behave ends in exactly one outcome, in bounded time and bytes. Method: a
// scripted peer on a port of its own, real sockets, time limits of the client that are short where they are
// the case.
#include "net/http/client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <optional>

#include "tests/net/http/raw_peer.hpp"

namespace sluice::net::http {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Counts how often an attempt ends.
struct outcome {
  std::atomic<int> calls = 0;
  std::promise<attempt> first;
};

class client_test : public testing::Test {
 protected:
  /// A peer with these scripts, and a client of it.
  void run(std::vector<raw_peer::script> scripts, client_options options = {}) {
    peer_.emplace(std::move(scripts));
    connect_to("127.0.0.1", peer_->port(), std::move(options));
  }
  void connect_to(std::string host, std::uint16_t port, client_options options = {}) {
    options.origin.host = std::move(host);
    options.origin.port = port;
    options.origin.target = "/in?x=1";
    client_ = std::make_unique<client>(runtime_, std::move(options));
  }

  std::shared_ptr<outcome> begin(std::string body = "{}",
                                 std::vector<std::pair<std::string, std::string>> fields = {}) {
    auto seen = outcomes_.emplace_back(std::make_shared<outcome>());
    client_->post("application/json", std::move(fields), std::move(body), [seen](attempt how) {
      if (seen->calls++ == 0) seen->first.set_value(std::move(how));
    });
    return seen;
  }
  attempt post(std::string body = "{}", std::vector<std::pair<std::string, std::string>> fields = {}) {
    auto ends = begin(std::move(body), std::move(fields))->first.get_future();
    if (ends.wait_for(patience) != std::future_status::ready) {
      ADD_FAILURE() << "the attempt did not end";
      return tl::unexpected(attempt_failure{});
    }
    return ends.get();
  }
  void expect_status(int status, const attempt& how) {
    ASSERT_TRUE(how) << to_string(how.error().why);
    EXPECT_EQ(how->status, status);
  }
  void expect_failure(errc code, bool sent, const attempt& how) {
    ASSERT_FALSE(how) << how->status;
    EXPECT_EQ(to_string(how.error().why.code), to_string(code)) << how.error().why.detail;
    EXPECT_EQ(how.error().sent, sent) << how.error().why.detail;
    EXPECT_FALSE(how.error().why.detail.empty());
  }

  void TearDown() override {
    client_.reset();
    runtime_.stop();
    for (const auto& seen : outcomes_) EXPECT_LE(seen->calls, 1) << "an attempt ended twice";
  }

  std::optional<raw_peer> peer_;
  runtime runtime_{1};
  std::unique_ptr<client> client_;
  std::vector<std::shared_ptr<outcome>> outcomes_;
};

/// Answers one request after the other with `answer` until the client goes.
raw_peer::script answering(std::string answer) {
  return [answer = std::move(answer)](raw_connection& c) {
    while (!c.read_request().empty()) c.send(answer);
  };
}

/// Reads one request, sends `answer` and waits for the client to end the connection.
raw_peer::script answering_once(std::string answer) {
  return [answer = std::move(answer)](raw_connection& c) {
    c.read_request();
    c.send(answer);
    c.wait_for_end();
  };
}

TEST_F(client_test, sends_a_request_and_returns_the_answer) {
  std::promise<std::string> request;
  run({[&](raw_connection& c) {
    request.set_value(c.read_request());
    c.send("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello");
  }});
  const auto how = post(R"({"events":[]})", {{"webhook-id", "msg_1"}, {"x-empty", ""}});
  expect_status(202, how);
  EXPECT_EQ(how->body, "hello");
  EXPECT_EQ(how->retry_after, "");
  EXPECT_EQ(request.get_future().get(),
            "POST /in?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer_->port()) +
                "\r\nUser-Agent: sluice\r\nContent-Type: application/json\r\n"
                "Content-Length: 13\r\nwebhook-id: msg_1\r\nx-empty: \r\n\r\n"
                R"({"events":[]})");
}

TEST_F(client_test, keeps_the_connection) {
  run({answering(ok)});
  for (int i = 0; i < 20; ++i) expect_status(200, post());
  EXPECT_EQ(peer_->connections(), 1);
}

TEST_F(client_test, resolves_names) {
  peer_.emplace(std::vector{answering(ok)});
  connect_to("localhost", peer_->port());
  expect_status(200, post());
}

struct answer_row {
  const char* name;
  std::string answer;
  int status;
  std::string_view body;
  bool keeps;  ///< the connection
};

const answer_row answers[] = {
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, "", true},
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"no reason", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", 500, "", true},
    {"redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 302, "",
     true},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ok, 200, "ok", true},
    {"several interim ones",
     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok, 200, "ok", true},
    {"upgrade nobody asked for",
     "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 101, "", false},
    {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
    {"close among others", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200,
     "ok", false},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
    {"HTTP/1.0 that keeps", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200,
     "ok", true},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200,
     "abc0123456789", true},
    {"chunked and empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", true},
    {"chunked with trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nRetry-After: 9\r\n\r\n",
     200, "a", true},
    {"bytes behind it", ok + "more", 200, "ok", false},
};

TEST_F(client_test, understands_answers) {
  for (const answer_row& row : answers) {
    SCOPED_TRACE(row.name);
    client_.reset();
    run({answering(row.answer), answering(row.answer)});
    for (int i = 0; i < 2; ++i) {
      const auto how = post();
      expect_status(row.status, how);
      EXPECT_EQ(how->body, row.body);
      EXPECT_EQ(how->retry_after, "");
    }
    EXPECT_EQ(peer_->connections(), row.keeps ? 1 : 2);
  }
}

TEST_F(client_test, understands_answers_that_come_byte_by_byte) {
  for (const answer_row& row : answers) {
    SCOPED_TRACE(row.name);
    client_.reset();
    run({[&](raw_connection& c) {
      c.read_request();
      c.trickle(row.answer);
      c.wait_for_end();
    }});
    const auto how = post();
    expect_status(row.status, how);
    EXPECT_EQ(how->body, row.body);
  }
}

TEST_F(client_test, takes_a_body_that_ends_with_the_connection) {
  run({[](raw_connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  }});
  const auto how = post();
  expect_status(200, how);
  EXPECT_EQ(how->body, "all of it");
}

TEST_F(client_test, passes_retry_after_on) {
  run(
      {answering("HTTP/1.1 429 Too Many Requests\r\nretry-after:  120 \r\nRetry-After: 7\r\nContent-Length: "
                 "0\r\n\r\n")});
  const auto how = post();
  expect_status(429, how);
  EXPECT_EQ(how->retry_after, "120") << "the first one counts";
}

TEST_F(client_test, notices_a_connection_that_was_closed_while_idle) {
  std::promise<void> closed;
  run({[&](raw_connection& c) {
         c.read_request();
         c.send(ok);
         c.close();
         closed.set_value();
       },
       answering(ok)});
  expect_status(200, post());
  closed.get_future().wait();
  expect_status(200, post());
  EXPECT_EQ(peer_->connections(), 2);
}

TEST_F(client_test, does_not_take_bytes_out_of_turn_for_an_answer) {
  std::promise<void> sent;
  run({[&](raw_connection& c) {
         c.read_request();
         c.send(ok);
         c.read_request();
         c.send(ok);
         c.send("HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n");
         sent.set_value();
         c.wait_for_end();
       },
       answering(ok)});
  expect_status(200, post());
  expect_status(200, post());
  sent.get_future().wait();
  expect_status(200, post());
  EXPECT_EQ(peer_->connections(), 2);
}

TEST_F(client_test, does_not_repeat_a_request_that_a_kept_connection_swallowed) {
  run({[](raw_connection& c) {
         c.read_request();
         c.send(ok);
         c.read_request();
       },
       answering(ok)});
  expect_status(200, post());
  expect_failure(errc::closed, true, post());
  EXPECT_EQ(peer_->connections(), 1);
  expect_status(200, post());
}

TEST_F(client_test, fails_when_the_connection_ends_within_an_answer) {
  const std::string part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
  const std::string chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  for (const std::string& start : {std::string(), std::string("HTTP/1.1 2"), part, chunk}) {
    for (const bool reset : {false, true}) {
      SCOPED_TRACE((reset ? "reset after: " : "closed after: ") + start);
      client_.reset();
      run({[&](raw_connection& c) {
        c.read_request();
        c.send(start);
        if (reset) c.reset();
      }});
      expect_failure(errc::closed, true, post());
    }
  }
}

TEST_F(client_test, fails_when_the_answer_is_not_http) {
  const std::string bad[] = {
      "hello\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
  };
  for (const std::string& answer : bad) {
    SCOPED_TRACE(answer);
    client_.reset();
    run({answering_once(answer)});
    expect_failure(errc::bad_request, true, post());
  }
}

TEST_F(client_test, gives_up_on_a_peer_that_does_not_answer) {
  run({answering_once(""), answering(ok)}, {.origin = {}, .request_time = 1s});
  expect_failure(errc::timed_out, true, post());
  expect_status(200, post());
}

TEST_F(client_test, gives_up_on_an_answer_that_trickles) {
  run({[](raw_connection& c) {
        c.read_request();
        c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        // As slow as it takes for the limit on bytes to stay far.
        while (c.send("1\r\na\r\n")) std::this_thread::sleep_for(5ms);
      }},
      {.origin = {}, .request_time = 300ms});
  expect_failure(errc::timed_out, true, post());
}

TEST_F(client_test, gives_up_on_a_peer_that_does_not_read) {
  std::promise<void> over;
  run({[&](raw_connection&) { over.get_future().wait(); }}, {.origin = {}, .request_time = 100ms});
  expect_failure(errc::timed_out, true, post(std::string(32 * 1024 * 1024, 'x')));
  over.set_value();
}

TEST_F(client_test, takes_an_answer_that_comes_before_the_request_was_read) {
  run({[](raw_connection& c) {
    c.read_until("\r\n\r\n");
    c.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    c.wait_for_end();
  }});
  expect_status(413, post(std::string(32 * 1024 * 1024, 'x')));
}

TEST_F(client_test, says_that_nothing_was_sent_when_refused) {
  const listening socket = listen_anywhere(1);
  close(socket.fd);
  connect_to("127.0.0.1", socket.port);
  const auto how = post();
  expect_failure(errc::unreachable, false, how);
  EXPECT_EQ(how.error().why.sys, ECONNREFUSED);
}

TEST_F(client_test, says_that_nothing_was_sent_when_a_name_does_not_resolve) {
  connect_to("no name of a host", 80);
  expect_failure(errc::unreachable, false, post());
}

/// Listens, but its queue is full: connecting to it goes on for ever.
class black_hole {
 public:
  black_hole() : listener_(listen_anywhere(0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener_.port);
    for (int& fd : fillers_) {
      fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  ~black_hole() {
    for (const int fd : fillers_) close(fd);
    close(listener_.fd);
  }
  std::uint16_t port() const noexcept { return listener_.port; }

 private:
  listening listener_;
  int fillers_[16];
};

TEST_F(client_test, says_that_nothing_was_sent_when_connecting_takes_too_long) {
  const black_hole hole;
  connect_to("127.0.0.1", hole.port(), {.origin = {}, .connect_time = 200ms});
  expect_failure(errc::timed_out, false, post());
}

std::string answer_of(std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
}

TEST_F(client_test, keeps_the_start_of_a_body_and_the_connection) {
  run({answering(answer_of(100'000))}, {.origin = {}, .body_kept = 1000, .body_read = 100'000});
  for (int i = 0; i < 2; ++i) {
    const auto how = post();
    expect_status(200, how);
    EXPECT_EQ(how->body, std::string(1000, 'x'));
  }
  EXPECT_EQ(peer_->connections(), 1);
}

TEST_F(client_test, counts_an_answer_whose_body_is_too_large_and_closes) {
  const std::string huge = answer_of(10'000'000);
  std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) chunked += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(10'000'000, 'x');
  for (const std::string& answer : {huge, chunked, endless}) {
    SCOPED_TRACE(answer.substr(0, 40));
    client_.reset();
    run({answering(answer), answering(ok)});
    const auto how = post();
    expect_status(200, how);
    EXPECT_EQ(how->body, std::string(64 * 1024, 'x'));
    expect_status(200, post());
    EXPECT_EQ(peer_->connections(), 2);
  }
}

TEST_F(client_test, counts_an_answer_whose_chunks_or_trailers_never_end) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& start : {head + "1;", head + "0\r\nX: "}) {
    SCOPED_TRACE(start);
    client_.reset();
    run({[&](raw_connection& c) {
      c.read_request();
      c.send(start);
      while (c.send(std::string(10'000, 'a'))) {
      }
    }});
    expect_status(200, post());
  }
}

TEST_F(client_test, fails_when_the_head_is_too_long) {
  struct {
    const char* name;
    std::string start, repeated;
  } rows[] = {
      {"status line", "HTTP/1.1 200 ", "a"},
      {"field", "HTTP/1.1 200 OK\r\nX: ", "a"},
      {"fields", "HTTP/1.1 200 OK\r\n", "X: 1\r\n"},
      {"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    client_.reset();
    run({[&](raw_connection& c) {
      c.read_request();
      c.send(row.start);
      std::string much;
      while (much.size() < 10'000) much += row.repeated;
      while (c.send(much)) {
      }
    }});
    expect_failure(errc::too_large, true, post());
  }
}

TEST_F(client_test, limits_the_head_to_the_byte) {
  const std::string answer = "HTTP/1.1 200 " + std::string(60, 'r') + "\r\nX: " + std::string(60, 'v') +
                             "\r\nContent-Length: 0\r\n\r\n";
  run({answering(answer)}, {.origin = {}, .head_bytes = answer.size()});
  expect_status(200, post());
  client_.reset();
  run({answering_once(answer)}, {.origin = {}, .head_bytes = answer.size() - 1});
  expect_failure(errc::too_large, true, post());
}

TEST_F(client_test, sends_no_malformed_field) {
  const std::vector<std::pair<std::string, std::string>> bad[] = {
      {{"a", "b\r\nc: d"}}, {{"a", "b\n"}}, {{"a", std::string("\0", 1)}},
      {{"a:", "b"}},        {{"", "b"}},    {{"a b", "c"}},
  };
  run({answering(ok)});
  for (const auto& fields : bad) expect_failure(errc::bad_request, false, post("{}", fields));
  EXPECT_EQ(peer_->connections(), 0);
  expect_status(200, post("{}", {{"x", "tab\tand \xc3\xbc"}}));
}

TEST_F(client_test, sends_nothing_in_clear_to_a_tls_origin) {
  client_options options;
  options.origin.tls = true;
  run({answering(ok)}, options);
  expect_failure(errc::unsupported, false, post());
  EXPECT_EQ(peer_->connections(), 0);
}

TEST_F(client_test, ends_what_is_under_way_when_destroyed) {
  std::promise<void> asked, ended;
  run({[&](raw_connection& c) {
    c.read_request();
    asked.set_value();
    if (c.wait_for_end()) ended.set_value();
  }});
  const auto seen = begin();
  asked.get_future().wait();
  client_.reset();
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready) << "the connection stayed open";
  EXPECT_EQ(seen->calls, 0);
  EXPECT_EQ(seen.use_count(), 2) << "the callback was kept";
}

TEST_F(client_test, may_be_destroyed_at_any_moment) {
  run(std::vector<raw_peer::script>(200, [](raw_connection& c) {
    c.read_request();
    c.send(ok);
  }));
  const std::uint16_t port = peer_->port();
  for (int i = 0; i < 100; ++i) {
    connect_to(i % 2 == 0 ? "127.0.0.1" : "localhost", port);
    begin();
    if (i % 3 == 0) std::this_thread::yield();
    client_.reset();
    EXPECT_LE(outcomes_.back()->calls, 1);
  }
}

TEST_F(client_test, may_be_destroyed_while_connecting) {
  const black_hole hole;
  connect_to("127.0.0.1", hole.port());
  const auto seen = begin();
  client_.reset();
  EXPECT_EQ(seen->calls, 0);
}

TEST_F(client_test, may_be_destroyed_by_its_own_callback) {
  run({answering(ok)});
  std::promise<int> status;
  client_->post("application/json", {}, "{}", [&](attempt how) {
    client_.reset();
    status.set_value(how ? how->status : 0);
  });
  EXPECT_EQ(status.get_future().get(), 200);
}

TEST_F(client_test, may_be_asked_again_by_its_own_callback) {
  run({answering(ok)});
  std::promise<int> status;
  client_->post("application/json", {}, "{}", [&](attempt) {
    client_->post("application/json", {}, "{}",
                  [&](attempt how) { status.set_value(how ? how->status : 0); });
  });
  EXPECT_EQ(status.get_future().get(), 200);
  EXPECT_EQ(peer_->connections(), 1);
}

TEST_F(client_test, may_outlive_the_loops_with_a_request_under_way) {
  std::promise<void> asked;
  run({[&](raw_connection& c) {
    c.read_request();
    asked.set_value();
    c.wait_for_end();
  }});
  const auto seen = begin();
  asked.get_future().wait();
  runtime_.stop();
  client_.reset();
  EXPECT_EQ(seen->calls, 0);
}

}  // namespace
}  // namespace sluice::net::http
