// Goal: requests are framed, answered and kept in order as RFC 9112 says, whatever the bytes do on their way.
// Method: a real server on a free port, spoken to by a client that sends raw bytes.
#include "net/http/server.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/http/application.hpp"
#include "tests/net/http/raw_client.hpp"

namespace sluice::net::http {
namespace {

using namespace std::string_literals;
using namespace testing_support;

TEST(server, keeps_a_connection_for_many_requests) {
  node n;
  raw_client client(n.port());
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body " + std::to_string(i);
    const auto got = client.ask(post("/echo", body));
    ASSERT_EQ(got.status, 200);
    ASSERT_EQ(got.body, body);
    EXPECT_FALSE(got.says("Connection: close"));
  }
  EXPECT_EQ(n.on_air->counts().accepted, 1u);
  EXPECT_EQ(n.on_air->counts().connections, 1u);
}

TEST(server, writes_the_fields_it_owns) {
  node n;
  raw_client client(n.port());
  const auto got = client.ask(post("/echo", "x"));
  EXPECT_TRUE(got.says("Content-Length: 1"));
  EXPECT_TRUE(got.says("Content-Type: application/octet-stream"));
  EXPECT_NE(got.head.find("\r\nDate: "), std::string::npos);
  EXPECT_NE(got.head.find(" GMT\r\n"), std::string::npos);
}

TEST(server, answers_pipelined_requests_in_order_one_at_a_time) {
  node n;
  raw_client client(n.port());
  std::string all;
  constexpr int requests = 50;
  for (int i = 0; i < requests; ++i) all += post("/elsewhere", std::to_string(i));
  client.send(all);
  for (int i = 0; i < requests; ++i) ASSERT_EQ(client.receive().body, std::to_string(i));
  EXPECT_EQ(n.app.most_at_once(), 1);
}

TEST(server, understands_a_request_split_at_any_byte) {
  node n;
  raw_client client(n.port());
  const std::string whole = post("/echo", "0123456789", "Content-Type: application/json\r\n");
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    client.send(whole.substr(0, cut));
    std::this_thread::yield();
    client.send(whole.substr(cut));
    const auto got = client.receive();
    ASSERT_EQ(got.status, 200) << "cut at " << cut;
    ASSERT_EQ(got.body, "0123456789") << "cut at " << cut;
  }
}

TEST(server, understands_bytes_that_come_one_by_one) {
  node n;
  raw_client client(n.port());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& whole :
       {post("/echo", "hello"),
        head + "Transfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n"}) {
    for (const char c : whole) client.send({&c, 1});
    const auto got = client.receive();
    ASSERT_EQ(got.status, 200);
    ASSERT_EQ(got.body, "hello");
  }
}

TEST(server, reads_a_large_body_of_known_length) {
  node n;
  raw_client client(n.port());
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);
  for (int round = 0; round < 2; ++round) {
    std::thread sender([&] { client.send(post("/echo", body)); });
    const auto got = client.receive();
    sender.join();
    ASSERT_EQ(got.status, 200);
    EXPECT_TRUE(got.body == body) << "the body came back changed";
  }
  EXPECT_EQ(n.budget.used(), 0u);
}

