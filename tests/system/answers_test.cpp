// Goal: every answer of the contract that needs no credentials, with what it must say. Method: the program,
// and a client that sends exactly the bytes of the case.
#include <gmock/gmock.h>

#include "tests/support/json_scan.hpp"
#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

void expect_problem(const http_answer& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_THAT(answer.field("content-type"), HasSubstr("application/problem+json"));
  EXPECT_EQ(json::find(answer.body, "status"), std::to_string(status)) << answer.body;
  for (const char* member : {"error", "title", "detail"}) {
    EXPECT_NE(json::text_of(answer.body, member), "") << member << " is missing in " << answer.body;
  }
}

class answers : public ::testing::Test {
 protected:
  static std::string with_ingest(const std::string& more) {
    std::string text = file_node();
    const std::string listen = "listen: \"127.0.0.1:{port}\"";
    return text.replace(text.find(listen), listen.size(), listen + more);
  }
  void start(const std::string& ingest_more = "") {
    there_.emplace(with_ingest(ingest_more));
    there_->start();
  }
  std::uint16_t port() const { return there_->port(); }
  http_answer raw(std::string_view bytes) {
    http_peer peer(port());
    peer.send(bytes);
    return peer.receive();
  }

  std::optional<node> there_;
  batch_maker maker_{21, 0};
};

TEST_F(answers, a_good_batch_with_its_receipt_and_its_repeat) {
  start();
  const made_batch batch = maker_.next_for(warehouse, 3);
  const http_answer first = there_->post(batch.body), second = there_->post(batch.body);
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(first.field("content-type"), HasSubstr("application/json"));
  EXPECT_EQ(first.body, R"({"status":"accepted","accepted":3,"duplicates":0,"dropped":0,"quarantined":0})");
  EXPECT_EQ(second.body, R"({"status":"accepted","accepted":0,"duplicates":3,"dropped":0,"quarantined":0})");
}

