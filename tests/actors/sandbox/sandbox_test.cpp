// Goal: the parts work together over sockets: the API answers, the sender sends to what was subscribed, and
// receivers note it. Method: a sandbox in this process whose subscriptions point at its own receivers.
#include "actors/sandbox/sandbox.hpp"

#include <gtest/gtest.h>

#include "tests/actors/sandbox/caller.hpp"
#include "tests/support/deadline.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;
using net::http::method;
using testing::temp_dir;
using testing::wait_until;

constexpr std::chrono::milliseconds patience = 60s;

class sandbox_test : public ::testing::Test {
 protected:
  void open(sandbox_options options = {}) {
    options.port = 0;
    options.clients = {{"id", "secret", {std::string(read_scope), std::string(write_scope)}}};
    auto started = sandbox::start(std::move(options));
    ASSERT_TRUE(started) << to_string(started.error());
    there_ = std::move(*started);
    caller_.emplace(there_->url());
    caller_->log_in();
  }
  static sandbox_options sending(double rate, std::size_t receivers, const receiver_manner& how = {}) {
    sandbox_options options;
    options.speed.rate = rate;
    options.feed.batches.events = 10;
    options.feed.retry = {.initial = 5ms, .max = 20ms};
    options.receivers.assign(receivers, receiver_options{.port = 0, .manner = how});
    return options;
  }
  std::uint16_t receiver_port(std::size_t index) { return there_->receiver_ports().at(index); }
  std::uint64_t unique(std::size_t index) {
    return caller_->state()["receivers"][index]["ledger"]["unique"].get<std::uint64_t>();
  }
  json sent(std::size_t index) { return caller_->state()["sender"][index]; }
  void expect_over() {
    EXPECT_TRUE(wait_until([&] { return there_->over(); }, patience));
  }

  std::unique_ptr<sandbox> there_;
  std::optional<caller> caller_;
};

TEST_F(sandbox_test, leads_a_subscription_through_its_life) {
  open(sending(0, 1));
  const std::string id = caller_->subscribe(subscription_to(receiver_port(0)));
  const std::string item = std::string(subscriptions_path) + "/" + id;
  const auto listed =
      caller_->ask(method::get, std::string(subscriptions_path) + "?pageSize=25&pageNumber=1");
  EXPECT_EQ(json::parse(listed.body)["entities"][0]["id"], id);
  EXPECT_FALSE(listed.field("inin-correlation-id").empty());
  EXPECT_EQ(caller_->ask(method::put, item, subscription_to(receiver_port(0), "m")).status, 200);
  EXPECT_EQ(caller_->ask(method::del, item).status, 204);
  EXPECT_EQ(caller_->ask(method::get, item).status, 404);
  EXPECT_EQ(caller_->ask(method::get, "/elsewhere").status, 404);
}

TEST_F(sandbox_test, breaks_down_between_the_deed_and_the_answer) {
  open(sending(0, 1));
  EXPECT_EQ(caller_->control("faults", {{"method", "POST"}, {"path", "/api"}, {"lose_answer", true}}).status,
            200);
  const auto lost =
      caller_->send(method::post, std::string(subscriptions_path), to_text(subscription_to(receiver_port(0))),
                    {{"Authorization", "Bearer x"}});
  ASSERT_FALSE(lost);
  EXPECT_EQ(to_string(lost.error().why.code), "closed");
  EXPECT_EQ(caller_->control("faults", {{"path", "/api"}, {"delay_ms", 30}, {"status", 500}}).status, 200);
  EXPECT_EQ(caller_->ask(method::get, std::string(subscriptions_path)).status, 500);
}

TEST_F(sandbox_test, refuses_control_that_makes_no_sense) {
  open(sending(0, 0));
  EXPECT_EQ(caller_->control("faults", {{"path", "x"}}).status, 400);
  EXPECT_EQ(caller_->control("sender", {{"speed", 1}}).status, 400);
  EXPECT_EQ(caller_->control("sender", json()).status, 400) << "no body";
  EXPECT_EQ(caller_->control("subscriptions/none/status", {{"status", "inactive"}}).status, 404);
  EXPECT_EQ(caller_->control("subscriptions/none/status", {{"status", "x"}}).status, 400);
  EXPECT_EQ(caller_->control("nothing", json::object()).status, 404);
  EXPECT_EQ(caller_->ask(method::get, "/sandbox/sender").status, 405);
  EXPECT_EQ(caller_->ask(method::del, "/sandbox/faults").status, 200);
}

