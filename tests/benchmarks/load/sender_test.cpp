// Goal: the sender counts and resends as it says, whatever the server does to it.
// Method: a server in the test that follows a script; the sender's figures are held against what the server
// saw.
#include "benchmarks/load/sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "tests/benchmarks/peer.hpp"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;
using test::answer_with;
using test::peer;
using test::peer_reply;
using test::peer_request;
using ::testing::ElementsAre;
using ::testing::Pair;

std::string ok(std::size_t events) {
  return answer_with(200, R"({"status":"accepted","accepted":)" + std::to_string(events) +
                              R"(,"duplicates":0,"dropped":1,"quarantined":0})");
}

sender_options options_for(const peer& server, std::size_t connections, std::size_t events = 3) {
  sender_options options;
  options.to = {"127.0.0.1", server.port(), "/v1/events"};
  options.connections = connections;
  options.batches.events = events;
  options.drain = milliseconds(60'000);
  return options;
}

run_options fixed(std::uint64_t batches) {
  run_options run;
  run.batches = batches;
  return run;
}

outcome run_all(const sender_options& options, const run_options& run, ledger* book = nullptr) {
  auto made = sender::open(options, book);
  EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
  if (!made) return {};
  auto done = made->run(run);
  EXPECT_TRUE(done) << (done ? "" : to_string(done.error()));
  return done ? std::move(*done) : outcome{};
}

TEST(Sender, KeepsConnectionsAliveAndSendsEveryBatchOnce) {
  peer server([](const peer_request&) { return peer_reply{ok(3)}; });
  const auto done = run_all(options_for(server, 4), fixed(101));
  EXPECT_EQ(done.batches_acked, 101U);
  EXPECT_EQ(done.requests, 101U);
  EXPECT_EQ(done.events_acked, 303U);
  EXPECT_EQ(done.accepted, 303U);
  EXPECT_EQ(done.dropped, 101U);
  EXPECT_THAT(done.answers, ElementsAre(Pair(200, 101U)));
  EXPECT_EQ(done.latency.count(), 101U);
  EXPECT_EQ(done.failed + done.unfinished + done.unsent + done.lost + done.retried, 0U);
  EXPECT_EQ(server.connections(), 4U);
  std::set<std::string> bodies;
  std::uint64_t bytes = 0;
  for (const auto& request : server.requests()) {
    EXPECT_TRUE(bodies.insert(request.body).second) << "a body came twice";
    bytes += request.head.size() + request.body.size();
    EXPECT_EQ(request.method + " " + request.path, "POST /v1/events");
  }
  EXPECT_EQ(done.bytes_sent, bytes);
}

TEST(Sender, WhatEachConnectionSendsDependsOnTheSeedAlone) {
  const auto ids_of = [] {
    std::set<std::string> ids;
    peer server([&](const peer_request& r) {
      ids.insert(r.body.substr(r.body.find("\"id\":\"") + 6, 36));
      return peer_reply{ok(3)};
    });
    run_all(options_for(server, 5), fixed(53));
    return ids;
  };
  const auto first = ids_of();
  EXPECT_EQ(first.size(), 53U);
  EXPECT_EQ(first, ids_of());
}

TEST(Sender, RunsGoOnWhereTheOneBeforeEnded) {
  peer server([](const peer_request&) { return peer_reply{ok(3)}; });
  auto made = sender::open(options_for(server, 3), nullptr);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->run(fixed(10))->batches_acked, 10U);
  ASSERT_EQ(made->run(fixed(7))->batches_acked, 7U);
  std::set<std::string> bodies;
  for (const auto& request : server.requests()) bodies.insert(request.body);
  EXPECT_EQ(bodies.size(), 17U);
  EXPECT_EQ(server.connections(), 3U);
}

TEST(Sender, SendsTheSameBytesAgainAfter503And429) {
  peer server([](const peer_request& r) {
    if (r.number == 1) return peer_reply{answer_with(503, "{}", "Retry-After: 0\r\n")};
    if (r.number == 2)
      return peer_reply{answer_with(429, "{}", "Retry-After: 0\r\nConnection: close\r\n"), true};
    return peer_reply{ok(3)};
  });
  const auto done = run_all(options_for(server, 1), fixed(3));
  EXPECT_EQ(done.batches_acked, 3U);
  EXPECT_EQ(done.requests, 5U);
  EXPECT_EQ(done.retried, 2U);
  EXPECT_EQ(done.failed + done.lost, 0U);
  EXPECT_THAT(done.answers, ElementsAre(Pair(200, 3U), Pair(429, 1U), Pair(503, 1U)));
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[1].body, seen[2].body);
  EXPECT_EQ(seen[2].body, seen[3].body);
  EXPECT_NE(seen[3].body, seen[4].body);
}