const std::string chunked_head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(server, reads_a_large_chunked_body) {
  node n;
  raw_client client(n.port());
  std::string body, sent = chunked_head;
  for (std::size_t size = 1; body.size() < 2'000'000; size = size * 3 % 70'001) {
    char line[20];
    std::snprintf(line, sizeof line, "%zx\r\n", size);
    const std::string chunk(size, static_cast<char>('a' + size % 26));
    body += chunk;
    sent += line + chunk + "\r\n";
  }
  sent += "0\r\n\r\n";
  std::thread sender([&] { client.send(sent); });
  const auto got = client.receive();
  sender.join();
  EXPECT_EQ(got.status, 200);
  EXPECT_TRUE(got.body == body) << "the body came back changed";
  EXPECT_EQ(client.ask(post("/echo", "next")).body, "next");
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server, judges_chunks) {
  const std::string long_extension(257, 'e');
  std::string many_trailers, long_trailers;
  for (int i = 0; i < 33; ++i) many_trailers += "T: x\r\n";
  for (int i = 0; i < 5; ++i) long_trailers += "T: " + std::string(900, 'x') + "\r\n";
  const struct {
    const char* name;
    std::string chunks;
    int status;
    std::string body;
  } rows[] = {
      {"no chunk", "0\r\n\r\n", 200, ""},
      {"one chunk", "3\r\nabc\r\n0\r\n\r\n", 200, "abc"},
      {"capital and leading zeros", "000A\r\n0123456789\r\n00\r\n\r\n", 200, "0123456789"},
      {"extension", "3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", 200, "abc"},
      {"trailers are dropped", "3\r\nabc\r\n0\r\nHost: b\r\nAuthorization: c\r\n\r\n", 200, "abc"},
      {"no size", "\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"no hexadecimal", "g\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"0x before the size", "0x3\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"plus", "+3\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"minus", "-3\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"space before the size", " 3\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"size overflows", "10000000000000003\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"size over the limit", "ffffffff\r\nabc\r\n0\r\n\r\n", 413, ""},
      {"sum over the limit", "3ff\r\n" + std::string(0x3ff, 'a') + "\r\n2\r\nab\r\n0\r\n\r\n", 413, ""},
      {"bare lf after the size", "3\nabc\r\n0\r\n\r\n", 400, ""},
      {"bare lf after the data", "3\r\nabc\n0\r\n\r\n", 400, ""},
      {"data longer than its size", "3\r\nabcd\r\n0\r\n\r\n", 400, ""},
      {"bare lf in a quoted extension", "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"extension over 256 bytes", "3;" + long_extension + "\r\nabc\r\n0\r\n\r\n", 400, ""},
      {"endless extension", "3;" + std::string(20'000, 'e'), 431, ""},
      {"33 trailers", "3\r\nabc\r\n0\r\n" + many_trailers + "\r\n", 431, ""},
      {"4.5 kB of trailers", "3\r\nabc\r\n0\r\n" + long_trailers + "\r\n", 431, ""},
      {"trailer without colon", "3\r\nabc\r\n0\r\nT\r\n\r\n", 400, ""},
  };
  node n([](server_options& o) { o.limits.body_bytes = 1024; });
  for (const auto& r : rows) {
    raw_client client(n.port());
    const auto got = client.ask(chunked_head + r.chunks);
    EXPECT_EQ(got.status, r.status) << r.name;
    if (r.status == 200)
      EXPECT_EQ(got.body, r.body) << r.name;
    else
      EXPECT_TRUE(client.ended()) << r.name;
  }
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server, meets_the_expectation_of_100_continue) {
  node n;
  raw_client client(n.port());
  const std::string expect = "Host: a\r\nExpect: 100-continue\r\n";
  const auto interim = client.ask("POST /echo HTTP/1.1\r\n" + expect + "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(interim.status, 100);
  EXPECT_EQ(client.ask("hello").body, "hello");
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + expect + "Transfer-Encoding: chunked\r\n\r\n").status,
            100);
  EXPECT_EQ(client.ask("5\r\nhello\r\n0\r\n\r\n").body, "hello");
  // A body that came with the head needs no leave, and an empty one neither.
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + expect + "Content-Length: 2\r\n\r\nhi").status, 200);
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + expect + "\r\n").status, 200);
}

