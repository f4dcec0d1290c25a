// Goal: no receiver, however it behaves, holds an attempt beyond its limits of time and bytes, and a failure
// says whether anything left. Method: a scripted peer; the client's time limits are short where they are the
// case.
#include <cerrno>

#include "tests/net/http/client_fixture.hpp"

namespace sluice::net::http {
namespace {

using client_limits_test = client_test;

TEST_F(client_limits_test, gives_up_on_a_peer_that_does_not_answer) {
  run({answering_once(""), answering(ok)}, {.origin = {}, .request_time = 1s});
  expect_failure(errc::timed_out, true, post());
  expect_status(200, post());
}

TEST_F(client_limits_test, gives_up_on_an_answer_that_trickles) {
  run({[](raw_connection& c) {
        c.read_request();
        c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        // As slow as it takes for the limit on bytes to stay far.
        while (c.send("1\r\na\r\n")) std::this_thread::sleep_for(5ms);
      }},
      {.origin = {}, .request_time = 300ms});
  expect_failure(errc::timed_out, true, post());
}

TEST_F(client_limits_test, gives_up_on_a_peer_that_does_not_read) {
  run({[this](raw_connection&) { happened_.get_future().wait(); }}, {.origin = {}, .request_time = 100ms});
  expect_failure(errc::timed_out, true, post(std::string(32 * 1024 * 1024, 'x')));
  happened_.set_value();
}

TEST_F(client_limits_test, takes_an_answer_that_comes_before_the_request_was_read) {
  run({[](raw_connection& c) {
    c.read_until("\r\n\r\n");
    c.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    c.wait_for_end();
  }});
  expect_status(413, post(std::string(32 * 1024 * 1024, 'x')));
}

TEST_F(client_limits_test, says_that_nothing_was_sent_when_refused) {
  const listening socket = listen_anywhere(1);
  close(socket.fd);
  connect_to("127.0.0.1", socket.port);
  const auto how = post();
  expect_failure(errc::unreachable, false, how);
  EXPECT_EQ(how.error().why.sys, ECONNREFUSED);
}

TEST_F(client_limits_test, says_that_nothing_was_sent_when_a_name_does_not_resolve) {
  connect_to("no name of a host", 80);
  expect_failure(errc::unreachable, false, post());
}

TEST_F(client_limits_test, says_that_nothing_was_sent_when_connecting_takes_too_long) {
  const black_hole hole;
  connect_to("127.0.0.1", hole.port(), {.origin = {}, .connect_time = 200ms});
  expect_failure(errc::timed_out, false, post());
}

std::string answer_of(std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
}

TEST_F(client_limits_test, keeps_the_start_of_a_body_and_the_connection) {
  run({answering(answer_of(100'000))}, {.origin = {}, .body_kept = 1000, .body_read = 100'000});
  for (int i = 0; i < 2; ++i) {
    const auto how = post();
    expect_status(200, how);
    EXPECT_EQ(how->body, std::string(1000, 'x'));
  }
  EXPECT_EQ(peer_->connections(), 1);
}

TEST_F(client_limits_test, counts_an_answer_whose_body_is_too_large_and_closes) {
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

TEST_F(client_limits_test, counts_an_answer_whose_chunks_or_trailers_never_end) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& start : {head + "1;", head + "0\r\nX: "}) {
    SCOPED_TRACE(start);
    client_.reset();
    run({[start](raw_connection& c) {
      c.read_request();
      c.send(start);
      while (c.send(std::string(10'000, 'a'))) {
      }
    }});
    expect_status(200, post());
  }
}

TEST_F(client_limits_test, fails_when_the_head_is_too_long) {
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
    run({[row](raw_connection& c) {
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

TEST_F(client_limits_test, limits_the_head_to_the_byte) {
  const std::string answer = "HTTP/1.1 200 " + std::string(60, 'r') + "\r\nX: " + std::string(60, 'v') +
                             "\r\nContent-Length: 0\r\n\r\n";
  run({answering(answer)}, {.origin = {}, .head_bytes = answer.size()});
  expect_status(200, post());
  client_.reset();
  run({answering_once(answer)}, {.origin = {}, .head_bytes = answer.size() - 1});
  expect_failure(errc::too_large, true, post());
}

TEST_F(client_limits_test, sends_no_malformed_field) {
  const std::vector<std::pair<std::string, std::string>> bad[] = {
      {{"a", "b\r\nc: d"}}, {{"a", "b\n"}}, {{"a", std::string("\0", 1)}},
      {{"a:", "b"}},        {{"", "b"}},    {{"a b", "c"}},
  };
  run({answering(ok)});
  for (const auto& fields : bad) expect_failure(errc::bad_request, false, post("{}", fields));
  EXPECT_EQ(peer_->connections(), 0);
  expect_status(200, post("{}", {{"x", "tab\tand \xc3\xbc"}}));
}

TEST_F(client_limits_test, sends_nothing_in_clear_to_a_tls_origin) {
  client_options options;
  options.origin.tls = true;
  run({answering(ok)}, options);
  expect_failure(errc::unsupported, false, post());
  EXPECT_EQ(peer_->connections(), 0);
}

}  // namespace
}  // namespace sluice::net::http