TEST(Sender, WaitsAsLongAsRetryAfterSays) {
  peer server([](const peer_request& r) {
    return r.number == 0 ? peer_reply{answer_with(503, "{}", "Retry-After: 1\r\n")} : peer_reply{ok(3)};
  });
  const auto done = run_all(options_for(server, 1), fixed(1));
  EXPECT_EQ(done.batches_acked, 1U);
  EXPECT_GE(done.latency.max(), 1'000'000'000U) << "the latency counts from the first attempt";
}

TEST(Sender, GivesABatchUpAfterTheBoundOnRetriesAndAtOnceForAnotherStatus) {
  peer server([](const peer_request& r) {
    return r.connection == 0 ? peer_reply{answer_with(503, "{}", "Retry-After: 0\r\n")}
                             : peer_reply{answer_with(400, "{}")};
  });
  auto options = options_for(server, 2);
  options.retries_max = 4;
  const auto done = run_all(options, fixed(2));
  EXPECT_EQ(done.batches_acked, 0U);
  EXPECT_EQ(done.failed, 2U);
  EXPECT_EQ(done.retried, 4U);
  EXPECT_THAT(done.answers, ElementsAre(Pair(400, 1U), Pair(503, 5U)));
  EXPECT_EQ(done.latency.count(), 0U);
}

TEST(Sender, SendsTheBatchAgainWhenTheConnectionDrops) {
  peer server([](const peer_request& r) {
    if (r.number == 1) return peer_reply{"", true};
    if (r.number == 2) return peer_reply{"HTTP/1.1 200 OK\r\nContent-Le", true};
    if (r.number == 4) return peer_reply{"no answer at all\r\n\r\n", true};
    return peer_reply{ok(3)};
  });
  const auto done = run_all(options_for(server, 1), fixed(4));
  EXPECT_EQ(done.batches_acked, 4U);
  EXPECT_EQ(done.requests, 7U);
  EXPECT_EQ(done.lost, 3U);
  EXPECT_EQ(done.failed, 0U);
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 7U);
  EXPECT_EQ(seen[1].body, seen[2].body);
  EXPECT_EQ(seen[1].body, seen[3].body);
  EXPECT_EQ(seen[4].body, seen[5].body);
}

TEST(Sender, OpensConnectionsAgainThatTheServerEndsAfterEachAnswer) {
  peer server([](const peer_request&) {
    return peer_reply{answer_with(200, "{}", "Connection: close\r\n"), true};
  });
  const auto done = run_all(options_for(server, 2), fixed(20));
  EXPECT_EQ(done.batches_acked, 20U);
  EXPECT_EQ(done.lost, 0U);
  EXPECT_GE(server.connections(), 20U);
}

TEST(Sender, LeavesAConnectionThatAnsweredBeforeTheBodyWasSent) {
  // The body is larger than the buffers of both sockets, so some of it is still to be sent when the answer
  // comes.
  peer server(peer::on_head{[](const peer_request&) { return peer_reply{answer_with(413, "{}")}; }});
  auto options = options_for(server, 1, 4);
  options.batches.event_bytes = std::size_t{8} << 20;
  const auto done = run_all(options, fixed(2));
  EXPECT_EQ(done.failed, 2U);
  EXPECT_EQ(done.lost, 0U);
  EXPECT_THAT(done.answers, ElementsAre(Pair(413, 2U)));
  EXPECT_LT(done.bytes_sent, std::uint64_t{64} << 20);
  EXPECT_GE(server.connections(), 2U);
}

TEST(Sender, GivesUpWhenTheServerStaysAway) {
  auto server = std::make_unique<peer>([](const peer_request&) { return peer_reply{"", true}; });
  auto options = options_for(*server, 3);
  options.reopen_for = milliseconds(200);
  auto made = sender::open(options, nullptr);
  ASSERT_TRUE(made);
  server.reset();
  const auto done = made->run(fixed(9));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->batches_acked, 0U);
  EXPECT_EQ(done->failed + done->unsent, 9U);
}

