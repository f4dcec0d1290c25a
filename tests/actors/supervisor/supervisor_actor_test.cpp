// Goal: the supervisor makes again exactly what died, and ends the stages in the right order. Method: the
// pipeline with a fake checkpoint, readers and telemetry; stages are killed one by one.
#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <string>

#include "tests/support/pipeline_fixture.hpp"

namespace sluice::testing {
namespace {

std::map<std::string, std::size_t> counts(pipeline_fixture& p) {
  std::map<std::string, std::size_t> made;
  for (const auto& [stage, all] : p.alive) made[stage] = all.size();
  return made;
}

TEST(supervisor, makes_every_stage_as_often_as_it_is_told) {
  pipeline_fixture p;
  const std::map<std::string, std::size_t> expected{{"audit", 1},        {"checkpoint", 1}, {"decode", 2},
                                                    {"deliver", 2},      {"ingest", 1},     {"route", 2},
                                                    {"subscription", 1}, {"telemetry", 1}};
  EXPECT_EQ(counts(p), expected);
  EXPECT_EQ(p.script.opened.size(), p.routers);
  EXPECT_EQ(p.telemetries, 1);
  EXPECT_TRUE(p.restarted.empty());
}

TEST(supervisor, makes_again_exactly_what_died) {
  for (const char* const stage :
       {"ingest", "decode", "route", "deliver", "audit", "telemetry", "subscription"}) {
    SCOPED_TRACE(stage);
    pipeline_fixture p;
    auto expected = counts(p);
    ++expected[stage];
    p.kill_newest(stage);
    p.run();
    EXPECT_EQ(counts(p), expected);
    const bool lane = std::string_view(stage) == "deliver";
    EXPECT_EQ(p.restarted, std::vector<std::string>{lane ? "deliver lane 1" : stage});
    EXPECT_EQ(p.restarts.get(), (std::vector<std::pair<std::string, std::uint64_t>>{{stage, 1}}));
    EXPECT_TRUE(p.fatal.empty());
    const auto request = p.submit();
    p.run();
    EXPECT_EQ(p.answers.verdict(request), "ok") << "its neighbours are linked to the new one";
  }
}

TEST(supervisor, gives_no_link_the_number_of_an_earlier_one) {
  pipeline_fixture p;
  for (int i = 0; i < 5; ++i) {
    p.kill_newest("route");
    p.run();
  }
  const std::set<epoch> different(p.script.opened.begin(), p.script.opened.end());
  EXPECT_EQ(different.size(), p.script.opened.size());
}

TEST(supervisor, tells_those_who_use_a_handle_that_there_is_a_new_one) {
  pipeline_fixture p;
  const auto before = p.ingest;
  p.kill_newest("ingest");
  p.kill_newest("telemetry");
  p.kill_newest("deliver");
  p.run();
  EXPECT_NE(p.ingest, before);
  EXPECT_EQ(p.telemetries, 2);
  EXPECT_EQ(std::count(p.script.told.begin(), p.script.told.end(), "telemetry"), 2);
  EXPECT_EQ(std::count(p.script.told.begin(), p.script.told.end(), "deliver"), 3);
}

TEST(supervisor, does_not_mend_a_dead_checkpoint_but_says_so_once) {
  pipeline_fixture p;
  p.kill_newest("checkpoint");
  p.run();
  EXPECT_EQ(p.times_made("checkpoint"), 1u);
  ASSERT_EQ(p.fatal.size(), 1u);
  EXPECT_NE(p.fatal[0].find("checkpoint"), std::string::npos) << p.fatal[0];
}

TEST(supervisor, waits_at_a_stop_for_nobody_who_is_dead_for_good) {
  pipeline_fixture p;
  p.kill_newest("checkpoint");
  p.run();
  p.kill_newest("audit");
  p.run();
  EXPECT_TRUE(p.restarted.empty()) << "nothing is made again around a checkpoint that takes nothing";
  caf::anon_send(p.supervisor, drain_a{});
  p.run();
  p.alive.clear();
  p.supervisor = supervisor_actor{};
  p.ingest = ingest_actor{};
  EXPECT_EQ(p.system.registry().running(), 0u);
}

TEST(supervisor, gives_up_once_when_stages_die_too_often) {
  pipeline_fixture p(supervisor::restart_budget(3, std::chrono::seconds(60)));
  for (int i = 0; i < 6; ++i) {
    p.kill_newest("decode");
    p.run();
  }
  EXPECT_EQ(p.restarted.size(), 3u);
  EXPECT_EQ(p.fatal.size(), 1u);
}

TEST(supervisor, ends_deliveries_and_subscription_then_the_audit_then_the_checkpoint_then_the_rest) {
  pipeline_fixture p;
  caf::anon_send(p.supervisor, drain_a{});
  p.run();
  EXPECT_EQ(p.script.told.back(), "drain") << "the checkpoint was drained, and not only ended";
  ASSERT_EQ(p.ended.size(), 11u);
  EXPECT_EQ(std::set(p.ended.begin(), p.ended.begin() + 3),
            (std::set<std::string>{"deliver", "subscription"}));
  EXPECT_EQ(std::vector(p.ended.begin() + 3, p.ended.begin() + 5),
            (std::vector<std::string>{"audit", "checkpoint"}))
      << "the log keeps what all of them told it last";
  EXPECT_TRUE(p.restarted.empty()) << "what ends at the stop is not made again";
  p.alive.clear();
  p.supervisor = supervisor_actor{};
  p.ingest = ingest_actor{};
  EXPECT_EQ(p.system.registry().running(), 0u) << "nothing outlives the stop";
}

}  // namespace
}  // namespace sluice::testing
