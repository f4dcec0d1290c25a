// Goal: each limit is met with its own answer, is named in it, and the server recovers. Method: a real server
// with small limits, and clients that go past them. No time is asserted, but that what must come does within
// 20 s.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
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
using std::chrono::milliseconds;

TEST(server_limits, each_has_its_answer) {
  std::string many_fields;
  for (int i = 0; i < 101; ++i) many_fields.append("X: y\r\n");
  const struct {
    const char* name;
    std::string bytes;
    int status;
    const char* named;  ///< in the answer
  } rows[] = {
      {"malformed", "nonsense\r\n\r\n", 400, "Bad Request"},
      {"tls", "\x16\x03\x01", 400, "method"},
      {"no host", "GET /echo HTTP/1.1\r\n\r\n", 400, "Host"},
      {"target", get("/"s + std::string(5000, 'a')), 414, "4096"},
      {"body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", 413, "100000"},
      {"expectation", get("/echo", "Expect: more\r\n"), 417, "100-continue"},
      {"fields", get("/echo", many_fields), 431, "100 fields"},
      {"head", get("/echo", "X: "s + std::string(20'000, 'y') + "\r\n"), 431, "16384 bytes"},
      {"coding", get("/echo", "Transfer-Encoding: gzip\r\n"), 501, "chunked"},
      {"version", "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n", 505, "HTTP/1.1"},
  };
  node n([](server_options& o) { o.limits.body_bytes = 100'000; });
  for (const auto& r : rows) {
    raw_client client(n.port());
    const auto got = client.ask(r.bytes);
    EXPECT_EQ(got.status, r.status) << r.name;
    EXPECT_TRUE(got.says("Content-Type: application/problem+json")) << r.name;
    EXPECT_TRUE(got.says("Connection: close")) << r.name;
    EXPECT_NE(got.body.find("\"status\":"s + std::to_string(r.status)), std::string::npos)
        << r.name << ": " << got.body;
    EXPECT_NE(got.body.find("\"error\":\""), std::string::npos) << r.name << ": " << got.body;
    EXPECT_NE(got.body.find(r.named), std::string::npos) << r.name << ": " << got.body;
    EXPECT_TRUE(client.ended()) << r.name;
  }
  EXPECT_EQ(n.on_air->counts().bad_heads, 9u) << "all but the body's";
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server_limits, takes_exactly_what_the_limits_allow) {
  node n([](server_options& o) {
    o.limits.body_bytes = 1000;
    o.limits.head_bytes = 200;
    o.limits.fields = 3;
    o.limits.target_bytes = 20;
  });
  raw_client client(n.port());
  EXPECT_EQ(client.ask(post("/echo", std::string(1000, 'x'))).body.size(), 1000u);
  EXPECT_EQ(client.ask(post("/echo?" + std::string(14, 'q'), "")).status, 200);
  EXPECT_EQ(client.ask(post("/echo", "", "X: y\r\n")).status, 200);
  const std::size_t rest = get("/echo", "X: \r\n").size();
  EXPECT_EQ(client.ask(get("/echo", "X: "s + std::string(200 - rest, 'y') + "\r\n")).status, 200);
  EXPECT_EQ(client.ask(get("/echo", "X: "s + std::string(201 - rest, 'y') + "\r\n")).status, 431);
}

TEST(server_limits, in_flight_bytes_refuse_before_the_body_and_recover) {
  node n({}, 1200);
  raw_client first(n.port()), second(n.port()), third(n.port());
  first.send(post("/held", "x"));
  second.send(post("/held", "x"));
  ASSERT_EQ(n.app.wait_for_held(2), 2u);
  const auto refused = third.ask(post("/echo", "x"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.says("Retry-After: 1"));
  EXPECT_FALSE(refused.says("Connection: close"));
  EXPECT_NE(refused.body.find(R"("error":"in-flight limit reached")"), std::string::npos) << refused.body;
  EXPECT_EQ(third.ask(get("/echo")).status, 200) << "what has no body is answered however much is in flight";
  EXPECT_EQ(
      third.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
          .status,
      429);
  n.app.release();
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(raw_client(n.port()).ask(post("/echo", "x")).status, 200);
  EXPECT_EQ(n.budget.used(), 0u);
}

std::string half_of_a_large_body() {
  return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + std::string(70'000, 'x');
}

/// A budget whose rest, after one held request of 100 kB, is enough to begin another large body, not to end
/// it.
constexpr std::size_t tight_budget = 170'000;

TEST(server_limits, a_body_in_the_middle_waits_for_in_flight_bytes) {
  node n([](server_options& o) { o.limits.lease_wait = milliseconds(60'000); }, 2 * tight_budget);
  raw_client holder(n.port()), other_holder(n.port()), waiter(n.port());
  holder.send(post("/held", std::string(100'000, 'h')));
  other_holder.send(post("/held", std::string(tight_budget, 'h')));
  ASSERT_EQ(n.app.wait_for_held(2), 2u);
  waiter.send(half_of_a_large_body());
  const std::size_t held = 100'000 + tight_budget;
  ASSERT_TRUE(eventually([&] { return n.budget.used() == held + 65'536; }));
  n.app.release();
  waiter.send(std::string(130'000, 'x'));
  const auto got = waiter.receive();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body.size(), 200'000u);
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server_limits, a_body_in_the_middle_is_given_up_when_no_bytes_come_free) {
  node n([](server_options& o) { o.limits.lease_wait = milliseconds(50); }, tight_budget);
  raw_client holder(n.port()), waiter(n.port());
  holder.send(post("/held", std::string(100'000, 'h')));
  ASSERT_EQ(n.app.wait_for_held(1), 1u);
  const auto got = waiter.ask(half_of_a_large_body());
  EXPECT_EQ(got.status, 429);
  EXPECT_TRUE(got.says("Retry-After: 1"));
  EXPECT_TRUE(got.says("Connection: close"));
  EXPECT_TRUE(waiter.ended());
  EXPECT_EQ(n.budget.used(), 100'000u);
  n.app.release();
  EXPECT_EQ(holder.receive().status, 200);
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server_limits, a_chunked_body_is_charged_as_it_grows) {
  node n([](server_options& o) { o.limits.lease_wait = milliseconds(50); }, 20'000);
  raw_client client(n.port());
  const auto got = client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" +
                              std::string(0xffff, 'x'));
  EXPECT_EQ(got.status, 429);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server_limits, a_trickling_body_holds_only_what_it_sent) {
  node n;
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<raw_client>(n.port()));
    clients.back()->send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\nx");
  }
  ASSERT_TRUE(eventually([&] { return n.app.seen_targets().size() == clients.size(); }));
  ASSERT_TRUE(eventually([&] { return n.budget.used() == clients.size() * 65'536; }));
  clients.clear();
  EXPECT_TRUE(eventually([&] { return n.budget.used() == 0; }));
}

void all_times_short(server_options& o) {
  o.limits.head_time = o.limits.body_idle = o.limits.body_time = o.limits.keep_alive = milliseconds(60);
  o.limits.write_time = milliseconds(200);
}

TEST(server_limits, slow_heads_and_bodies_get_408) {
  node n(all_times_short);
  for (const std::string bytes :
       {"G", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe",
        "POST /echo HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"}) {
    raw_client client(n.port());
    const auto got = client.ask(bytes);
    EXPECT_EQ(got.status, 408) << bytes;
    EXPECT_TRUE(got.says("Connection: close")) << bytes;
    EXPECT_TRUE(client.ended()) << bytes;
  }
  EXPECT_EQ(n.budget.used(), 0u);
}

TEST(server_limits, a_trickled_head_or_body_ends_however_busy_it_looks) {
  node n([](server_options& o) {
    o.limits.head_time = o.limits.body_time = milliseconds(100);
    o.limits.body_idle = milliseconds(60'000);
  });
  for (const std::string start :
       {"GET /echo HTTP/1.1\r\nX: ", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"}) {
    raw_client client(n.port());
    client.send(start);
    std::atomic<bool> answered = false;
    std::thread trickle([&] {
      for (int i = 0; i < 10'000 && !answered; ++i) {
        client.send("x");
        std::this_thread::sleep_for(milliseconds(2));
      }
    });
    EXPECT_EQ(client.receive().status, 408) << start;
    answered = true;
    trickle.join();
  }
}

TEST(server_limits, idle_connections_end_in_silence) {
  node n(all_times_short);
  raw_client fresh(n.port()), kept(n.port());
  EXPECT_EQ(kept.ask(post("/echo", "x")).status, 200);
  for (raw_client* client : {&fresh, &kept}) {
    std::string rest;
    EXPECT_TRUE(client->ended(&rest));
    EXPECT_EQ(rest, "");
  }
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
}

TEST(server_limits, a_request_under_way_has_no_deadline_of_the_server) {
  node n(all_times_short);
  raw_client busy(n.port()), idle(n.port());
  busy.send(post("/held", "x"));
  ASSERT_EQ(n.app.wait_for_held(1), 1u);
  ASSERT_TRUE(idle.ended()) << "sweeps do not run";
  n.app.release();
  EXPECT_EQ(busy.receive().status, 200);
}

TEST(server_limits, a_client_that_does_not_read_is_let_go) {
  node n(all_times_short);
  raw_client client(n.port());
  client.send(post("/large", ""));
  EXPECT_TRUE(eventually([&] { return n.app.seen_targets().size() == 1; }));
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 0; }));
}

TEST(server_limits, a_large_answer_arrives_whole) {
  node n;
  raw_client client(n.port());
  EXPECT_EQ(client.ask(post("/large", "")).body.size(), 32u * 1024 * 1024);
  EXPECT_EQ(client.ask(post("/echo", "next")).body, "next");
}

TEST(server_limits, connections_beyond_the_limit_are_answered_503) {
  node n([](server_options& o) { o.limits.connections = 3; });
  std::vector<std::unique_ptr<raw_client>> within;
  for (int i = 0; i < 3; ++i) {
    within.push_back(std::make_unique<raw_client>(n.port()));
    EXPECT_EQ(within.back()->ask(post("/echo", "x")).status, 200);
  }
  {
    raw_client beyond(n.port());
    const auto got = beyond.ask(post("/echo", "x"));
    EXPECT_EQ(got.status, 503);
    EXPECT_TRUE(got.says("Retry-After: 1"));
    EXPECT_TRUE(beyond.ended());
  }
  EXPECT_EQ(n.on_air->counts().refused_connections, 1u);
  EXPECT_EQ(n.on_air->counts().connections, 3u);
  within.pop_back();
  EXPECT_TRUE(eventually([&] { return n.on_air->counts().connections == 2; }));
  EXPECT_EQ(raw_client(n.port()).ask(post("/echo", "x")).status, 200);
}

/// Takes every file descriptor that the process may have, but for `left`.
class descriptor_famine {
 public:
  explicit descriptor_famine(std::size_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = std::min<rlim_t>(few.rlim_cur, 256);
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int made; (made = ::dup(STDERR_FILENO)) >= 0;) taken_.push_back(made);
    for (; left > 0 && !taken_.empty(); --left) give_one_back();
  }
  ~descriptor_famine() {
    while (!taken_.empty()) give_one_back();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  void give_one_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(server_limits, recovers_from_having_no_descriptor_left) {
  node n;
  std::unique_ptr<raw_client> client;
  {
    const descriptor_famine famine(1);
    client = std::make_unique<raw_client>(n.port());  // takes the last one: the server cannot accept it
    client->send(post("/echo", "x"));
    EXPECT_EQ(n.on_air->counts().accepted, 0u);
  }
  EXPECT_EQ(client->receive().status, 200);
}

}  // namespace
}  // namespace sluice::net::http