TEST(server, refuses_before_100_continue) {
  node n;
  raw_client client(n.port());
  const auto got =
      client.ask("POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(got.status, 404);
  EXPECT_TRUE(got.says("Connection: close"));
  EXPECT_TRUE(client.ended());
}

TEST(server, drops_a_small_refused_body_and_goes_on) {
  node n;
  raw_client client(n.port());
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{60'000}}) {
    const auto got = client.ask(post("/nowhere", std::string(size, 'x')));
    EXPECT_EQ(got.status, 404) << size;
    EXPECT_FALSE(got.says("Connection: close")) << size;
    EXPECT_EQ(client.ask(post("/echo", "next")).body, "next") << size;
  }
  EXPECT_EQ(client.ask(post("/echo", "x", "Content-Type: text/plain\r\n")).status, 415);
  EXPECT_EQ(client.ask(post("/echo", "x", "Authorization: wrong\r\n")).status, 401);
  EXPECT_EQ(client.ask(post("/echo", "x", "Authorization: right\r\n")).status, 200);
}

TEST(server, lets_the_sender_of_a_large_refused_body_see_the_answer) {
  node n;
  raw_client client(n.port());
  const auto got = client.ask("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" +
                              std::string(30'000, 'x'));
  EXPECT_EQ(got.status, 404);
  EXPECT_TRUE(got.says("Connection: close"));
  EXPECT_TRUE(client.ended());
}

TEST(server, speaks_http_1_0) {
  node n;
  {
    raw_client client(n.port());
    const auto got = client.ask("GET /echo HTTP/1.0\r\n\r\n");
    EXPECT_EQ(got.status, 200);
    EXPECT_TRUE(got.says("Connection: close"));
    EXPECT_TRUE(client.ended());
  }
  raw_client client(n.port());
  for (int i = 0; i < 2; ++i) {
    const auto got = client.ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(got.status, 200);
    EXPECT_TRUE(got.says("Connection: keep-alive"));
  }
}

TEST(server, closes_when_either_side_says_so) {
  node n;
  for (const std::string& asked : {get("/echo", "Connection: close\r\n"), get("/last")}) {
    raw_client client(n.port());
    const auto got = client.ask(asked + get("/echo"));
    EXPECT_EQ(got.status, 200);
    EXPECT_TRUE(got.says("Connection: close"));
    std::string rest;
    EXPECT_TRUE(client.ended(&rest));
    EXPECT_EQ(rest, "") << "a request behind the last one was answered";
  }
}

TEST(server, sends_no_body_to_head_and_with_204) {
  node n;
  raw_client client(n.port());
  client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  const auto head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.says("Content-Length: 3"));
  client.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 404);
  const auto empty = client.ask(post("/empty", "abc"));
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(client.ask(post("/echo", "next")).body, "next");
}

TEST(server, gives_the_handler_the_fields_it_keeps) {
  node n([](server_options& o) { o.keep = {"x-one", "x-two"}; });
  raw_client client(n.port());
  const auto got = client.ask(post("/echo", "", "X-Two: b\r\nX-Three: c\r\nX-ONE:  a \r\n"));
  EXPECT_TRUE(got.says("X-Seen: x-one=a"));
  EXPECT_TRUE(got.says("X-Seen: x-two=b"));
  EXPECT_EQ(got.head.find("three"), std::string::npos);
}

TEST(server, answers_a_client_that_has_ended_its_half) {
  node n;
  raw_client client(n.port());
  client.send(post("/elsewhere", "x"));
  client.half_close();
  EXPECT_EQ(client.receive().body, "x");
  EXPECT_TRUE(client.ended());
}

TEST(server, ends_a_connection_that_is_hung_up_without_a_byte) {
  node n;
  raw_client client(n.port());
  client.send(post("/hung", "x"));
  std::string rest;
  EXPECT_TRUE(client.ended(&rest));
  EXPECT_EQ(rest, "");
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
}

TEST(server, answers_503_for_an_exchange_that_was_dropped) {
  node n;
  raw_client client(n.port());
  for (int i = 0; i < 2; ++i) {
    const auto got = client.ask(post("/dropped", "x"));
    EXPECT_EQ(got.status, 503);
    EXPECT_TRUE(got.says("Retry-After: 1"));
    EXPECT_TRUE(got.says("Content-Type: application/problem+json"));
    EXPECT_NE(got.body.find(R"("error":"stage_died")"), std::string::npos) << got.body;
  }
}

TEST(server, answers_many_connections_from_other_threads) {
  node n;
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<raw_client>(n.port()));
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->send(post("/held", std::to_string(i)));
  ASSERT_EQ(n.app.wait_for_held(clients.size()), clients.size());
  EXPECT_GE(n.budget.used(), clients.size() * 512) << "requests are not counted";
  n.app.release();
  for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i]->receive().body, std::to_string(i));
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server, forgets_an_answer_for_a_client_that_is_gone) {
  node n;
  {
    raw_client client(n.port());
    client.send(post("/held", "x"));
    ASSERT_EQ(n.app.wait_for_held(1), 1u);
  }
  n.app.release();
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
  EXPECT_EQ(raw_client(n.port()).ask(post("/echo", "next")).body, "next");
}