TEST_F(sandbox_test, sends_everything_once_and_repeats_what_it_was_told_to) {
  auto options = sending(2000, 1);
  options.events = 500;
  options.feed.batches.duplicates = 0.1;
  options.feed.batches.malformed = 0.1;
  options.story = for_all_events();
  options.story->receivers.push_back({.number = 1, .gets = {}, .unexpected = 0, .inversions = 0});
  open(std::move(options));
  caller_->subscribe(subscription_to(receiver_port(0)));
  expect_over();
  const verdict came = there_->sum_up();
  EXPECT_TRUE(came.passed()) << to_text(came);
  EXPECT_EQ(came.feeds.at(0).counts.acknowledged, 500U);
  EXPECT_EQ(came.receivers.at(0).counts.unique, 500U);
  EXPECT_EQ(came.receivers.at(0).counts.doubled, came.feeds.at(0).counts.duplicates);
  EXPECT_GT(came.feeds.at(0).counts.duplicates, 0U);
  EXPECT_EQ(came.receivers.at(0).counts.refused, came.feeds.at(0).counts.malformed_refused);
}

TEST_F(sandbox_test, sends_as_api_destinations_do) {
  auto options = sending(2000, 1);
  options.events = 200;
  options.feed.batches.how = shape::eventbridge;
  options.feed.connections = 8;
  options.receivers[0].shape = accepted_shape::bare;
  options.story = for_all_events();
  open(std::move(options));
  caller_->subscribe(subscription_to(receiver_port(0)));
  expect_over();
  const verdict came = there_->sum_up();
  EXPECT_TRUE(came.passed()) << to_text(came);
  EXPECT_EQ(came.receivers.at(0).counts.unique, 200U);
  EXPECT_EQ(came.receivers.at(0).counts.requests, 200U);
}

constexpr std::string_view two_events = R"([{"id":"1","source":"s"},{"id":"2","source":"s"}])";

TEST_F(sandbox_test, has_receivers_that_take_only_what_their_secret_signed_lately) {
  auto options = sending(0, 1);
  const auto secret = net::signature::secret::parse("sixteen bytes or").value();
  options.receivers[0].secret = secret;
  open(std::move(options));
  caller sender("http://127.0.0.1:" + std::to_string(receiver_port(0)));
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto post = [&](std::int64_t at, std::string_view id) {
    const auto how = sender.send(
        method::post, "/", std::string(two_events),
        {{"webhook-id", std::string(id)},
         {"webhook-timestamp", std::to_string(at)},
         {"webhook-signature", net::signature::sign(std::span(&secret, 1), "msg_1", at, two_events)}});
    return how ? how->status : 0;
  };
  EXPECT_EQ(sender.send(method::post, "/", std::string(two_events))->status, 401) << "not signed";
  EXPECT_EQ(post(now, "msg_2"), 401) << "another id";
  EXPECT_EQ(post(now - 3600, "msg_1"), 401) << "too old";
  EXPECT_EQ(post(now + 3600, "msg_1"), 401) << "not yet";
  EXPECT_EQ(post(now, "msg_1"), 200);
  const auto counts = there_->sum_up().receivers.at(0).counts;
  EXPECT_EQ(counts.refused, 4U);
  EXPECT_EQ(counts.unique, 2U);
}

TEST_F(sandbox_test, has_receivers_that_condemn_events) {
  open(sending(0, 1, {.condemn = 1}));
  caller sender("http://127.0.0.1:" + std::to_string(receiver_port(0)));
  EXPECT_EQ(sender.send(method::post, "/", std::string(two_events))->status, 422);
  EXPECT_EQ(sender.send(method::post, "/", std::string(two_events))->status, 422);
  const auto counts = there_->sum_up().receivers.at(0).counts;
  EXPECT_EQ(counts.condemned, 2U) << "each once";
  EXPECT_EQ(counts.unique, 0U);
}

