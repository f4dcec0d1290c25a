// Goal: lanes that share an endpoint share its limit and nothing else: neither a receiver that hangs nor the
// death of one holds up another, and no event goes by two of them.
// Method: two delivery actors in virtual time, a receiver that answers when it is told to.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>

#include "tests/support/delivery_fixture.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

class two_lanes : public delivery_fixture, public ::testing::Test {
 protected:
  static constexpr std::size_t rate = 10;

  two_lanes() {
    limit(rate, 2s);
    for (lane_id i = 0; i < lanes.size(); ++i) {
      lanes[i] = std::make_shared<deliver::lane>();
      lanes[i]->destination = destination;
      lanes[i]->number = i;
      lanes[i]->name = "warehouse";
      lanes[i]->endpoint = lane->endpoint;
    }
    advance(2s);  // the window is full at first
  }
  ~two_lanes() {
    for (lane_id i = 0; i < lanes.size(); ++i) end_lane(i);
    run();
  }

  void start(lane_id i) {
    deliver::http_options http;
    http.batch = 4;
    http.retry = {.initial = 100ms, .max = 1s};
    http.random = [] { return 0.5; };
    http.stable_id = [](const std::string& of) { return of; };
    http.make_request = [](const std::string& id, const std::vector<std::string_view>& events) {
      net::http::outgoing made;
      made.fields.emplace_back("webhook-id", id);
      made.body = std::to_string(events.size());
      return made;
    };
    http.post = [this, i](const net::http::outgoing& what, std::function<void(net::http::attempt)> done) {
      const auto events = static_cast<std::size_t>(std::stoi(what.body));
      sent.emplace_back(now(), events);
      requests[i].push_back(what.fields.at(0).second);
      waiting[i] = std::move(done);
    };
    auto o = options();
    o.lane = lanes[i];
    actors[i] = deliver::spawn_http(system, o, http);
    run();
  }
  void end_lane(lane_id i) {
    if (actors[i]) kill(actors[i]);
    actors[i] = deliver_actor{};
    run();
  }
  /// Each lane gets every second of these events.
  void events(int count) {
    for (int i = 0; i < count; ++i)
      feed.append({{.id = "e" + std::to_string(i), .targets = {{destination, static_cast<lane_id>(i % 2)}}}},
                  wall_ms);
    run();
  }
  bool answer(lane_id i, int status = 200) {
    if (!waiting[i]) return false;
    std::exchange(waiting[i], nullptr)(net::http::reply{status, {}, {}});
    run();
    return true;
  }
  std::uint64_t delivered(lane_id i) const {
    std::uint64_t sum = 0;
    for (const auto& o : notes.outcomes)
      if (o.head.lane == i && o.head.how == checkpoint::settlement::delivered) sum += o.head.events;
    return sum;
  }
  /// The most events that were sent in any second.
  std::size_t fastest_second() const {
    std::size_t most = 0;
    for (const auto& [begin, ignored] : sent) {
      std::size_t events = 0;
      for (const auto& [at, n] : sent)
        if (at >= begin && at <= begin + 1s) events += n;
      most = std::max(most, events);
    }
    return most;
  }

  std::array<std::shared_ptr<deliver::lane>, 2> lanes;
  std::array<deliver_actor, 2> actors;
  std::array<std::function<void(net::http::attempt)>, 2> waiting;
  std::array<std::vector<std::string>, 2> requests;
  std::vector<std::pair<deliver::instant, std::size_t>> sent;
};

TEST_F(two_lanes, have_a_request_in_flight_each) {
  start(0);
  start(1);
  events(8);
  EXPECT_TRUE(waiting[0] && waiting[1]);
  EXPECT_EQ(requests[0], std::vector<std::string>{"warehouse offer 1"});
  EXPECT_EQ(requests[1], std::vector<std::string>{"warehouse lane 1 offer 1"});
  answer(1);
  answer(0);
  EXPECT_EQ(delivered(0), 4u);
  EXPECT_EQ(delivered(1), 4u);
}

TEST_F(two_lanes, go_on_while_the_other_hangs_within_the_limit_of_both) {
  start(0);
  start(1);
  events(80);
  ASSERT_TRUE(waiting[0]);
  for (int i = 0; i < 2000 && delivered(1) < 40; ++i) {
    answer(1);
    advance(10ms);
  }
  EXPECT_EQ(delivered(1), 40u);
  EXPECT_EQ(delivered(0), 0u);
  EXPECT_EQ(requests[0].size(), 1u) << "one request in flight, however long";
  EXPECT_LE(fastest_second(), rate);
  for (int i = 0; i < 2000 && delivered(0) < 40; ++i) {
    answer(0);
    advance(10ms);
  }
  EXPECT_EQ(delivered(0), 40u);
  EXPECT_LE(fastest_second(), rate);
}

TEST_F(two_lanes, notice_nothing_of_the_others_death) {
  start(0);
  start(1);
  events(40);
  ASSERT_TRUE(waiting[0]);
  end_lane(0);
  for (int i = 0; i < 1000 && delivered(1) < 20; ++i) {
    answer(1);
    advance(10ms);
  }
  EXPECT_EQ(delivered(1), 20u);
  start(0);
  EXPECT_EQ(requests[0].size(), 1u) << "the request of the lane that died is still on its way";
  answer(0);
  for (int i = 0; i < 1000 && delivered(0) < 20; ++i) {
    advance(10ms);
    answer(0);
  }
  EXPECT_EQ(delivered(0), 20u);
  ASSERT_GE(requests[0].size(), 2u);
  EXPECT_EQ(requests[0][1], requests[0][0]) << "its successor repeats the open offer first";
  EXPECT_LE(fastest_second(), rate);
}

TEST_F(two_lanes, fail_each_by_itself) {
  start(0);
  start(1);
  events(16);
  for (int i = 0; i < 500 && delivered(1) < 8; ++i) {
    answer(0, 503);
    answer(1);
    advance(50ms);
  }
  EXPECT_EQ(delivered(1), 8u);
  EXPECT_EQ(delivered(0), 0u);
  for (int i = 0; i < 500 && delivered(0) < 8; ++i) {
    answer(0);
    advance(50ms);
  }
  EXPECT_EQ(delivered(0), 8u);
  EXPECT_LE(fastest_second(), rate);
}

}  // namespace
}  // namespace sluice::testing