TEST(server, takes_answers_after_its_end) {
  auto n = std::make_unique<node>();
  raw_client first(n->port()), second(n->port());
  first.send(post("/held", "x"));
  second.send(post("/held", "x"));
  ASSERT_EQ(n->app.wait_for_held(2), 2u);
  auto left = n->app.take_exchanges();
  n->on_air.reset();
  EXPECT_TRUE(first.ended());
  EXPECT_TRUE(second.ended());
  left[0].respond(response{});
  n.reset();
  left[1].respond(response{});
}

TEST(server, may_end_after_its_loops_have_ended) {
  node n;
  raw_client client(n.port());
  client.send(post("/held", "x"));
  ASSERT_EQ(n.app.wait_for_held(1), 1u);
  n.loops.stop();
  n.app.release();
  n.on_air.reset();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server, ends_while_clients_keep_asking) {
  for (int round = 0; round < 10; ++round) {
    auto n = std::make_unique<node>();
    // Connected before the threads start: a late one would find no server to connect to.
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(std::make_unique<raw_client>(n->port()));
    std::vector<std::thread> senders;
    for (auto& client : clients)
      senders.emplace_back([&client] {
        while (client->ask(post("/elsewhere", "x")).status == 200) {
        }
      });
    EXPECT_TRUE(eventually([&] { return n->app.seen_targets().size() > 100; }));
    n->on_air.reset();
    for (auto& one : senders) one.join();
    n.reset();
  }
}

TEST(server, stops_accepting_and_finishes_what_is_under_way) {
  node n;
  raw_client idle(n.port()), busy(n.port()), halfway(n.port());
  EXPECT_EQ(idle.ask(post("/echo", "x")).status, 200);
  busy.send(post("/held", "x"));
  halfway.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  ASSERT_EQ(n.app.wait_for_held(1), 1u);
  ASSERT_TRUE(eventually([&] { return n.app.seen_targets().size() == 3; }));
  n.on_air->stop_accepting();
  EXPECT_FALSE(raw_client::can_connect(n.port()));
  EXPECT_TRUE(idle.ended());
  n.app.release();
  const auto last = busy.receive();
  EXPECT_EQ(last.status, 200);
  EXPECT_TRUE(last.says("Connection: close"));
  EXPECT_TRUE(busy.ended());
  EXPECT_EQ(halfway.ask("llo").body, "hello");
  EXPECT_TRUE(halfway.ended());
}

TEST(server, answers_503_to_what_is_still_coming_when_it_goes) {
  const char* const unfinished[] = {
      "POST /echo HTTP/1.1\r\nHos",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
  };
  for (const char* const bytes : unfinished) {
    SCOPED_TRACE(bytes);
    // One thread serves what came first first: when the second is answered, the bytes of the first are read.
    node n({}, 1 << 20, 1);
    raw_client cut(n.port());
    cut.send(bytes);
    ASSERT_EQ(raw_client(n.port()).ask(get("/echo")).status, 200);
    n.on_air->stop_accepting();
    n.on_air->refuse_unfinished();
    const auto said = cut.receive();
    EXPECT_EQ(said.status, 503);
    EXPECT_TRUE(said.says("Retry-After: 1"));
    EXPECT_TRUE(said.says("Connection: close"));
    EXPECT_TRUE(cut.ended());
    EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
    EXPECT_EQ(n.budget.used(), 0u);
  }
}

