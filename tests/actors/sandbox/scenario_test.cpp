// Goal: a scenario is understood or refused by the place that is wrong, and is played in its order and at its
// times. Method: tables of texts; a player on a stage of the test, in virtual time.
#include "actors/sandbox/scenario.hpp"

#include <gtest/gtest.h>

#include "actors/sandbox/scenario_player.hpp"

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;

scenario of_steps(std::string_view steps) {
  auto made = parse_scenario("{\"steps\":" + std::string(steps) + "}", 2);
  EXPECT_TRUE(made) << steps << ": " << (made ? "" : to_string(made.error()));
  return made.value_or(scenario{});
}

TEST(scenario, is_read_whole) {
  const auto made = parse_scenario(R"({"about": "x", "steps": [
      {"wait": {"subscriptions": 1, "within_s": 5}}, {"sleep_ms": 20},
      {"send": {"rate": 100, "burst": {"factor": 3, "every_s": 10}}}, {"pause": true},
      {"fault": {"path": "/api", "status": 500}}, {"drop_subscription": "*"},
      {"receiver": {"number": 2, "fail": 0.5, "retry_after": 3, "hang": 0.1, "condemn": 0.25, "delay_ms": 7}},
      {"receiver": {"number": 1, "status": 500}}, {"wait": {"drained": true}}],
    "expect": {"lost": 0, "acknowledged_min": 7, "receivers": [
      {"number": 2, "gets": {"source_prefix": "a:", "region": "r", "priority": "p"}, "doubled": 1}]}})",
                                   2);
  ASSERT_TRUE(made) << to_string(made.error());
  ASSERT_EQ(made->steps.size(), 9U);
  const auto& wait = std::get<wait_step>(made->steps[0]);
  EXPECT_EQ(wait.what, wait_step::goal::subscriptions);
  EXPECT_EQ(wait.count, 1U);
  EXPECT_EQ(wait.patience, 5s);
  EXPECT_EQ(std::get<sleep_step>(made->steps[1]).time, 20ms);
  const auto& send = std::get<steering>(made->steps[2]);
  EXPECT_EQ(send.paused, false) << "to send is not to be paused";
  EXPECT_EQ(send.rate, 100);
  EXPECT_EQ(send.burst_every, 10s);
  EXPECT_EQ(std::get<steering>(made->steps[3]).paused, true);
  EXPECT_EQ(std::get<fault>(made->steps[4]).status, 500);
  EXPECT_EQ(std::get<drop_step>(made->steps[5]).name, "");
  const auto& sick = std::get<receiver_step>(made->steps[6]);
  EXPECT_EQ(sick.number, 2U);
  EXPECT_EQ(sick.manner, (receiver_manner{0.5, 503, 0.1, 7ms, 0.25, 3}));
  EXPECT_EQ(std::get<receiver_step>(made->steps[7]).manner, (receiver_manner{1, 500, 0, 0ms}))
      << "a status alone is the answer to every request";
  EXPECT_TRUE(made->starts_paused);
  EXPECT_EQ(made->lost, 0U);
  EXPECT_EQ(made->acknowledged_min, 7U);
  ASSERT_EQ(made->receivers.size(), 1U);
  EXPECT_EQ(made->receivers[0].number, 2U);
  EXPECT_EQ(made->receivers[0].gets.source_prefix, "a:");
  EXPECT_EQ(made->receivers[0].missing, 0U);
  EXPECT_EQ(made->receivers[0].doubled, 1U);
  EXPECT_EQ(made->receivers[0].inversions, std::nullopt);
}

