// Goal: whatever dies and whenever, each request is answered exactly once and credit comes back. Method: the
// real stages under the real supervisor, a fake checkpoint behind them, and a scheduler that the test drives.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/pipeline_fixture.hpp"

namespace sluice::testing {
namespace {

constexpr const char* mortal[] = {"ingest", "decode", "route"};

/// More requests than all windows together, one at a time, so that each takes a credit of every link.
void expect_sound(pipeline_fixture& p) {
  p.script.holds = false;
  p.let_go();
  p.run();
  for (int i = 0; i < 64; ++i) {
    const auto request = p.submit();
    p.run();
    ASSERT_EQ(p.answers.verdict(request), "ok") << "the pipeline stands still after " << i << " requests";
  }
  for (const auto& [stage, queue] : p.queues.all()) EXPECT_EQ(queue->waiting(), 0) << stage;
}

TEST(pipeline, answers_good_and_bad_requests_side_by_side) {
  pipeline_fixture p;
  const auto good = p.submit(), bad = p.submit("no JSON"), none = p.submit("{}"),
             empty = p.submit(R"({"events":[]})");
  p.run();
  EXPECT_EQ(p.answers.verdict(good), "ok");
  EXPECT_EQ(p.answers.verdict(bad), "not_json");
  EXPECT_EQ(p.answers.verdict(none), "not_a_batch");
  EXPECT_EQ(p.answers.verdict(empty), "ok");
  expect_sound(p);
}

TEST(pipeline, holds_back_what_the_checkpoint_has_no_room_for) {
  pipeline_fixture p;
  p.script.holds = true;
  for (int i = 0; i < 200; ++i) {
    p.submit();
    p.run();
  }
  EXPECT_EQ(p.script.groups, p.routers * checkpoint_script::window) << "only against credit";
  EXPECT_EQ(p.answers.count("none"), 200u);
  EXPECT_GT(p.queues.ingest.waiting(), 0) << "what has no credit waits where it came in";
  p.script.holds = false;
  p.let_go();
  p.run();
  EXPECT_EQ(p.answers.count("ok"), 200u);
  expect_sound(p);
}

TEST(pipeline, answers_what_a_dead_stage_held_once) {
  for (const char* const stage : mortal) {
    SCOPED_TRACE(stage);
    pipeline_fixture p;
    p.script.holds = true;
    for (int i = 0; i < 100; ++i) {
      p.submit();
      p.run();
    }
    p.kill_newest(stage);
    p.run();
    EXPECT_EQ(p.times_made(stage), stage == std::string("ingest") ? 2u : 3u) << "made again";
    EXPECT_GT(p.answers.count("stage_died"), 0u);
    EXPECT_EQ(p.answers.count("twice"), 0u);
    p.script.holds = false;
    p.let_go();
    p.run();
    EXPECT_EQ(p.answers.count("ok") + p.answers.count("stage_died"), 100u);
    expect_sound(p);
  }
}

TEST(pipeline, survives_any_deaths_at_any_moment) {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    std::mt19937 random(seed);
    pipeline_fixture p;
    for (int step = 0; step < 3000; ++step) {
      const auto dice = random() % 100;
      if (dice < 45) {
        p.submit(random() % 8 == 0 ? "no JSON" : R"({"events":[{"id":"1","source":"s"}]})");
      } else if (dice < 85) {
        p.run_some(random() % 12);
      } else if (dice < 90) {
        p.script.holds = random() % 2 == 0;
        p.let_go();
      } else if (dice < 97) {
        const auto& of = p.all(mortal[random() % 3]);
        p.kill(of[of.size() - 1 - random() % std::min<std::size_t>(of.size(), 2)]);
      } else {
        p.run();
      }
    }
    p.script.holds = false;
    p.let_go();
    p.run();
    EXPECT_EQ(p.answers.count("none"), 0u);
    EXPECT_EQ(p.answers.count("twice"), 0u);
    EXPECT_GT(p.answers.count("ok"), 0u);
    EXPECT_GT(p.answers.count("stage_died"), 0u);
    EXPECT_TRUE(p.fatal.empty());
    expect_sound(p);
  }
}

}  // namespace
}  // namespace sluice::testing
