// Goal: the numbers of the contract, under their names, and nothing that promtool would find fault with.
// Method: the stage under a driven scheduler, fed by hand.
#include "actors/telemetry/actor.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "tests/support/actor_fixture.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

/// Sends samples, and counts what it is granted.
class sampler : public checkpoint_actor::base {
 public:
  sampler(caf::actor_config& config, int& granted) : checkpoint_actor::base(config), granted_(granted) {}
  behavior_type make_behavior() override {
    return {
        [](open_a, epoch, const producer_actor&) {},
        [](push_a, epoch, batch_group_ptr&) {},
        [](durable_a, const commit_result_ptr&) {},
        [](room_a) {},
        [](offer_a, const checkpoint::offer_head&, const deliver_actor&) {},
        [](settle_a, const checkpoint::outcome_ptr&, const deliver_actor&) {},
        [](attach_a, const target&, const deliver_actor&) {},
        [](relieve_a) {},
        [](audited_a, group_number, position, std::uint64_t) {},
        [](note_a, const std::string&) {},
        [](order_a, const checkpoint::order_ptr&) {},
        [this](attach_a, const telemetry_actor& to) { to_ = to; },
        [this](grant_a, epoch, std::uint32_t) { ++granted_; },
        [this](tick_a) {
          auto sample = std::make_shared<commit_sample>();
          sample->counts.groups = 1;
          sample->counts.batches = 2;
          sample->counts.accepted = 10;
          sample->counts.dropped = 3;
          sample->counts.duplicates = 4;
          sample->counts.quarantined = 1;
          sample->counts.lag_max_s = 2.5;
          sample->commit_seconds = {0.001};
          send(to_, sample_a{}, sample);
        },
        [](drain_a) {},
    };
  }
  void on_exit() override { to_ = telemetry_actor{}; }

 private:
  int& granted_;
  telemetry_actor to_;
};

class telemetry_stage : public actor_fixture, public ::testing::Test {
 protected:
  explicit telemetry_stage(bool subscribed = false) {
    for (auto& lane : lanes) lane = std::make_shared<deliver::lane>();
    for (auto& lane : lanes) lane->name = "warehouse";
    lanes[0]->gauges.delivered = 7;
    deliver::endpoint_options fails_once;
    fails_once.circuit = deliver::circuit_options{.opens_after = 1, .retry = {}};
    fails_once.random = [] { return 0.5; };
    lanes[0]->endpoint = lanes[1]->endpoint = std::make_shared<deliver::endpoint>(std::move(fails_once));
    telemetry::sources from;
    from.checkpoint = &board;
    from.sockets = &edge;
    from.queues = &queues;
    from.lanes = lanes;
    from.in_flight_bytes = [] { return std::size_t{4096}; };
    from.restarts = [this] { return restarts; };
    from.dead_letters = [] { return std::vector<std::pair<std::string, std::uint64_t>>{{"warehouse", 2}}; };
    if (subscribed) from.subscription = &subscription;
    from.version = "1.2.3";
    telemetry = telemetry::spawn_telemetry(system, std::move(from));
    checkpoint = system.spawn<sampler>(granted);
    caf::anon_send(checkpoint, attach_a{}, telemetry);
    run();
  }
  ~telemetry_stage() override {
    kill(checkpoint);
    kill(telemetry);
    checkpoint = checkpoint_actor{};
    telemetry = telemetry_actor{};
    run();
  }
  void sample() {
    caf::anon_send(checkpoint, tick_a{});
    run();
  }
  std::string scrape() {
    std::string text;
    caf::anon_send(
        telemetry, scrape_a{},
        std::make_shared<scrape_request>(scrape_request{[&](std::string all) { text = std::move(all); }}));
    run();
    return text;
  }

  std::vector<std::shared_ptr<deliver::lane>> lanes{2};
  checkpoint::board board;
  sluice::subscription::board subscription;
  telemetry::edge edge;
  stage_queues queues;
  std::vector<std::pair<std::string, std::uint64_t>> restarts;
  int granted = 0;
  telemetry_actor telemetry;
  checkpoint_actor checkpoint;
};

