// Goal: the receiver notes what came and misbehaves as told. Method: the tests' own client against it.
#include "tests/support/receiver.hpp"

#include <gmock/gmock.h>

namespace sluice::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view two = R"({"events":[{"id":"a"},{"id":"b"}]})";

http_answer deliver(std::uint16_t port, std::string_view body, milliseconds patience = milliseconds(10'000)) {
  return http_peer(port, patience).request("POST", "/hook?x=1", {{"webhook-id", "w1"}}, body);
}

TEST(receiver, notes_requests_as_they_came) {
  receiver there;
  there.start();
  EXPECT_EQ(deliver(there.port(), two).status, 200);
  ASSERT_TRUE(there.wait_for_events(2, milliseconds(10'000)));
  const auto all = there.deliveries();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].target, "/hook?x=1");
  EXPECT_EQ(all[0].body, two);
  EXPECT_EQ(all[0].webhook_id, "w1");
  EXPECT_EQ(all[0].answered, 200);
  EXPECT_THAT(there.received(), ElementsAre("a", "b"));
  EXPECT_EQ(there.fastest_second(), 2U);
}

TEST(receiver, answers_by_script_and_then_the_last_for_ever) {
  receiver there;
  there.answer_with(
      scripted({{.status = 500}, {.status = 429, .fields = {{"Retry-After", "1"}}}, {.status = 200}}));
  there.start();
  EXPECT_EQ(deliver(there.port(), two).status, 500);
  const http_answer second = deliver(there.port(), two);
  EXPECT_EQ(second.status, 429);
  EXPECT_EQ(second.field("retry-after"), "1");
  EXPECT_EQ(deliver(there.port(), two).status, 200);
  EXPECT_EQ(deliver(there.port(), two).status, 200);
  EXPECT_THAT(there.received(), ElementsAre("a", "b", "a", "b"));
}

TEST(receiver, says_over_which_connection_a_request_came) {
  receiver there;
  there.answer_with(scripted({{}, {.fields = {{"Connection", "close"}}}, {}}));
  there.start();
  http_peer first(there.port());
  EXPECT_EQ(first.post(two).status, 200);
  EXPECT_EQ(first.post(two).status, 200);
  EXPECT_TRUE(first.ended_by_peer());
  EXPECT_EQ(deliver(there.port(), two).status, 200);
  std::vector<std::size_t> over;
  for (const delivery& each : there.deliveries()) over.push_back(each.connection);
  EXPECT_THAT(over, ElementsAre(0U, 0U, 1U));
  EXPECT_EQ(there.connections(), 2U);
}

TEST(receiver, knows_when_a_request_reached_its_socket_before_it_was_read) {
  receiver there;
  there.start();
  ASSERT_TRUE(wait_until(
      [&] {
        deliver(there.port(), two);
        return there.deliveries().back().arrived_ns != 0;
      },
      milliseconds(10'000)));
  const auto before = there.deliveries().size();
  // The second one comes while the first is still being answered: it is read that much later.
  there.answer_with(scripted({{.delay = milliseconds(200)}, {}}));
  http_peer peer(there.port());
  const std::string request = request_text("POST", "/", {}, two);
  peer.send(request + request);
  EXPECT_EQ(peer.receive().status, 200);
  EXPECT_EQ(peer.receive().status, 200);
  const auto all = there.deliveries();
  ASSERT_EQ(all.size(), before + 2);
  EXPECT_GE(all[before + 1].at - all[before].at, milliseconds(200));
  EXPECT_NE(all[before].arrived_ns, 0);
  EXPECT_EQ(all[before + 1].arrived_ns, all[before].arrived_ns) << "they came in one piece";
}

TEST(receiver, hangs_and_cuts) {
  receiver there;
  there.answer_with(scripted({{.how = reply::manner::hang}, {.how = reply::manner::cut}, {}}));
  there.start();
  EXPECT_THROW(deliver(there.port(), two, milliseconds(50)), too_slow);
  EXPECT_THROW(deliver(there.port(), two), connection_lost);
  EXPECT_EQ(deliver(there.port(), two).status, 200);
  EXPECT_EQ(there.deliveries().size(), 3U);
  EXPECT_THAT(there.received(), ElementsAre("a", "b"));
}

TEST(receiver, refuses_while_stopped_and_comes_back_on_its_port) {
  receiver there;
  EXPECT_THROW(deliver(there.port(), two), connection_lost);
  there.answer_with(scripted({{.how = reply::manner::hang}, {}}));
  there.start();
  EXPECT_THROW(deliver(there.port(), two, milliseconds(50)), too_slow);
  there.stop();
  EXPECT_THROW(deliver(there.port(), two), connection_lost);
  there.start();
  EXPECT_EQ(deliver(there.port(), two).status, 200);
}

}  // namespace
}  // namespace sluice::testing