TEST(Sender, OutlivesARestartOfTheServer) {
  std::unique_ptr<peer> server;
  std::atomic<int> answered{0};
  const auto count = [&](const peer_request&) {
    ++answered;
    return peer_reply{ok(3)};
  };
  server = std::make_unique<peer>(count);
  auto options = options_for(*server, 2);
  options.reopen_for = milliseconds(60'000);
  auto made = sender::open(options, nullptr);
  ASSERT_TRUE(made);
  run_options run = fixed(2000);
  bool restarted = false;
  run.progress = [&](const outcome&) {};
  std::thread restarter([&] {
    while (answered < 100) std::this_thread::yield();
    const auto port = server->port();
    server.reset();
    server = std::make_unique<peer>(count, port);
    restarted = true;
  });
  const auto done = made->run(run);
  restarter.join();
  ASSERT_TRUE(done);
  EXPECT_TRUE(restarted);
  EXPECT_EQ(done->batches_acked, 2000U);
  EXPECT_EQ(done->failed, 0U);
}

TEST(Sender, AnOpenLoopCountsWaitingTimeAndWhatItCouldNotSend) {
  // One connection, one answer in 50 ms, but a hundred batches a second are due: the backlog shows in latency
  // and in `unsent`.
  peer server([](const peer_request&) {
    std::this_thread::sleep_for(milliseconds(50));
    return peer_reply{ok(3)};
  });
  auto options = options_for(server, 1);
  options.rate = 100;
  run_options run;
  run.duration = milliseconds(1000);
  const auto done = run_all(options, run);
  EXPECT_EQ(done.failed + done.unfinished, 0U);
  EXPECT_GT(done.unsent, 0U);
  EXPECT_EQ(done.batches_acked + done.unsent, 100U);
  EXPECT_EQ(done.latency.count(), 100U);
  EXPECT_GE(done.latency.max(), 200'000'000U) << "a closed loop would show 50 ms";
}

TEST(Sender, AnOpenLoopSendsNothingBeforeItIsDue) {
  peer server([](const peer_request&) { return peer_reply{ok(3)}; });
  auto options = options_for(server, 8);
  options.rate = 200;
  run_options run;
  run.duration = milliseconds(500);
  const auto done = run_all(options, run);
  EXPECT_EQ(done.batches_acked + done.unsent, 100U);
}

TEST(Sender, StopsWhenTold) {
  peer server([](const peer_request&) { return peer_reply{ok(3)}; });
  std::atomic<int> stop{0};
  run_options run;
  run.duration = std::chrono::hours(1);
  run.stop = &stop;
  run.progress = [&](const outcome& so_far) {
    if (so_far.batches_acked > 0) stop = 1;
  };
  const auto done = run_all(options_for(server, 2), run);
  EXPECT_GT(done.batches_acked, 0U);
  EXPECT_EQ(done.unfinished, 0U);
  EXPECT_EQ(done.requests, done.batches_acked);
}

TEST(Sender, ASecondStopLeavesWhatIsUnderWayUnfinished) {
  peer server([](const peer_request&) { return peer_reply{"HTTP/1.1 200 OK\r\n"}; });
  std::atomic<int> stop{0};
  run_options run;
  run.duration = std::chrono::hours(1);
  run.stop = &stop;
  run.progress = [&](const outcome&) { ++stop; };
  const auto done = run_all(options_for(server, 2), run);
  EXPECT_EQ(done.batches_acked, 0U);
  EXPECT_EQ(done.unfinished, 2U);
}

TEST(Sender, TheLedgerHasEveryOfferBeforeTheServerSeesItAndEveryPromise) {
  const std::string file = ::testing::TempDir() + "/sender_test_ledger.txt";
  std::filesystem::remove(file);
  auto book = ledger::open(file);
  ASSERT_TRUE(book);
  const auto lines = [&] {
    std::map<std::string, int> counted;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto id = line.find(' ') + 1;
      ++counted[line.substr(0, id) + line.substr(id, 36) +
                (line.starts_with("acked ") ? line.substr(line.rfind(' ')) : "")];
    }
    return counted;
  };
  peer server([&](const peer_request& r) {
    const auto id = r.body.substr(r.body.find("\"id\":\"") + 6, 36);
    EXPECT_EQ(lines()["offered " + id], 1) << "request " << r.number;
    if (r.number % 4 == 1) return peer_reply{"", true};
    if (r.number % 4 == 2)
      return peer_reply{answer_with(200, R"({"status":"accepted","accepted":0,"duplicates":1})")};
    return peer_reply{ok(1)};
  });
  auto options = options_for(server, 1, 1);
  options.batches.duplicates = 0.3;
  const auto done = run_all(options, fixed(40), &*book);
  EXPECT_EQ(done.batches_acked, 40U);
  EXPECT_GT(done.batches_repeated, 0U);
  std::size_t offered = 0;
  std::size_t acked_new = 0;
  std::size_t acked_known = 0;
  for (const auto& [line, times] : lines()) {
    if (line.starts_with("offered ")) offered += static_cast<std::size_t>(times);
    if (line.ends_with(" accepted")) acked_new += static_cast<std::size_t>(times);
    if (line.ends_with(" duplicate")) acked_known += static_cast<std::size_t>(times);
  }
  EXPECT_EQ(offered, 40 - done.batches_repeated) << "an event is offered once, however often it is sent";
  EXPECT_EQ(acked_new, done.accepted);
  EXPECT_EQ(acked_known, done.duplicates);
  EXPECT_EQ(acked_new + acked_known, 40U);
}

TEST(Sender, AFullLedgerEndsTheRunWithAnError) {
  auto book = ledger::open("/dev/full");
  ASSERT_TRUE(book);
  peer server([](const peer_request&) { return peer_reply{ok(3)}; });
  auto made = sender::open(options_for(server, 2), &*book);
  ASSERT_TRUE(made);
  const auto done = made->run(fixed(10));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::io);
  EXPECT_TRUE(server.requests().empty()) << "nothing may be offered that the ledger does not hold";
}

TEST(Sender, SaysWhenNobodyListens) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  sender_options options;
  options.to = {"127.0.0.1", *port, "/v1/events"};
  const auto made = sender::open(options, nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::unreachable);
}

}  // namespace
}  // namespace sluice::load