TEST_F(telemetry_stage, adds_samples_up_and_grants_the_next) {
  sample();
  sample();
  EXPECT_EQ(granted, 2);
  const auto text = scrape();
  EXPECT_EQ(metric_value(text, "eventbridge_events_processed_total"), 20);
  EXPECT_EQ(metric_value(text, "eventbridge_events_dropped_total"), 6);
  EXPECT_EQ(metric_value(text, "eventbridge_message_lag_seconds"), 2.5);
  EXPECT_EQ(metric_value(text, "sluice_events_received_total"), 30) << "accepted, duplicates and quarantined";
  EXPECT_EQ(metric_value(text, "sluice_commit_batches_sum"), 4);
}

TEST_F(telemetry_stage, has_a_destinations_lanes_as_one) {
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  lanes[1]->gauges.delivered = 5;
  lanes[1]->gauges.took(0.02);
  lanes[0]->gauges.took(0.02);
  lanes[0]->gauges.oldest_received_ms = now_ms - 1'000'000;
  lanes[1]->gauges.oldest_received_ms = now_ms - 5'000'000;
  for (int i = 0; i < 2; ++i) {
    const auto text = scrape();
    EXPECT_EQ(metric_value(text, "sluice_delivery_attempts_total",
                           {{"destination", "warehouse"}, {"outcome", "delivered"}}),
              12);
    EXPECT_EQ(metric_value(text, "sluice_delivery_duration_seconds_count", {{"destination", "warehouse"}}),
              2);
    EXPECT_GE(metric_value(text, "sluice_backlog_oldest_seconds", {{"destination", "warehouse"}}), 5000);
  }
}

TEST_F(telemetry_stage, counts_an_endpoint_that_is_given_up_for_now_once_for_all_its_lanes) {
  EXPECT_EQ(metric_value(scrape(), "sluice_circuit_open", {{"destination", "warehouse"}}), 0);
  auto& endpoint = *lanes[1]->endpoint;
  endpoint.ended(*endpoint.ask(1, 1, [] {}).granted, deliver::end_kind::no_answer, deliver::endpoint::failure{});
  EXPECT_EQ(metric_value(scrape(), "sluice_circuit_open", {{"destination", "warehouse"}}), 1);
}

TEST_F(telemetry_stage, has_every_name_of_the_contract) {
  const auto text = scrape();
  for (const char* const name : {"eventbridge_events_processed_total",
                                 "eventbridge_events_dropped_total",
                                 "eventbridge_message_lag_seconds",
                                 "sluice_events_received_total",
                                 "sluice_events_duplicate_total",
                                 "sluice_events_quarantined_total",
                                 "sluice_batches_total",
                                 "sluice_request_duration_seconds",
                                 "sluice_event_lag_seconds",
                                 "sluice_commit_duration_seconds",
                                 "sluice_commit_batches",
                                 "sluice_in_flight_bytes",
                                 "sluice_stage_queue",
                                 "sluice_actor_restarts_total",
                                 "sluice_log_bytes",
                                 "sluice_dedup_ids",
                                 "sluice_dedup_effective_window_seconds",
                                 "sluice_delivered_total",
                                 "sluice_delivery_attempts_total",
                                 "sluice_delivery_duration_seconds",
                                 "sluice_circuit_open",
                                 "sluice_backlog_events",
                                 "sluice_backlog_pinned_bytes",
                                 "sluice_backlog_oldest_seconds",
                                 "sluice_dead_letters",
                                 "sluice_build_info",
                                 "sluice_balance_difference",
                                 "process_cpu_seconds_total",
                                 "process_resident_memory_bytes",
                                 "process_open_fds",
                                 "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# HELP ") + name + " ")) << name;
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + " ")) << name;
  }
}