TEST(scenario, is_refused_by_the_place_that_is_wrong) {
  struct row {
    std::string_view text, place;
  };
  const row rows[] = {
      {"", ""},
      {"[]", "body"},
      {"{}", "steps"},
      {R"({"steps":[]})", "steps"},
      {R"({"steps":[1]})", "steps[0].body"},
      {R"({"steps":[{}]})", "steps[0].step"},
      {R"({"steps":[{"sleep_ms":1},{"jump":1}]})", "steps[1].jump"},
      {R"({"steps":[{"sleep_ms":1,"pause":true}]})", "steps[0].step"},
      {R"({"steps":[{"sleep_ms":0}]})", "steps[0].sleep_ms"},
      {R"({"steps":[{"pause":1}]})", "steps[0].pause"},
      {R"({"steps":[{"wait":{}}]})", "steps[0].wait.goal"},
      {R"({"steps":[{"wait":{"settled":true,"quiet":true}}]})", "steps[0].wait.goal"},
      {R"({"steps":[{"wait":{"settled":false}}]})", "steps[0].wait.settled"},
      {R"({"steps":[{"wait":{"acknowledged":0}}]})", "steps[0].wait.acknowledged"},
      {R"({"steps":[{"wait":{"quiet":true,"within_s":0}}]})", "steps[0].wait.within_s"},
      {R"({"steps":[{"send":{}}]})", "steps[0].send.body"},
      {R"({"steps":[{"send":{"rate":-1}}]})", "steps[0].send.rate"},
      {R"({"steps":[{"send":{"burst":{"factor":0}}}]})", "steps[0].send.factor"},
      {R"({"steps":[{"fault":{"path":"/","status":1}}]})", "steps[0].fault.status"},
      {R"({"steps":[{"drop_subscription":""}]})", "steps[0].drop_subscription"},
      {R"({"steps":[{"receiver":{"fail":1}}]})", "steps[0].receiver.number"},
      {R"({"steps":[{"receiver":{"number":3}}]})", "steps[0].receiver.number"},
      {R"({"steps":[{"receiver":{"number":1,"fail":2}}]})", "steps[0].receiver.fail"},
      {R"({"steps":[{"receiver":{"number":1,"status":200}}]})", "steps[0].receiver.status"},
      {R"({"steps":[{"sleep_ms":1}],"expect":{"won":1}})", "expect.won"},
      {R"({"steps":[{"sleep_ms":1}],"expect":{"lost":-1}})", "expect.lost"},
      {R"({"steps":[{"sleep_ms":1}],"expect":{"receivers":[{}]}})", "expect.receivers[0].number"},
      {R"({"steps":[{"sleep_ms":1}],"expect":{"receivers":[{"number":1,"gets":{"x":""}}]}})",
       "expect.receivers[0].gets.x"},
      {R"({"steps":[{"sleep_ms":1}],"expect":{"receivers":[{"number":1,"missing":1.5}]}})",
       "expect.receivers[0].missing"},
  };
  for (const row& r : rows) {
    const auto parsed = parse_scenario(r.text, 2);
    ASSERT_FALSE(parsed) << r.text;
    EXPECT_EQ(parsed.error().place, r.place) << r.text;
    EXPECT_FALSE(parsed.error().detail.empty()) << r.text;
  }
}

/// Notes what is done to it, and is whatever the test says.
class noted_stage final : public stage {
 public:
  void steer(const steering& how) override {
    done.push_back("steer " + std::to_string(static_cast<int>(how.rate.value_or(-1))));
  }
  bool add_fault(const fault& what) override {
    done.push_back("fault " + what.path);
    return room_for_faults;
  }
  std::size_t drop_subscriptions(const std::string& name) override {
    done.push_back("drop " + name);
    return subscriptions;
  }
  void behave(std::size_t receiver, const receiver_manner&) override {
    done.push_back("receiver " + std::to_string(receiver));
  }
  std::uint64_t active_subscriptions() override { return subscriptions; }
  std::uint64_t acknowledged() override { return acknowledged_events; }
  bool all_sent() override { return sent; }
  bool settled() override { return settles; }
  bool drained() override { return drains; }
  std::uint64_t requests_received() override { return requests; }

  std::vector<std::string> done;
  std::uint64_t subscriptions = 0, acknowledged_events = 0, requests = 0;
  bool sent = false, settles = false, drains = false, room_for_faults = true;
};

using words = std::vector<std::string>;

