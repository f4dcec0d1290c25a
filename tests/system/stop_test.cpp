// Goal: a stop is in time, clean and loses nothing. Method: SIGTERM under load, again and again on one
// directory.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"
#include "tests/system/ledger_check.hpp"

namespace sluice::testing {
namespace {

TEST(stop, under_load_is_in_time_and_loses_nothing) {
  const std::uint64_t seed = draw_seed("stop");
  node there(file_node());
  ledger book;
  load senders({.port = there.port(), .seed = seed}, book);
  for (int round = 0; round < rounds(20, 5); ++round) {
    there.start();
    const std::size_t before = book.acknowledged_count();
    ASSERT_TRUE(wait_until([&] { return book.acknowledged_count() > before + 500; }, milliseconds(30'000)));
    there.terminate();
    const auto how = there.ended(milliseconds(10'000));
    ASSERT_TRUE(how) << "still there 10 s after the signal, round " << round << ":\n" << there.last_words();
    EXPECT_EQ(*how, exit_status{}) << there.last_words();
  }
  there.start();
  const load_report report = senders.finish(milliseconds(30'000));
  wait_until_settled(there, book, milliseconds(30'000));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  expect_honest_answers(report);
  expect_honest_files(there, book);
}

TEST(stop, answers_the_request_under_way) {
  node there(file_node());
  there.start();
  const made_batch batch = batch_maker(1, 0).next(50);
  http_peer peer(there.port());
  const std::string request = request_text(
      "POST", "/v1/events", {{"Content-Type", "application/json"}, {"Expect", "100-continue"}}, batch.body);
  peer.send(request.substr(0, request.size() - 100));
  ASSERT_TRUE(peer.told_to_continue());
  there.terminate();
  EXPECT_TRUE(wait_until([&] { return !there.ready(); }, milliseconds(10'000)));
  peer.send(request.substr(request.size() - 100));
  const http_answer answer = peer.receive();
  if (answer.status == 503) {
    EXPECT_NE(answer.field("retry-after"), "");
  } else {
    EXPECT_EQ(answer.status, 200) << answer.body;
  }
  EXPECT_EQ(there.ended(milliseconds(10'000)), exit_status{}) << there.last_words();
}

TEST(stop, does_not_wait_for_a_destination_that_hangs_and_delivers_after_the_next_start) {
  receiver slow;
  slow.answer_with(scripted({{.how = reply::manner::hang}}));
  slow.start();
  node there(webhook_node(", timeout: 11s"), {{"receiver", std::to_string(slow.port())}});
  there.start();
  const made_batch batch = batch_maker(2, 0).next_for(warehouse, 20);
  ASSERT_EQ(there.post(batch.body).status, 200);
  ASSERT_TRUE(slow.wait_for_requests(1, milliseconds(20'000)));
  there.terminate();
  EXPECT_EQ(there.ended(milliseconds(12'000)), exit_status{}) << there.last_words();
  slow.stop();
  slow.answer_with(scripted({{}}));
  slow.start();
  there.start();
  // What the open offer may still bring counts against the rate for the timeout and a second.
  EXPECT_TRUE(slow.wait_for_events(20, milliseconds(30'000)));
}

TEST(stop, is_immediate_at_the_second_signal_and_loses_nothing) {
  receiver slow;
  slow.answer_with(scripted({{.how = reply::manner::hang}}));
  slow.start();
  node there(webhook_node(", timeout: 8s"), {{"receiver", std::to_string(slow.port())}});
  there.start();
  const made_batch batch = batch_maker(3, 0).next_for(warehouse, 20);
  ASSERT_EQ(there.post(batch.body).status, 200);
  ASSERT_TRUE(slow.wait_for_requests(1, milliseconds(20'000)));
  there.terminate();
  EXPECT_TRUE(wait_until([&] { return !there.ready(); }, milliseconds(10'000)));
  there.terminate();
  EXPECT_TRUE(there.ended(milliseconds(5'000))) << "two signals, and it is still there";
  slow.stop();
  slow.answer_with(scripted({{}}));
  slow.start();
  there.start();
  EXPECT_TRUE(slow.wait_for_events(20, milliseconds(30'000)));
}

}  // namespace
}  // namespace sluice::testing
