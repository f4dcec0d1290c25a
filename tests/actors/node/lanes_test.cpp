// Goal: what the log holds of a destination finds a lane to leave by, whatever the configuration says now,
// and each endpoint begins with the limit that its past asks for. Method: a log on a simulated disk, filled
// by hand; lanes made from configurations one after the other.
#include "actors/node/lanes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

config::config http(std::size_t endpoints, std::uint32_t concurrency,
                    config::ordering ordering = config::ordering::key) {
  config::destination_options d{.name = "warehouse", .kind = config::destination_kind::http};
  for (std::size_t i = 0; i < endpoints; ++i)
    d.split.endpoints.push_back("http://h" + std::to_string(i) + "/");
  d.split.ordering = ordering;
  d.split.concurrency = concurrency;
  d.rate = 100;
  d.timeout = 2s;
  config::config all;
  all.destinations = {d};
  return all;
}

config::config nats(std::optional<std::uint32_t> rate) {
  config::destination_options d{.name = "warehouse", .kind = config::destination_kind::nats};
  d.rate = rate;
  d.timeout = 2s;
  config::config all;
  all.destinations = {d};
  return all;
}

class lanes : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log.open()); }

  void commit(const std::function<bool(checkpoint::group_builder&)>& fill) {
    checkpoint::group_builder group(log.log->buffers()->take(64 << 10));
    ASSERT_TRUE(fill(group));
    ASSERT_EQ(log.log->plan(group.disk_bytes()), checkpoint::segment_log::room::here);
    const auto done = log.log->commit(group, {0, 0}, {});
    ASSERT_TRUE(done);
    ASSERT_TRUE(log.state.apply((*done)->header(), (*done)->content()));
  }
  /// One event into the lane; its position.
  position event(lane_id lane) {
    const auto at = log.state.next_position();
    const auto b = test::make_batch({{.id = std::to_string(at), .targets = {{1, lane}}}});
    commit([&](checkpoint::group_builder& group) {
      return group.append_batch(*b, std::vector<std::uint8_t>{1}, true);
    });
    return at;
  }
  void offer(lane_id lane, position at) {
    commit([&](checkpoint::group_builder& group) {
      return group.append_offer(
          {.destination = 1, .lane = lane, .events = 1, .offer = 1, .first = at, .last = at});
    });
  }
  void deliver(lane_id lane, position at) {
    checkpoint::outcome_head head;
    head.destination = 1;
    head.lane = lane;
    head.how = checkpoint::settlement::delivered;
    head.first = head.last = at;
    head.events = 1;
    commit([&](checkpoint::group_builder& group) { return group.append_outcome(head, {}, {}); });
  }
  result<std::vector<served_lane>> make(const config::config& from, bool clean = true) {
    const auto declared = declare_destinations(from, *log.log, log.state, disk, {0, 0});
    if (!declared) return fail(declared.error());
    return make_lanes(from, *log.log, log.state, clean, std::chrono::steady_clock::now().time_since_epoch());
  }
  /// Number and endpoint of each lane behind the dead letters.
  static std::vector<std::pair<lane_id, std::size_t>> placed(const std::vector<served_lane>& all) {
    std::vector<std::pair<lane_id, std::size_t>> out;
    for (std::size_t i = 1; i < all.size(); ++i) out.emplace_back(all[i].lane->number, all[i].endpoint);
    return out;
  }

  test::simulated_file_system disk;
  test::log_run log{disk, 5};
};

TEST_F(lanes, are_endpoints_times_concurrency_and_share_their_endpoints_limit) {
  const auto from = http(2, 2);
  const auto all = make(from).value();
  EXPECT_THAT(placed(all), ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 0), std::pair(3, 1)));
  EXPECT_EQ(all[1].lane->endpoint, all[3].lane->endpoint);
  EXPECT_EQ(all[2].lane->endpoint, all[4].lane->endpoint);
  EXPECT_NE(all[1].lane->endpoint, all[2].lane->endpoint);
  EXPECT_EQ(all[0].of, nullptr);
  EXPECT_EQ(all[4].label(), "warehouse endpoint 1 lane 3");
  EXPECT_EQ(all[4].endpoint_label(), "warehouse endpoint 1");
  EXPECT_EQ(all[0].label(), "dead-letters");
}

TEST_F(lanes, are_one_where_the_order_is_strict) {
  auto from = http(1, 1, config::ordering::strict);
  const auto all = make(from).value();
  EXPECT_THAT(placed(all), ElementsAre(std::pair(0, 0)));
  EXPECT_EQ(all[1].label(), "warehouse");
}

TEST_F(lanes, that_are_new_begin_behind_the_last_event) {
  auto from = http(1, 1, config::ordering::strict);
  ASSERT_TRUE(make(from));
  event(0);
  const auto last = event(0);
  const auto wider = http(1, 3);
  const auto all = make(wider).value();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].lane->cursor, 0u) << "its events wait";
  EXPECT_EQ(all[2].lane->cursor, last);
  EXPECT_EQ(all[3].lane->scan_behind, last);
}