TEST(scenario_player, does_one_step_after_the_other) {
  noted_stage on;
  scenario_player player(of_steps(R"([{"wait":{"subscriptions":1}},{"send":{"rate":5}},{"sleep_ms":100},
    {"fault":{"path":"/a","status":500}},{"drop_subscription":"n"},{"receiver":{"number":2}},{"wait":{"acknowledged":9}}])"),
                         on);
  EXPECT_TRUE(player.play(0s));
  EXPECT_EQ(on.done, words{});
  on.subscriptions = 1;
  EXPECT_TRUE(player.play(1s));
  EXPECT_EQ(on.done, words{"steer 5"});
  EXPECT_TRUE(player.play(1s + 99ms));
  EXPECT_EQ(on.done.size(), 1U);
  EXPECT_TRUE(player.play(1s + 100ms));
  EXPECT_EQ(on.done, (words{"steer 5", "fault /a", "drop n", "receiver 2"}));
  on.acknowledged_events = 9;
  EXPECT_FALSE(player.play(2s));
  EXPECT_FALSE(player.play(3s));
  EXPECT_EQ(player.complaints(), words{});
}

TEST(scenario_player, gives_up_a_wait_and_goes_on) {
  noted_stage on;
  scenario_player player(of_steps(R"([{"wait":{"acknowledged":9,"within_s":2}},{"send":{"rate":1}}])"), on);
  EXPECT_TRUE(player.play(10s));
  EXPECT_TRUE(player.play(12s - 1ns));
  EXPECT_FALSE(player.play(12s));
  EXPECT_EQ(on.done, words{"steer 1"});
  EXPECT_EQ(player.complaints(), words{"steps[0]: waited 2 s in vain for acknowledged 9"});
}

TEST(scenario_player, waits_for_each_kind_of_goal) {
  struct row {
    std::string_view goal;
    bool noted_stage::*by;
  };
  const row rows[] = {
      {"sent", &noted_stage::sent}, {"settled", &noted_stage::settles}, {"drained", &noted_stage::drains}};
  for (const row& r : rows) {
    noted_stage on;
    scenario_player player(of_steps("[{\"wait\":{\"" + std::string(r.goal) + "\":true}}]"), on);
    EXPECT_TRUE(player.play(0s)) << r.goal;
    on.*r.by = true;
    EXPECT_FALSE(player.play(1s)) << r.goal;
  }
}

TEST(scenario_player, knows_quiet_receivers) {
  noted_stage on;
  scenario_player player(of_steps(R"([{"wait":{"quiet":true}}])"), on);
  EXPECT_TRUE(player.play(0s));
  on.requests = 1;
  EXPECT_TRUE(player.play(1900ms));
  EXPECT_TRUE(player.play(3800ms));
  EXPECT_FALSE(player.play(3900ms));
}

TEST(scenario_player, complains_of_what_had_no_effect) {
  noted_stage on;
  on.room_for_faults = false;
  scenario_player player(of_steps(R"([{"drop_subscription":"*"},{"fault":{"path":"/","status":500}}])"), on);
  EXPECT_FALSE(player.play(0s));
  EXPECT_EQ(player.complaints(),
            (words{"steps[0]: there is no subscription to drop", "steps[1]: too many faults wait"}));
}

TEST(scenario_player, plays_what_options_stand_for) {
  noted_stage on;
  scenario_player timed(for_a_time(10s), on);
  EXPECT_TRUE(timed.play(0s));
  EXPECT_TRUE(timed.play(9s));
  EXPECT_EQ(on.done, words{});
  EXPECT_TRUE(timed.play(10s));
  EXPECT_EQ(on.done, words{"steer 0"});
  on.settles = true;
  EXPECT_TRUE(timed.play(11s));
  EXPECT_FALSE(timed.play(13s));

  scenario_player counted(for_all_events(), on);
  EXPECT_TRUE(counted.play(0s));
  on.sent = true;
  EXPECT_TRUE(counted.play(100h));
  EXPECT_FALSE(counted.play(100h + 2s));
  EXPECT_FALSE(for_all_events().starts_paused);
  EXPECT_FALSE(for_a_time(1s).starts_paused);
}

}  // namespace
}  // namespace sluice::sandbox
