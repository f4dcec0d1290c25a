// Goal: a webhook that is away, slow, angry or picky gets every event, in order, never faster than it allows,
// and after a crash only what was open comes again, the same. Method: the tests' own receiver, which notes
// every request.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/support/json_scan.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/support/sandbox.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

class delivery_to_webhook : public ::testing::Test {
 protected:
  void start(const std::string& more) {
    there_.emplace(webhook_node(more),
                   std::map<std::string, std::string>{{"receiver", std::to_string(webhook_.port())}});
    there_->start();
  }

  /// Posts events for the webhook and notes them as acknowledged.
  void post(std::size_t batches, std::size_t events) {
    for (std::size_t i = 0; i < batches; ++i) {
      const made_batch batch = maker_.next_for(warehouse, events);
      for (const made_event& e : batch.events) {
        book_.offered(e.id, e.destination, batch.name);
        ids_.push_back(e.id);
      }
      ASSERT_EQ(there_->post(batch.body).status, 200);
      for (const made_event& e : batch.events) book_.acknowledged(e.id);
    }
  }

  /// Everything arrives once, in the order in which it was acknowledged, each request one envelope.
  void expect_all_once_in_order(milliseconds patience = milliseconds(30'000)) {
    EXPECT_TRUE(webhook_.wait_for_events(ids_.size(), patience)) << there_->last_words();
    EXPECT_EQ(webhook_.received(), ids_);
    for (const delivery& each : webhook_.deliveries()) {
      EXPECT_TRUE(each.body.starts_with("{\"events\":[") && each.body.ends_with("]}")) << each.body;
      EXPECT_NE(each.webhook_id, "");
      EXPECT_EQ(field_of(each.fields, "content-type"), "application/json");
    }
  }

  receiver webhook_;
  std::optional<node> there_;
  batch_maker maker_{31, 0};
  ledger book_;
  std::vector<std::string> ids_;
};

TEST_F(delivery_to_webhook, proves_who_it_is_by_a_token_and_gets_another_when_it_is_refused) {
  sandbox cloud;
  webhook_.answer_with(
      [](const delivery&, std::size_t number) { return reply{.status = number == 0 ? 401 : 200}; });
  webhook_.start();
  start(", batch: 10, auth: { oauth2: { token_url: \"" + cloud.url() +
        "/oauth/token\", client_id: sandbox-client, client_secret: sandbox-secret } }");
  post(3, 10);
  expect_all_once_in_order();
  std::vector<std::string> tokens;
  for (const delivery& d : webhook_.deliveries()) {
    const auto field =
        std::ranges::find_if(d.fields, [](const auto& f) { return f.second.starts_with("Bearer "); });
    ASSERT_NE(field, d.fields.end()) << "a request without a token";
    if (tokens.empty() || tokens.back() != field->second) tokens.push_back(field->second);
  }
  EXPECT_EQ(tokens.size(), 2U) << "one until it was refused, then another";
}

TEST_F(delivery_to_webhook, does_not_go_where_it_is_sent_on_to) {
  receiver elsewhere;
  elsewhere.start();
  webhook_.answer_with([&](const delivery&, std::size_t number) {
    reply sent_on{.status = 307};
    sent_on.fields = {{"Location", "http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/"}};
    return number == 0 ? sent_on : reply{};
  });
  webhook_.start();
  start("");
  post(1, 10);
  expect_all_once_in_order();
  EXPECT_TRUE(elsewhere.deliveries().empty());
}

TEST_F(delivery_to_webhook, waits_for_one_that_is_away) {
  start(", batch: 50");
  post(6, 50);
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_circuit_open", {{"destination", "analytics-warehouse"}}) == 1;
      },
      milliseconds(30'000)))
      << there_->last_words();
  webhook_.start();
  expect_all_once_in_order();
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_circuit_open", {{"destination", "analytics-warehouse"}}) == 0;
      },
      milliseconds(10'000)));
}

TEST_F(delivery_to_webhook, gives_up_an_attempt_that_hangs) {
  webhook_.answer_with(scripted({{.how = reply::manner::hang}, {.how = reply::manner::hang}, {}}));
  webhook_.start();
  start(", batch: 50, timeout: 1s");
  post(6, 50);
  expect_all_once_in_order();
}

TEST_F(delivery_to_webhook, tries_again_after_errors_and_broken_answers) {
  webhook_.answer_with(scripted(
      {{.status = 500}, {.how = reply::manner::cut}, {.status = 503}, {.status = 401}, {.status = 302}, {}}));
  webhook_.start();
  start(", batch: 50");
  post(6, 50);
  expect_all_once_in_order();
}

TEST_F(delivery_to_webhook, waits_as_long_as_it_is_told) {
  webhook_.answer_with(scripted({{.status = 429, .fields = {{"Retry-After", "2"}}}, {}}));
  webhook_.start();
  start(", batch: 500");
  post(1, 50);
  expect_all_once_in_order();
  const auto all = webhook_.deliveries();
  ASSERT_GE(all.size(), 2U);
  EXPECT_GE(all[1].at - all[0].at, milliseconds(2'000)) << "came back before the two seconds were over";
}

TEST_F(delivery_to_webhook, lets_one_bad_event_harm_no_neighbour) {
  std::string bad;
  webhook_.answer_with([&](const delivery& what, std::size_t) {
    return reply{.status = std::ranges::find(what.ids, bad) == what.ids.end() ? 200 : 422};
  });
  const made_batch batch = maker_.next_for(warehouse, 60);
  bad = batch.events[23].id;
  webhook_.start();
  start(", batch: 30");
  ASSERT_EQ(there_->post(batch.body).status, 200);
  EXPECT_TRUE(webhook_.wait_for_events(59, milliseconds(30'000)));
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_dead_letters", {{"destination", "analytics-warehouse"}}) == 1;
      },
      milliseconds(20'000)))
      << get(there_->port(), "/metrics").body;
  std::vector<std::string> got = webhook_.received(), expected;
  for (const made_event& e : batch.events) {
    if (e.id != bad) expected.push_back(e.id);
  }
  std::ranges::sort(got);
  EXPECT_EQ(got, expected);
}

TEST_F(delivery_to_webhook, never_goes_faster_than_allowed) {
  webhook_.answer_with([](const delivery&, std::size_t) { return reply{.delay = milliseconds(5)}; });
  webhook_.start();
  start(", batch: 20, rate: 200");
  const auto begin = steady::now();
  post(16, 100);
  expect_all_once_in_order(milliseconds(60'000));
  const double seconds = std::chrono::duration<double>(steady::now() - begin).count();
  EXPECT_LE(webhook_.fastest_second(), 200U);
  std::printf("1600 events at 200 a second took %.2f s, the fastest second had %zu\n", seconds,
              webhook_.fastest_second());
}

TEST_F(delivery_to_webhook, is_used_again_without_exceeding_the_rate_after_a_restart) {
  webhook_.start();
  start(", batch: 20, rate: 200");
  post(8, 100);
  ASSERT_TRUE(webhook_.wait_for_events(300, milliseconds(30'000)));
  there_->restart();
  expect_all_once_in_order();
  EXPECT_LE(webhook_.fastest_second(), 200U);
}

/// Deliveries of an event beyond the first carry the same id and the same bytes.
void expect_same_when_repeated(const std::vector<delivery>& all) {
  std::map<std::string, const delivery*> first;
  std::size_t repeated = 0;
  for (const delivery& each : all) {
    for (const std::string& id : each.ids) {
      const auto [known, is_new] = first.emplace(id, &each);
      if (is_new) continue;
      ++repeated;
      EXPECT_EQ(each.webhook_id, known->second->webhook_id) << id << " came again under another webhook-id";
      EXPECT_EQ(each.body, known->second->body) << id << " came again in another request";
    }
  }
  std::printf("%zu of %zu events came more than once\n", repeated, first.size());
}

TEST_F(delivery_to_webhook, repeats_after_a_kill_only_what_was_open) {
  std::mt19937_64 random(draw_seed("kill during delivery"));
  webhook_.answer_with([](const delivery&, std::size_t) { return reply{.delay = milliseconds(20)}; });
  webhook_.start();
  start(", batch: 20, rate: 500");
  post(20, 100);
  std::size_t wanted = 100;
  for (int kill = 0; kill < rounds(5, 3); ++kill) {
    ASSERT_TRUE(webhook_.wait_for_events(wanted, milliseconds(30'000))) << there_->last_words();
    std::this_thread::sleep_for(milliseconds(random() % 60));
    there_->kill9();
    there_->start();
    wanted += 200;
  }
  EXPECT_TRUE(webhook_.wait_for_events(ids_.size(), milliseconds(60'000))) << there_->last_words();
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  const auto all = webhook_.deliveries();
  expect_same_when_repeated(all);
  std::vector<std::string> different;
  std::set<std::string> seen;
  for (const delivery& each : all) {
    for (const std::string& id : each.ids) {
      if (seen.insert(id).second) different.push_back(id);
    }
  }
  EXPECT_EQ(different, ids_) << "first deliveries are out of order, or some are missing";
}

}  // namespace
}  // namespace sluice::testing