TEST_F(telemetry_stage, shows_what_waits_in_each_stage_and_what_died) {
  stage_queue::share share(&queues.decode);
  share.set(5);
  restarts = {{"route", 3}};
  const auto text = scrape();
  EXPECT_EQ(metric_value(text, "sluice_stage_queue", {{"stage", "decode"}}), 5);
  EXPECT_EQ(metric_value(text, "sluice_actor_restarts_total", {{"stage", "route"}}), 3);
  EXPECT_EQ(metric_value(text, "sluice_dead_letters", {{"destination", "warehouse"}}), 2);
}

TEST_F(telemetry_stage, has_labels_of_the_configuration_and_of_nothing_else) {
  checkpoint::board_view view;
  for (int i = 0; i < 1000; ++i)
    view.destinations.push_back({.name = "unknown" + std::to_string(i), .totals = {}});
  board.put(view);
  edge.answered(299, 0.1);
  const auto text = scrape();
  EXPECT_EQ(text.find("unknown"), std::string::npos);
  EXPECT_EQ(text.find("code=\"299\""), std::string::npos)
      << "a code that is not in the table counts under `other`";
  EXPECT_EQ(metric_value(text, "sluice_batches_total", {{"code", "other"}}), 1);
}

TEST_F(telemetry_stage, says_nothing_of_a_subscription_that_nobody_asked_for) {
  const auto text = scrape();
  EXPECT_EQ(text.find("subscription"), std::string::npos);
  EXPECT_EQ(text.find("token"), std::string::npos);
}

TEST_F(telemetry_stage, lets_go_of_a_scrape_that_it_cannot_answer_any_more) {
  auto responder = std::make_shared<int>(0);
  kill(telemetry);
  caf::anon_send(telemetry, scrape_a{},
                 std::make_shared<scrape_request>(scrape_request{[responder](std::string) {}}));
  const std::weak_ptr<int> left = responder;
  responder.reset();
  run();
  EXPECT_TRUE(left.expired()) << "whoever waits is told by the destructor of what it gave";
}

class subscribed_telemetry : public telemetry_stage {
 protected:
  subscribed_telemetry() : telemetry_stage(true) {}
};

TEST_F(subscribed_telemetry, shows_how_the_subscription_stands) {
  restarts = {{"subscription", 2}};
  EXPECT_EQ(metric_value(scrape(), "sluice_subscription_active"), 0);
  sluice::subscription::status now;
  now.now = sluice::subscription::standing::active;
  now.last_check_ms = 1'700'000'000'500;
  now.checks = 7;
  now.failed_checks = 3;
  now.repairs = 2;
  now.token_requests = 5;
  subscription.set(now);
  const auto text = scrape();
  EXPECT_EQ(metric_value(text, "sluice_subscription_active"), 1);
  EXPECT_EQ(metric_value(text, "sluice_subscription_checks_total", {{"outcome", "ok"}}), 4);
  EXPECT_EQ(metric_value(text, "sluice_subscription_checks_total", {{"outcome", "failed"}}), 3);
  EXPECT_EQ(metric_value(text, "sluice_subscription_repairs_total"), 2);
  EXPECT_EQ(metric_value(text, "sluice_subscription_last_check_timestamp_seconds"), 1'700'000'000.5);
  EXPECT_EQ(metric_value(text, "sluice_token_requests_total"), 5);
  EXPECT_EQ(metric_value(text, "sluice_actor_restarts_total", {{"stage", "subscription"}}), 2);
}

TEST_F(subscribed_telemetry, pleases_promtool) {
  sample();
  const temp_dir dir;
  write_text(dir.path() / "metrics.txt", scrape());
  const std::string call = "promtool check metrics <" + (dir.path() / "metrics.txt").string() + " 2>&1";
  FILE* const said = ::popen(call.c_str(), "r");
  ASSERT_NE(said, nullptr);
  std::string text;
  for (int c = 0; (c = std::fgetc(said)) != EOF;) text += static_cast<char>(c);
  EXPECT_EQ(WEXITSTATUS(::pclose(said)), 0) << text;
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace sluice::testing