TEST_F(sandbox_test, tries_again_where_a_receiver_fails) {
  auto options = sending(2000, 1, {.fail = 0.3, .status = 503, .delay = 1ms});
  options.events = 300;
  options.story = for_all_events();
  open(std::move(options));
  caller_->subscribe(subscription_to(receiver_port(0)));
  expect_over();
  const verdict came = there_->sum_up();
  EXPECT_TRUE(came.passed()) << to_text(came);
  EXPECT_EQ(came.receivers.at(0).counts.unique, 300U);
  EXPECT_GT(came.feeds.at(0).counts.retries, 0U);
  EXPECT_EQ(came.feeds.at(0).counts.retries, came.receivers.at(0).counts.failed);
}

TEST_F(sandbox_test, hangs_and_goes_on) {
  open(sending(1000, 1, {.hang = 1}));
  caller_->subscribe(subscription_to(receiver_port(0)));
  EXPECT_TRUE(wait_until([&] { return there_->sum_up().receivers.at(0).counts.hung > 0; }, patience));
  EXPECT_EQ(unique(0), 0U);
}

TEST_F(sandbox_test, loses_what_is_refused) {
  auto options = sending(2000, 1, {.fail = 1, .status = 422});
  options.events = 50;
  options.story = for_all_events();
  open(std::move(options));
  caller_->subscribe(subscription_to(receiver_port(0)));
  expect_over();
  const verdict came = there_->sum_up();
  EXPECT_EQ(came.feeds.at(0).counts.lost, 50U);
  EXPECT_FALSE(came.passed());
}

TEST_F(sandbox_test, follows_a_subscription_that_changes) {
  open(sending(1000, 2));
  const std::string id = caller_->subscribe(subscription_to(receiver_port(0)));
  const std::string item = std::string(subscriptions_path) + "/" + id;
  EXPECT_TRUE(wait_until([&] { return unique(0) > 0; }, patience));
  caller_->ask(method::put, item, subscription_to(receiver_port(1)));
  EXPECT_TRUE(wait_until([&] { return unique(1) > 0; }, patience)) << "to the new endpoint";

  caller_->control("subscriptions/" + id + "/status", {{"status", "inactive"}});
  EXPECT_TRUE(wait_until([&] { return sent(0)["requests_in_flight"] == 0; }, patience));
  const auto offered = sent(0)["offered"];
  caller_->control("subscriptions/" + id + "/status", {{"status", "active"}});
  EXPECT_TRUE(wait_until([&] { return sent(0)["offered"] > offered; }, patience)) << "goes on";

  caller_->ask(method::del, item);
  EXPECT_TRUE(wait_until([&] { return sent(0)["deleted"] == true; }, patience));
  const json last = sent(0);
  EXPECT_EQ(last["on_their_way"], 0);
  EXPECT_EQ(last["offered"],
            last["acknowledged"].get<int>() + last["lost"].get<int>() + last["abandoned"].get<int>());
}

TEST_F(sandbox_test, can_be_paused_and_sped_up) {
  open(sending(0, 1));
  caller_->subscribe(subscription_to(receiver_port(0)));
  EXPECT_TRUE(wait_until([&] { return sent(0).contains("offered"); }, patience));
  EXPECT_EQ(caller_->control("sender", {{"paused", true}, {"rate", 1000}}).status, 200);
  EXPECT_EQ(sent(0)["offered"], 0);
  EXPECT_EQ(caller_->control("sender", {{"paused", false}}).status, 200);
  EXPECT_TRUE(wait_until([&] { return unique(0) > 0; }, patience));
}

