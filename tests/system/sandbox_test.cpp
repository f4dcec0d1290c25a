// Goal: the emulated organisation tells whether a node did its work: its verdict is good when it was, bad
// when it was not. Method: the program as an operator runs it, with a node between its sender and its
// receivers.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/system/organisation.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

constexpr milliseconds story_patience(240'000);

constexpr std::string_view subscribes = R"(genesys:
  login_url: "{cloud}"
  base_url: "{cloud}"
  client_id: sandbox-client
  client_secret: sandbox-secret
  check_interval: 1s
  subscription: { name: story, endpoint: "http://127.0.0.1:{port}/v1/events", sources: [ "conversation:transcript", "interaction:analytics" ] }
)";

/// A node that subscribes at `{cloud}` and delivers by the two example rules to the receivers `{first}` and
/// `{second}`.
std::string node_between(std::string_view to_conversations, std::string_view to_interactions) {
  std::string text(node_base);
  text += "routes:\n  - { source: \"^conversation:.*\", metadata: { region: us-east-1 }, to: " +
          std::string(to_conversations) +
          " }\n  - { source: \"^interaction:.*\", metadata: { priority: high }, to: " +
          std::string(to_interactions) + " }\n";
  return text + R"(
destinations:
  first: { kind: http, url: "http://127.0.0.1:{first}/hook", retry: { initial: 50ms, max: 300ms }, allow: 127.0.0.0/8 }
  second: { kind: http, url: "http://127.0.0.1:{second}/hook", retry: { initial: 50ms, max: 300ms }, allow: 127.0.0.0/8 }
)" + std::string(subscribes);
}

node make_node(const sandbox& cloud, std::string_view to_conversations, std::string_view to_interactions) {
  return node(node_between(to_conversations, to_interactions),
              {{"cloud", cloud.url()},
               {"first", std::to_string(cloud.receiver(0))},
               {"second", std::to_string(cloud.receiver(1))}});
}

TEST(sandbox_verdict, is_good_for_the_example_story_with_a_node_between) {
  const std::string story = std::string(SLUICE_SAMPLES) + "/../../deploy/config/sandbox-scenario.json";
  sandbox cloud({"--receiver", "0", "--receiver", "0", "--duplicates", "0.05", "--scenario", story});
  node there = make_node(cloud, "first", "second");
  there.start();
  const auto how = cloud.ended(story_patience);
  ASSERT_TRUE(how) << cloud.errors() << there.last_words();
  EXPECT_EQ(*how, exit_status{}) << cloud.output() << there.last_words();
  EXPECT_THAT(cloud.output(), HasSubstr("\npassed\n"));
}

/// Three webhooks, each of which is owed every conversation; the first is signed for.
std::string node_of_three() {
  std::string text(node_base);
  text +=
      "match: all\nroutes:\n  - { source: \"^conversation:.*\", to: [ first, second, third ] "
      "}\ndestinations:\n";
  for (const std::string name : {"first", "second", "third"}) {
    text += "  " + name + ": { kind: http, url: \"http://127.0.0.1:{" + name +
            "}/hook\", timeout: 1s, retry: { initial: 200ms, max: 1s }, allow: 127.0.0.0/8" +
            (name == "first" ? ", sign: sandbox-signing-secret }\n" : " }\n");
  }
  return text + std::string(subscribes);
}

TEST(sandbox_verdict, is_good_for_the_story_of_failures_with_a_node_between) {
  const std::string story = std::string(SLUICE_SAMPLES) + "/../../deploy/config/delivery-scenario.json";
  sandbox cloud({"--receiver", "0,sign=sandbox-signing-secret", "--receiver", "0", "--receiver", "0",
                 "--rate", "400", "--scenario", story});
  node there(node_of_three(), {{"cloud", cloud.url()},
                               {"first", std::to_string(cloud.receiver(0))},
                               {"second", std::to_string(cloud.receiver(1))},
                               {"third", std::to_string(cloud.receiver(2))}});
  there.start();
  const auto how = cloud.ended(story_patience);
  ASSERT_TRUE(how) << cloud.errors() << there.last_words();
  EXPECT_EQ(*how, exit_status{}) << cloud.output() << there.last_words();
  EXPECT_THAT(cloud.output(), HasSubstr("\npassed\n"));
  EXPECT_GT(there.metric("sluice_dead_letters", {{"destination", "first"}}), 0) << "it condemned some";
}

TEST(sandbox_verdict, is_good_though_the_node_is_killed_in_the_middle) {
  sandbox cloud({"--receiver", "0,delay=5ms", "--receiver", "0,fail=0.2", "--rate", "500", "--batch", "10",
                 "--events", "4000"});
  node there = make_node(cloud, "first", "second");
  there.start();
  for (const std::uint64_t acknowledged : {800U, 1600U, 2400U}) {
    ASSERT_TRUE(wait_until([&] { return sent_of(cloud, "acknowledged") >= acknowledged; }, story_patience));
    there.kill9();
    there.start();
  }
  const auto how = cloud.ended(story_patience);
  ASSERT_TRUE(how) << cloud.errors() << there.last_words();
  EXPECT_EQ(*how, exit_status{}) << cloud.output() << there.last_words();
}

TEST(sandbox_verdict, is_bad_when_events_go_where_they_do_not_belong) {
  const temp_dir files;
  const auto story = files.path() / "story.json";
  std::ofstream(story) << R"({
    "steps": [ { "wait": { "subscriptions": 1, "within_s": 60 } }, { "send": { "rate": 500 } },
               { "wait": { "acknowledged": 500, "within_s": 60 } }, { "send": { "rate": 0 } },
               { "wait": { "settled": true } }, { "wait": { "quiet": true } } ],
    "expect": { "lost": 0, "receivers": [
      { "number": 1, "gets": { "source_prefix": "conversation:", "region": "us-east-1" }, "missing": 0, "unexpected": 0 },
      { "number": 2, "gets": { "source_prefix": "interaction:", "priority": "high" }, "missing": 0 } ] } })";
  sandbox cloud({"--receiver", "0", "--receiver", "0", "--scenario", story.string()});
  node there = make_node(cloud, "second", "first");
  there.start();
  const auto how = cloud.ended(story_patience);
  ASSERT_TRUE(how) << cloud.errors() << there.last_words();
  EXPECT_EQ(*how, exit_status{.code = 1}) << cloud.output();
  EXPECT_THAT(cloud.output(), HasSubstr("FAILED: "));
}

}  // namespace
}  // namespace sluice::testing