TEST(server, refuses_a_port_that_is_taken) {
  node n;
  server_options same;
  same.port = n.port();
  const auto second = server::listen(n.loops, same, n.budget, n.app);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().place, "127.0.0.1:" + std::to_string(n.port()));
  EXPECT_EQ(second.error().sys, EADDRINUSE);
  same.address = "localhost";
  const auto named = server::listen(n.loops, same, n.budget, n.app);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, errc::invalid_config);
}

TEST(server, listens_on_ipv6) {
  runtime loops(1);
  byte_budget budget(1024);
  application app;
  server_options o;
  o.address = "::1";
  o.port = 0;
  const auto made = server::listen(loops, o, budget, app);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_NE((*made)->port(), 0);
}

TEST(server, never_answers_more_often_than_it_was_asked) {
  // Each row is one request that some reader may take for two: what it hides must never be seen.
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string h = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::string length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n";
  const struct {
    const char* name;
    std::string bytes;
  } rows[] = {
      {"hidden in a body", h + length + "\r\n" + hidden},
      {"length and chunked", h + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
      {"chunked and length", h + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden},
      {"two lengths", h + "Content-Length: 0\r\n" + length + "\r\n" + hidden},
      {"length list", h + "Content-Length: 0, 5\r\n\r\n" + hidden},
      {"plus length", h + "Content-Length: +0\r\n\r\n" + hidden},
      {"coding gzip", h + "Transfer-Encoding: gzip\r\n\r\n" + hidden},
      {"coding identity", h + "Transfer-Encoding: identity\r\n" + length + "\r\n" + hidden},
      {"coding xchunked", h + "Transfer-Encoding: xchunked\r\n\r\n" + hidden},
      {"coding with tab", h + "Transfer-Encoding:\vchunked\r\n\r\n" + hidden},
      {"coding in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden},
      {"space before colon", h + "Content-Length : 0\r\n\r\n" + hidden},
      {"folded length", h + "Content-Length:\r\n 0\r\n\r\n" + hidden},
      {"bare lf", h + "X: y\nContent-Length: 0\r\n\r\n" + hidden},
      {"bare cr", h + "X: y\rContent-Length: 0\r\n\r\n" + hidden},
      {"nul", h + "X: \0\r\n\r\n"s + hidden},
      {"chunk ends in lf", h + "Transfer-Encoding: chunked\r\n\r\n0\n\n" + hidden},
      {"chunk longer than said", h + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n" + hidden},
      {"lf in an extension",
       h + "Transfer-Encoding: chunked\r\n\r\n1;a=\"\nx\r\n0\r\n\r\n\"\r\nx\r\n0\r\n\r\n" + hidden},
      {"hidden in a trailer", h + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + hidden},
      {"unknown expectation", h + "Expect: x\r\nContent-Length: 0\r\n\r\n" + hidden},
      {"asked to close", h + "Connection: close\r\nContent-Length: 0\r\n\r\n" + hidden},
      {"refused with a long body",
       "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + hidden},
      {"refused with chunks",
       "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
      {"refused with a short body", "POST /nowhere HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + hidden},
  };
  node n;
  for (const auto& r : rows) {
    raw_client client(n.port());
    client.send(r.bytes);
    client.half_close();
    std::string all;
    ASSERT_TRUE(client.ended(&all)) << r.name;
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = all.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++answers;
    EXPECT_EQ(answers, 1u) << r.name << ": " << all;
  }
  for (const auto& target : n.app.seen_targets()) EXPECT_NE(target, "/hidden");
}

}  // namespace
}  // namespace sluice::net::http