TEST_F(sandbox_test, shows_a_ledger_on_the_receivers_port) {
  open(sending(0, 1));
  caller receiver("http://127.0.0.1:" + std::to_string(receiver_port(0)));
  const auto posted = receiver.send(method::post, "/any/path", R"({"events":[{"id":"1","source":"s"}]})");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 200);
  EXPECT_EQ(receiver.send(method::post, "/", "{")->status, 400);
  EXPECT_EQ(receiver.send(method::put, "/", "{}")->status, 405);
  const auto ledger = receiver.send(method::get, "/ledger");
  ASSERT_TRUE(ledger);
  const json shown = json::parse(ledger->body);
  EXPECT_EQ(shown["unique"], 1);
  EXPECT_EQ(shown["refused"], 1);
  EXPECT_EQ(shown["requests"], 2);
  EXPECT_EQ(shown["fastest_second"]["all"], 1);
}

TEST_F(sandbox_test, plays_a_story) {
  auto options = sending(0, 1);
  auto story = parse_scenario(R"({"steps":[
      {"wait":{"subscriptions":1}}, {"send":{"rate":1000}}, {"wait":{"acknowledged":50}},
      {"receiver":{"number":1,"status":503}}, {"drop_subscription":"n"}, {"wait":{"subscriptions":1}},
      {"receiver":{"number":1}}, {"wait":{"acknowledged":100}}, {"send":{"rate":0}},
      {"wait":{"settled":true}}, {"wait":{"drained":true}}],
    "expect":{"lost":0,"receivers":[{"number":1,"unexpected":0}]}})",
                              1);
  ASSERT_TRUE(story) << to_string(story.error());
  options.story = std::move(*story);
  open(std::move(options));
  caller_->subscribe(subscription_to(receiver_port(0)));
  EXPECT_TRUE(wait_until([&] { return caller_->state()["subscriptions"].empty(); }, patience)) << "dropped";
  caller_->subscribe(subscription_to(receiver_port(0)));
  expect_over();
  const verdict came = there_->sum_up();
  EXPECT_TRUE(came.passed()) << to_text(came);
  EXPECT_EQ(came.feeds.size(), 2U);
}

TEST_F(sandbox_test, serves_tls_and_keeps_its_files) {
  const temp_dir directory;
  const std::string where = (directory.path() / "tls").string();
  const auto made = prepare_tls(where), again = prepare_tls(where);
  ASSERT_TRUE(made && again);
  EXPECT_TRUE(made->made);
  EXPECT_FALSE(again->made);
  auto options = sending(0, 0);
  options.tls = *again;
  options.port = 0;
  options.clients = {{"id", "secret", {}}};
  const auto started = sandbox::start(std::move(options));
  ASSERT_TRUE(started) << to_string(started.error());
  EXPECT_TRUE((*started)->url().starts_with("https://127.0.0.1:"));
  caller believer((*started)->url(), made->authority);
  believer.log_in();
  EXPECT_TRUE(believer.state().contains("tokens"));

  std::filesystem::remove(made->key);
  const auto incomplete = prepare_tls(where);
  ASSERT_FALSE(incomplete);
  EXPECT_EQ(incomplete.error().place, made->key);
}

TEST_F(sandbox_test, sends_over_tls_to_whom_it_believes) {
  const temp_dir directory;
  const auto files = prepare_tls(directory.path().string());
  ASSERT_TRUE(files);
  auto options = sending(1000, 0);
  options.tls = *files;
  options.port = 0;
  options.clients = {{"id", "secret", {std::string(read_scope), std::string(write_scope)}}};
  const auto started = sandbox::start(std::move(options));
  ASSERT_TRUE(started) << to_string(started.error());
  caller_.emplace((*started)->url(), files->authority);
  caller_->log_in();
  json body = subscription_to(1);
  body["destination"]["endpoint"] = (*started)->url() + "/elsewhere";  // an https server that answers 404
  caller_->subscribe(body);
  EXPECT_TRUE(wait_until([&] { return sent(0)["answers"].contains("404"); }, patience)) << sent(0);
}

TEST(sandbox, listens_on_loopback_only) {
  for (const char* address : {"0.0.0.0", "::", "192.168.1.1"}) {
    sandbox_options options;
    options.address = address;
    const auto started = sandbox::start(std::move(options));
    ASSERT_FALSE(started) << address;
    EXPECT_EQ(to_string(started.error().code), "wrong_use");
    EXPECT_EQ(started.error().place, address);
  }
}

}  // namespace
}  // namespace sluice::sandbox