TEST_F(lanes, that_the_configuration_has_no_more_stay_until_they_are_empty) {
  const auto wide = http(4, 2);
  ASSERT_TRUE(make(wide));
  const auto waits = event(7);
  const auto offered = event(5);
  offer(5, offered);
  deliver(2, event(2));
  const auto narrow = http(3, 1);
  {
    const auto all = make(narrow).value();
    EXPECT_THAT(placed(all), ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 2), std::pair(5, 2),
                                         std::pair(7, 1)));
    EXPECT_EQ(all[5].lane->cursor + 1, waits);
    EXPECT_EQ(all[4].lane->open_offer->last, offered);
    EXPECT_TRUE(all[4].lane->offer_durable);
    EXPECT_EQ(all[4].lane->endpoint, all[3].lane->endpoint) << "its limit is that of its endpoint";
  }
  deliver(7, waits);
  EXPECT_THAT(placed(make(narrow).value()),
              ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 2), std::pair(5, 2)));
}

TEST_F(lanes, hold_the_limit_of_an_endpoint_that_may_have_an_attempt_on_its_way) {
  const auto from = http(2, 2);
  ASSERT_TRUE(make(from));
  offer(3, event(3));
  const auto all = make(from).value();
  const auto later = std::chrono::steady_clock::now().time_since_epoch() + 1500ms;
  for (const auto& l : all) {
    if (l.of == nullptr) continue;
    const auto said = l.lane->endpoint->ask(l.lane->number, 1, [] {});
    ASSERT_TRUE(said.not_before);
    EXPECT_EQ(*said.not_before > later, l.endpoint == 1) << l.label();
    l.lane->endpoint->abandon(l.lane->number);
  }
}

TEST_F(lanes, hold_the_limit_of_a_stream_that_may_have_a_burst_on_its_way) {
  const auto from = nats(100);
  ASSERT_TRUE(make(from));
  const auto held = [&](bool clean) {
    const auto all = make(from, clean).value();
    const auto later = std::chrono::steady_clock::now().time_since_epoch() + 1500ms;
    return *all[1].lane->endpoint->ask(0, 1, [] {}).not_before > later;
  };
  EXPECT_FALSE(held(true));
  EXPECT_TRUE(held(false)) << "after a crash nobody knows";
  const auto at = event(0);
  EXPECT_TRUE(held(true)) << "the stop may have left a burst that hung";
  deliver(0, at);
  EXPECT_FALSE(held(true)) << "with nothing waiting there was none";
}

TEST_F(lanes, of_a_stream_have_a_circuit_also_without_a_limit) {
  const auto from = nats(std::nullopt);
  const auto all = make(from, false).value();
  deliver::endpoint& endpoint = *all[1].lane->endpoint;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(endpoint.circuit_open());
    const auto said = endpoint.ask(0, 1000, [] {});
    ASSERT_TRUE(said.granted);
    endpoint.ended(*said.granted, deliver::end_kind::not_sent, deliver::endpoint::failure{});
  }
  EXPECT_TRUE(endpoint.circuit_open());
}

TEST_F(lanes, of_a_file_are_one) {
  const auto from = http(1, 2);
  ASSERT_TRUE(make(from));
  const auto waits = event(1);
  auto file = from;
  file.destinations[0] = {.name = "warehouse", .kind = config::destination_kind::file, .path = "/out"};
  const auto refused = make(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid_config);
  deliver(1, waits);
  EXPECT_THAT(placed(make(file).value()), ElementsAre(std::pair(0, 0)));
}

TEST_F(lanes, of_a_destination_that_is_gone_are_kept_until_they_are_empty_and_then_forgotten) {
  const auto wide = http(1, 3);
  ASSERT_TRUE(make(wide));
  const auto waits = event(2);
  const config::config none;
  {
    const auto all = make(none).value();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].lane->number, 2u);
    EXPECT_EQ(all[1].of, nullptr);
    EXPECT_TRUE(all[1].lane->paused) << "nothing is delivered";
    EXPECT_EQ(all[1].label(), "warehouse lane 2");
  }
  EXPECT_EQ(make(wide).value().size(), 4u) << "it came back and goes on with its backlog";
  EXPECT_FALSE(log.state.find(destination_id{1})->removed);
  deliver(2, waits);
  EXPECT_EQ(make(none).value().size(), 1u);
  EXPECT_EQ(log.state.find("warehouse"), nullptr) << "with nothing left it is removed";
  const auto groups = log.state.next_group();
  ASSERT_TRUE(make(none));
  EXPECT_EQ(log.state.next_group(), groups) << "and that is written once";
  ASSERT_TRUE(make(wide));
  EXPECT_EQ(log.state.find("warehouse")->id, 2u);
}

}  // namespace
}  // namespace sluice::node
