// Goal: the actor does what the keeper says: sends to the right host, waits by the system's clock, shows how
// it stands after every step, and lets go of everything when it ends. Method: a driven scheduler, senders
// that keep what they are given until the test answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "actors/subscription/actor.hpp"
#include "tests/actors/subscription/model_cloud.hpp"
#include "tests/support/actor_fixture.hpp"

namespace sluice::subscription::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct asked {
  host at;
  net::http::outgoing what;
  std::function<void(net::http::attempt)> done;
};

class subscription_actor_test : public ::testing::Test, protected sluice::testing::actor_fixture {
 protected:
  subscription_actor_test() { spawn(); }
  void spawn() {
    actor_options options;
    options.what = known_settings();
    options.login = keeping(host::login);
    options.api = keeping(host::api);
    options.noted_id = shown.get().id;
    options.board = &shown;
    options.note = [this, held = alive](const std::string& id) { notes.push_back(id); };
    options.incident = [this](const std::string& line) { incidents.push_back(line); };
    options.random = [] { return 0.5; };
    options.wall_ms = [] { return std::int64_t{1'768'000'000'000}; };
    stage = spawn_subscription(system, std::move(options));
    run();
  }
  ~subscription_actor_test() override {
    if (stage) kill(stage);
    stage = subscription_actor{};
    requests.clear();
    run();
  }

  sender keeping(host at) {
    return [this, at](net::http::outgoing what, std::function<void(net::http::attempt)> done) {
      requests.push_back({at, std::move(what), std::move(done)});
    };
  }
  /// Lets the cloud answer the oldest request.
  void answer_one() {
    ASSERT_FALSE(requests.empty());
    asked one = std::move(requests.front());
    requests.erase(requests.begin());
    one.done(cloud.take(one.at, one.what));
    run();
  }

  model_cloud cloud;
  subscription::board shown;
  std::shared_ptr<int> alive = std::make_shared<int>();
  std::vector<std::string> notes, incidents;
  std::vector<asked> requests;
  subscription_actor stage;
};

TEST_F(subscription_actor_test, makes_the_subscription_one_request_at_a_time) {
  EXPECT_EQ(shown.get().now, standing::unknown);
  while (shown.get().checks == 0) {
    ASSERT_EQ(requests.size(), 1u);
    answer_one();
  }
  EXPECT_THAT(cloud.log, ElementsAre("POST /oauth/token",
                                     "GET /api/v2/eventbridge/subscriptions?pageSize=25&pageNumber=1",
                                     "POST /api/v2/eventbridge/subscriptions"));
  EXPECT_EQ(shown.get().now, standing::active);
  EXPECT_EQ(shown.get().id, "id-1");
  EXPECT_EQ(shown.get().last_check_ms, 1'768'000'000'000);
  EXPECT_THAT(notes, ElementsAre("id-1"));
  EXPECT_TRUE(requests.empty());
}

TEST_F(subscription_actor_test, looks_again_when_the_interval_has_passed) {
  while (shown.get().checks == 0) answer_one();
  advance(59s);
  EXPECT_TRUE(requests.empty());
  advance(1s);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests.front().what.target, "/api/v2/eventbridge/subscriptions/id-1");
  while (shown.get().checks == 1) answer_one();
  EXPECT_EQ(shown.get().now, standing::active);
}

TEST_F(subscription_actor_test, tells_incidents_and_their_end) {
  while (shown.get().checks == 0) answer_one();
  cloud.next(host::api, "", answered(403, R"({"message":"no"})"));
  advance(60s);
  answer_one();
  EXPECT_EQ(shown.get().now, standing::failing);
  ASSERT_EQ(incidents.size(), 1u);
  advance(60s);
  while (shown.get().checks == 2) answer_one();
  EXPECT_EQ(shown.get().now, standing::active);
  EXPECT_EQ(incidents.back(), "");
}

TEST_F(subscription_actor_test, goes_on_where_one_that_died_was) {
  while (shown.get().checks < 1) answer_one();
  kill(stage);
  run();
  spawn();
  EXPECT_EQ(shown.get().id, "id-1");
  EXPECT_EQ(shown.get().last_check_ms, 1'768'000'000'000);
  while (shown.get().checks < 2) answer_one();
  EXPECT_EQ(shown.get().now, standing::active);
  EXPECT_EQ(shown.get().token_requests, 2u) << "a token is held in memory only";
  EXPECT_THAT(notes, ElementsAre("id-1")) << "it is the same";
  EXPECT_EQ(cloud.log.back(), "GET /api/v2/eventbridge/subscriptions/id-1");
}

TEST_F(subscription_actor_test, passes_over_an_answer_that_nobody_waits_for) {
  const auto again = requests.front().done;
  answer_one();
  while (shown.get().checks == 0) {
    again(net::http::reply{500, {}, {}, {}});
    run();
    ASSERT_EQ(requests.size(), 1u);
    answer_one();
  }
  again(net::http::reply{500, {}, {}, {}});
  run();
  EXPECT_EQ(shown.get().now, standing::active);
  EXPECT_EQ(cloud.log.size(), 3u);
}

TEST_F(subscription_actor_test, lets_go_of_everything_although_a_request_hangs) {
  EXPECT_GT(alive.use_count(), 1);
  caf::anon_send_exit(stage, caf::exit_reason::user_shutdown);
  run();
  EXPECT_EQ(alive.use_count(), 1);
  // The answer comes to nobody.
  answer_one();
}

}  // namespace
}  // namespace sluice::subscription::testing