TEST_F(answers, the_same_numbers_in_the_metrics) {
  start();
  const made_batch batch = maker_.next(200);
  double dropped = 0;
  for (const made_event& e : batch.events) dropped += e.destination.empty() ? 1 : 0;
  there_->post(batch.body);
  there_->post(batch.body);
  there_->post(R"({"events":[{"source":"x"},{"id":"i","source":""}]})");
  // What a commit held is told to telemetry behind the answer.
  EXPECT_TRUE(
      wait_until([&] { return there_->metric("sluice_events_received_total") == 402; }, milliseconds(10'000)))
      << there_->metric("sluice_events_received_total");
  EXPECT_EQ(there_->metric("sluice_events_duplicate_total"), 200);
  EXPECT_EQ(there_->metric("sluice_events_quarantined_total"), 2);
  EXPECT_EQ(there_->metric("eventbridge_events_processed_total"), 200);
  EXPECT_EQ(there_->metric("eventbridge_events_dropped_total"), dropped);
  EXPECT_EQ(there_->metric("sluice_balance_difference"), 0);
}

struct body_case {
  const char* name;
  const char* body;
  const char* place;  ///< regular expression that the detail must contain
};

TEST_F(answers, bodies_that_are_no_batch_say_where) {
  start(", on_invalid_event: reject");
  constexpr body_case cases[] = {
      {"empty", "", ""},
      {"word", "hello", "byte 0"},
      {"truncated", R"({"events":[{"id":"a")", "byte 20"},
      {"trailing", R"({"events":[]}x)", "byte 13"},
      {"no_events", "{}", ""},
      {"empty_array", "[]", ""},
      {"number", "7", ""},
      {"events_no_array", R"({"events":7})", "byte 10"},
      {"bad_number", R"({"events":[{"id":"a","source":"s","data":01}]})", "byte 42"},
      {"id_missing", R"({"events":[{"id":"a","source":"s"},{"source":"s"}]})", "events\\[1\\]\\.id.*byte"},
      {"source_empty", R"({"events":[{"id":"a","source":""}]})", "events\\[0\\]\\.source.*byte"},
  };
  for (const body_case& each : cases) {
    SCOPED_TRACE(each.name);
    const http_answer answer = there_->post(each.body);
    expect_problem(answer, 400);
    EXPECT_THAT(json::text_of(answer.body, "detail"), ContainsRegex(each.place));
  }
  EXPECT_EQ(there_->metric("sluice_events_received_total"), 0);
}

struct head_case {
  const char* name;
  const char* bytes;
  int status;
};

TEST_F(answers, heads_that_are_refused) {
  start();
  constexpr head_case cases[] = {
      {"unknown_path", "POST /v2/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 404},
      {"wrong_method", "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", 405},
      {"xml", "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\n{}",
       415},
      {"brotli",
       "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: br\r\n"
       "Content-Length: 2\r\n\r\n{}",
       415},
      {"length_and_chunked",
       "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"two_lengths",
       "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400},
      {"no_host", "POST /v1/events HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400},
      {"bare_line_feeds", "GET /livez HTTP/1.1\nHost: x\n\n", 400},
  };
  for (const head_case& each : cases) {
    SCOPED_TRACE(each.name);
    expect_problem(raw(each.bytes), each.status);
  }
  EXPECT_THAT(raw(cases[1].bytes).field("allow"), HasSubstr("POST"));
}

TEST_F(answers, head_too_large_is_431) {
  start();
  expect_problem(raw("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n"),
                 431);
  std::string many = "GET /livez HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many.append("X-").append(std::to_string(i)).append(": y\r\n");
  expect_problem(raw(many + "\r\n"), 431);
}

TEST_F(answers, slow_head_is_408) {
  start();
  http_peer peer(port());
  peer.send("POST /v1/events HTTP/1.1\r\nHost:");
  expect_problem(peer.receive(), 408);
  EXPECT_TRUE(peer.ended_by_peer());
}

TEST_F(answers, limits_are_413_and_named) {
  start(", max_body: 64KiB, max_events: 10");
  const http_answer large = there_->post(batch_maker(22, 0, 70'000).next(1).body);
  expect_problem(large, 413);
  EXPECT_THAT(large.body, ContainsRegex("65536|64 KiB|max_body"));
  const http_answer many = there_->post(maker_.next(11).body);
  expect_problem(many, 413);
  EXPECT_THAT(many.body, ContainsRegex("10 events|max_events"));
  EXPECT_EQ(there_->post(maker_.next(10).body).status, 200);
}

TEST_F(answers, used_up_lease_is_429_and_those_who_hold_it_are_served) {
  start(", in_flight: 1MiB, max_body: 512KiB");
  std::vector<std::unique_ptr<http_peer>> slow;
  std::vector<std::string> rest;
  for (unsigned i = 0; i < 4; ++i) {
    const std::string request = request_text("POST", "/v1/events", {{"Content-Type", "application/json"}},
                                             batch_maker(23, i, 290'000).next(1).body);
    slow.push_back(std::make_unique<http_peer>(port()));
    slow.back()->send(request.substr(0, 250'000));
    rest.push_back(request.substr(250'000));
  }
  EXPECT_TRUE(
      wait_until([&] { return there_->metric("sluice_in_flight_bytes") > 900'000; }, milliseconds(10'000)));
  const http_answer refused = there_->post(batch_maker(23, 9, 200'000).next(1).body);
  expect_problem(refused, 429);
  EXPECT_GE(refused.retry_after(), 1);
  slow.resize(2);  // two senders go away
  EXPECT_TRUE(
      wait_until([&] { return there_->metric("sluice_in_flight_bytes") < 600'000; }, milliseconds(10'000)));
  for (std::size_t i = 0; i < slow.size(); ++i) {
    slow[i]->send(rest[i]);
    EXPECT_EQ(slow[i]->receive().status, 200);
  }
}

TEST_F(answers, pipelined_requests_in_their_order) {
  start();
  std::string all;
  for (std::size_t i = 1; i <= 20; ++i) all += request_text("POST", "/v1/events", {}, maker_.next(i).body);
  http_peer peer(port());
  peer.send(all);
  for (std::size_t i = 1; i <= 20; ++i) {
    const http_answer answer = peer.receive();
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::find(answer.body, "accepted"), std::to_string(i));
  }
}

TEST_F(answers, chunked_bodies_and_old_versions) {
  start();
  const std::string body = maker_.next(5).body;
  std::string chunked = "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 100) {
    const std::string part = body.substr(at, 100);
    char size[8];
    std::snprintf(size, sizeof size, "%zx", part.size());
    chunked.append(size).append("\r\n").append(part).append("\r\n");
  }
  const http_answer first = raw(chunked + "0\r\n\r\n");
  EXPECT_EQ(first.status, 200) << first.body;
  http_peer old(port());
  old.send("POST /v1/events HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  const http_answer second = old.receive();
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(json::find(second.body, "duplicates"), "5");
  EXPECT_TRUE(old.ended_by_peer()) << "HTTP/1.0 without keep-alive";
}

TEST_F(answers, waits_for_leave_to_send_a_body) {
  start();
  const std::string body = maker_.next(5).body;
  const std::string request = request_text("POST", "/v1/events", {{"Expect", "100-continue"}}, body);
  http_peer peer(port());
  peer.send(request.substr(0, request.size() - body.size()));
  ASSERT_TRUE(peer.told_to_continue());
  peer.send(body);
  EXPECT_EQ(peer.receive().status, 200);
}

TEST_F(answers, requests_that_leave_nothing_to_commit_use_nothing_up) {
  start();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(there_->post(R"({"events":[]})").status, 200) << "after " << i;
    ASSERT_EQ(there_->post("{}").status, 400) << "after " << i;
  }
  EXPECT_EQ(there_->post(maker_.next(1).body).status, 200);
  EXPECT_EQ(there_->metric("sluice_in_flight_bytes"), 0);
}

TEST_F(answers, one_event_a_request_on_a_connection_of_its_own) {
  start();
  for (int i = 0; i < rounds(200, 50); ++i) {
    const http_answer answer =
        there_->post(maker_.next(1).body, {{"Content-Type", "application/json; charset=utf-8"},
                                           {"Range", "bytes=0-1048575"},
                                           {"Connection", "close"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
}

TEST_F(answers, states_for_those_who_watch) {
  start();
  for (const char* path : {"/health", "/livez", "/readyz", "/metrics"})
    EXPECT_EQ(get(port(), path).status, 200) << path;
  EXPECT_EQ(json::text_of(get(port(), "/health").body, "status"), "healthy");
  EXPECT_THAT(get(port(), "/metrics").field("content-type"), HasSubstr("text/plain"));
}

}  // namespace
}  // namespace sluice::testing
