// Goal: what a receiver answers is understood to the byte, and connections are kept or not as HTTP says.
// Method: a scripted peer on a port of its own, real sockets.
#include "tests/net/http/client_fixture.hpp"

namespace sluice::net::http {
namespace {

TEST_F(client_test, goes_by_another_name_when_told_to) {
  run({[this](raw_connection& c) {
    request_.set_value(c.read_request());
    c.send(ok);
  }});
  expect_status(200, post("{}", {{"user-agent", "somebody"}}));
  const std::string request = request_.get_future().get();
  EXPECT_NE(request.find("\r\nuser-agent: somebody\r\n"), std::string::npos) << request;
  EXPECT_EQ(request.find("User-Agent"), std::string::npos) << request;
}

TEST_F(client_test, sends_a_request_and_returns_the_answer) {
  run({[this](raw_connection& c) {
    request_.set_value(c.read_request());
    c.send("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello");
  }});
  const auto how = post(R"({"events":[]})", {{"webhook-id", "msg_1"}, {"x-empty", ""}});
  expect_status(202, how);
  EXPECT_EQ(how->body, "hello");
  EXPECT_EQ(how->retry_after, "");
  EXPECT_EQ(request_.get_future().get(),
            "POST /in?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer_->port()) +
                "\r\nUser-Agent: sluice\r\nContent-Type: application/json\r\n"
                "Content-Length: 13\r\nwebhook-id: msg_1\r\nx-empty: \r\n\r\n"
                R"({"events":[]})");
}

TEST_F(client_test, tells_when_a_request_has_arrived_before_it_is_answered) {
  std::promise<void> arrived;
  run({[&](raw_connection& c) {
    c.read_request();
    // The answer waits for the notice: without one the attempt times out.
    if (arrived.get_future().wait_for(patience) == std::future_status::ready) c.send(ok);
    c.wait_for_end();
  }});
  outgoing what;
  what.body.assign(3'000'000, ' ');  // more than the kernel takes at once
  what.arrived = [&] { arrived.set_value(); };
  auto ends = begin(std::move(what), outcomes_.emplace_back(std::make_shared<outcome>()))->first.get_future();
  ASSERT_EQ(ends.wait_for(patience), std::future_status::ready);
  expect_status(200, ends.get());
  client_.reset();
  peer_.reset();
}

TEST_F(client_test, tells_of_no_arrival_while_bytes_are_on_their_way) {
  std::atomic<bool> arrived = false;
  client_options impatient;
  impatient.request_time = 300ms;
  // Reads nothing: its kernel takes part of it, the rest stays in the client's.
  run({[this](raw_connection&) { happened_.get_future().wait_for(patience); }}, std::move(impatient));
  outgoing what;
  what.body.assign(1'000'000, ' ');
  what.arrived = [&] { arrived = true; };
  auto ends = begin(std::move(what), outcomes_.emplace_back(std::make_shared<outcome>()))->first.get_future();
  ASSERT_EQ(ends.wait_for(patience), std::future_status::ready);
  expect_failure(errc::timed_out, true, ends.get());
  EXPECT_FALSE(arrived);
  happened_.set_value();
  client_.reset();
  peer_.reset();
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
    run({[&row](raw_connection& c) {
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
  run({[this](raw_connection& c) {
         c.read_request();
         c.send(ok);
         c.close();
         happened_.set_value();
       },
       answering(ok)});
  expect_status(200, post());
  happened_.get_future().wait();
  expect_status(200, post());
  EXPECT_EQ(peer_->connections(), 2);
}

TEST_F(client_test, does_not_take_bytes_out_of_turn_for_an_answer) {
  run({[this](raw_connection& c) {
         c.read_request();
         c.send(ok);
         c.read_request();
         c.send(ok);
         c.send("HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n");
         happened_.set_value();
         c.wait_for_end();
       },
       answering(ok)});
  expect_status(200, post());
  expect_status(200, post());
  happened_.get_future().wait();
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
      run({[start, reset](raw_connection& c) {
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

}  // namespace
}  // namespace sluice::net::http
