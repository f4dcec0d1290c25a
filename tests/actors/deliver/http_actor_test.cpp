// Goal: an offer is durable before it is tried and never changes after; failures are the endpoint's or the
// event's, and each is treated as such. Method: an endpoint that answers when the test says so, in virtual
// time.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "actors/deliver/envelope.hpp"
#include "tests/support/delivery_fixture.hpp"
#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using checkpoint::settlement;

struct attempt_noted {
  std::string id, body;
  std::vector<std::string> events;
  deliver::instant begin{}, end{};
};

class http_delivery : public delivery_fixture, public ::testing::Test {
 protected:
  http_delivery() {
    http.batch = 10;
    http.retry = {.initial = 1s, .max = 8s};
    http.retry_for = std::chrono::hours(1);
    http.random = [] { return 0.999; };
    http.stable_id = [](const std::string& of) { return "id of " + of; };
    http.make_request = [](const std::string& id, const std::vector<std::string_view>& events) {
      net::http::outgoing made;
      made.fields.emplace_back("webhook-id", id);
      made.body = deliver::envelope(events);
      return made;
    };
    http.post = [this](net::http::outgoing what, std::function<void(net::http::attempt)> done) {
      attempt_noted a{what.fields.at(0).second, what.body, {}, now(), {}};
      for (const auto slice : json::events(what.body)) a.events.push_back(json::text_of(slice, "id"));
      attempts.push_back(std::move(a));
      EXPECT_FALSE(waiting_) << "one request in flight";
      waiting_ = std::move(done);
    };
  }
  void start() {
    delivery = deliver::spawn_http(system, options(), http);
    run();
  }
  /// From here on the lane has an endpoint with a circuit and no limit.
  void break_circuit(std::uint32_t opens_after) {
    deliver::endpoint_options o;
    o.circuit = deliver::circuit_options{opens_after, http.retry};
    o.random = http.random;
    o.now = [this] { return now(); };
    lane->endpoint = std::make_shared<deliver::endpoint>(std::move(o));
  }
  bool under_way() const { return waiting_ != nullptr; }
  void answer(int status, std::string retry_after = {}, std::string body = {}) {
    end(net::http::reply{status, std::move(retry_after), std::move(body)});
  }
  void no_answer(bool sent = true) {
    end(tl::unexpected(net::http::attempt_failure{error{errc::timed_out, "no answer in time", {}, 0}, sent}));
  }
  /// Answers 200 until nothing is sent any more.
  void take_everything() {
    for (int i = 0; i < 1000 && under_way(); ++i) answer(200);
  }
  std::vector<std::string> taken() const {
    std::vector<std::string> all;
    for (const auto& a : attempts) all.insert(all.end(), a.events.begin(), a.events.end());
    return all;
  }

  deliver::http_options http;
  std::vector<attempt_noted> attempts;

 private:
  void end(net::http::attempt how) {
    ASSERT_TRUE(under_way());
    attempts.back().end = now();
    std::exchange(waiting_, nullptr)(std::move(how));
    run();
  }
  std::function<void(net::http::attempt)> waiting_;
};

std::vector<std::string> ids(int first, int events) {
  std::vector<std::string> all;
  for (int i = 0; i < events; ++i) all.push_back("e" + std::to_string(first + i));
  return all;
}

TEST_F(http_delivery, tries_nothing_before_its_offer_is_durable) {
  notes.holds_offers = true;
  start();
  append(1, 4);
  run();
  ASSERT_EQ(notes.offers.size(), 1u);
  EXPECT_EQ(notes.offers[0].events, 4u);
  EXPECT_FALSE(under_way());
  append(5, 1);
  advance(10s);
  EXPECT_FALSE(under_way()) << "neither more events nor time make it durable";
  caf::anon_send(checkpoint, room_a{});
  run();
  ASSERT_TRUE(under_way());
  EXPECT_EQ(attempts[0].events, ids(1, 4));
  answer(204);
  ASSERT_EQ(notes.outcomes.size(), 1u);
  EXPECT_EQ(notes.outcomes[0].head.offer, notes.offers[0].offer) << "the outcome closes the offer";
  EXPECT_EQ(notes.outcomes[0].head.last, 4u);
}

TEST_F(http_delivery, names_an_attempt_by_its_lane_and_a_single_event_by_its_position_alone) {
  struct row {
    lane_id lane;
    std::size_t batch;
    const char* id;
  };
  // The first lane's names are those of a destination that has no other.
  for (const row& r : {row{0, 10, "id of warehouse offer 1"}, row{3, 10, "id of warehouse lane 3 offer 1"},
                       row{0, 1, "id of warehouse event 3"}, row{3, 1, "id of warehouse event 4"}}) {
    lane = std::make_shared<deliver::lane>();
    lane->destination = destination;
    lane->name = "warehouse";
    lane->number = r.lane;
    lane->cursor = lane->scan_behind = feed.durable();  // one event a group
    lane->scanned = feed.durable();
    http.batch = r.batch;
    start();
    feed.append({{.id = "e", .targets = {{destination, r.lane}}}}, wall_ms);
    run();
    ASSERT_TRUE(under_way());
    EXPECT_EQ(attempts.back().id, r.id);
    answer(200);
    kill_delivery();
  }
}

TEST_F(http_delivery, gathers_the_next_batch_while_one_is_under_way) {
  start();
  append(1, 3);
  run();
  append(4, 3);
  append(7, 3);
  run();
  answer(200);
  take_everything();
  EXPECT_EQ(attempts.size(), 2u);
  EXPECT_EQ(taken(), ids(1, 9));
}

TEST_F(http_delivery, repeats_an_offer_to_the_letter_whatever_happened_to_it) {
  start();
  append(1, 10);
  run();
  append(11, 10);  // must not slip into the offer
  for (const int status : {500, 503, 408, 425, 429, 401, 403, 404, 405, 407, 410, 302}) {
    answer(status);
    advance(10s);
    ASSERT_TRUE(under_way()) << "not tried again after " << status;
  }
  no_answer();
  advance(10s);
  ASSERT_TRUE(under_way());
  for (const auto& a : attempts) {
    EXPECT_EQ(a.id, attempts[0].id);
    EXPECT_EQ(a.body, attempts[0].body);
  }
  EXPECT_EQ(notes.offers.size(), 1u);
  EXPECT_TRUE(letters.all.empty()) << "failures of the endpoint condemn no event";
}

TEST_F(http_delivery, leaves_its_offer_to_a_successor_as_it_is) {
  for (const bool durable : {true, false}) {
    SCOPED_TRACE(durable);
    notes.holds_offers = !durable;
    start();
    append(durable ? 1 : 101, 5);
    run();
    EXPECT_EQ(under_way(), durable);
    kill_delivery();
    if (durable) no_answer();  // to an actor that is gone
    notes.holds_offers = false;
    start();
    advance(2s);
    ASSERT_TRUE(under_way());
    EXPECT_EQ(attempts.back().events, ids(durable ? 1 : 101, 5));
    if (durable) {
      EXPECT_EQ(attempts.back().id, attempts.front().id);
    }
    take_everything();
    kill_delivery();
  }
}

TEST_F(http_delivery, waits_between_failures_and_as_long_as_it_is_told) {
  start();
  append(1, 1);
  run();
  const auto waited = [&](int status, const char* retry_after, auto less, auto enough) {
    const auto before = attempts.size();
    answer(status, retry_after);
    advance(less);
    EXPECT_EQ(attempts.size(), before) << "too early";
    advance(enough - less);
    EXPECT_EQ(attempts.size(), before + 1) << "too late";
  };
  waited(500, "", 990ms, 1010ms);
  waited(500, "", 1990ms, 2010ms);
  waited(429, "30", 29s, 31s);
  waited(503, "", 7900ms, 8100ms);
  answer(200);
  EXPECT_EQ(incidents.back(), "") << "it goes on";
}

TEST_F(http_delivery, buries_the_one_bad_event_and_delivers_its_neighbours) {
  start();
  append(1, 10);
  run();
  for (int i = 0; i < 100 && under_way(); ++i) {
    const bool bad = std::ranges::count(attempts.back().events, "e7") > 0;
    bad ? answer(422, "", "e7 is wrong") : answer(200);
  }
  EXPECT_EQ(notes.events(settlement::delivered), 9u);
  EXPECT_EQ(notes.events(settlement::dead_lettered), 1u);
  ASSERT_EQ(letters.all.size(), 1u);
  EXPECT_EQ(letters.all[0].id, "e7");
  EXPECT_EQ(letters.all[0].reason, "answer 422: e7 is wrong");
  EXPECT_EQ(letters.all[0].destination, "warehouse");
  EXPECT_EQ(lane->cursor, 10u);
}

TEST_F(http_delivery, gives_up_what_is_too_old_between_two_attempts) {
  start();
  append(1, 3);
  run();
  wall_ms += 1'800'000;
  append(4, 3);
  answer(500);
  wall_ms += 1'800'001;  // the first three are over an hour old, the others are not
  advance(2s);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(letters.all.size(), 3u);
  EXPECT_EQ(attempts.back().events, ids(4, 3));
  EXPECT_NE(attempts.back().id, attempts.front().id) << "what is left is another offer";
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 3u);
  EXPECT_EQ(notes.events(settlement::dead_lettered), 3u);
}

TEST_F(http_delivery, knows_a_redriven_event_again) {
  http.batch = 1;
  append(1, 2);
  start();
  const auto first = attempts.back().id;
  answer(422, {}, "no such field");
  ASSERT_EQ(letters.all.size(), 1u);
  wall_ms += 1000;
  answer(200);
  // Three hours later, which is longer than retry.for, it is given its way once more.
  wall_ms += 3 * 3'600'000;
  const auto& letter = letters.all.front();
  feed.append_rewritten(checkpoint::rewrite_kind::redrive, "operator",
                        {{.id = "e1", .targets = {{destination, 0}}}},
                        {{letter.origin, letter.received_ms, letter.stored_ms, 1, letter.attempts}}, wall_ms);
  run();
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_EQ(attempts.back().id, first) << "a receiver that had it in spite of its answer knows it again";
  answer(500);
  wall_ms += 30 * 60'000;
  advance(1s);
  ASSERT_EQ(attempts.size(), 4u) << "its age counts from its redrive";
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms - 30 * 60'000);
  answer(422);
  ASSERT_EQ(letters.all.size(), 2u);
  const auto& again = letters.all.back();
  EXPECT_EQ(again.at, 3u);
  EXPECT_EQ(again.origin, 1u);
  EXPECT_EQ(again.generation, 1u);
  EXPECT_EQ(again.attempts, 3u) << "all of its attempts";
  EXPECT_EQ(again.received_ms, letters.all.front().received_ms);
  EXPECT_EQ(again.redriven_ms, wall_ms - 30 * 60'000);
  EXPECT_EQ(again.first_stored_ms, letters.all.front().stored_ms);
}

TEST_F(http_delivery, gives_way_between_two_attempts_when_its_backlog_is_full) {
  for (const auto how : {settlement::dead_lettered, settlement::dropped_oldest}) {
    const bool keeps = how == settlement::dead_lettered;
    delivery_fixture::notes.outcomes.clear();
    delivery = deliver::spawn_http(system, options(), http);
    append(keeps ? 1 : 1001, 25);
    advance(2s);
    ASSERT_TRUE(under_way());
    caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.bytes = 1, .how = how});
    run();
    EXPECT_TRUE(notes.outcomes.empty()) << "not during an attempt";
    answer(500);
    advance(10s);
    EXPECT_EQ(notes.events(how), 10u) << "what is offered goes as a whole, and is enough";
    EXPECT_EQ(letters.all.empty(), !keeps);
    letters.all.clear();
    advance(10s);
    take_everything();
    EXPECT_EQ(notes.events(settlement::delivered) + notes.events(how), 25u);
    kill_delivery();
  }
}

TEST_F(http_delivery, is_discarded_up_to_a_position_and_goes_on_behind_it) {
  start();
  append(1, 25);
  run();
  ASSERT_TRUE(under_way());
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.upto = 23, .how = settlement::discarded});
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.bytes = 1, .how = settlement::dead_lettered});
  run();
  answer(503);
  advance(10s);
  EXPECT_EQ(notes.events(settlement::discarded), 23u) << "the bound does not stop what an operator asked for";
  EXPECT_TRUE(letters.all.empty());
  advance(10s);
  take_everything();
  EXPECT_EQ(attempts.back().events, ids(24, 2));
}

TEST_F(http_delivery, rests_while_it_is_paused_and_then_goes_on_with_what_waited) {
  start();
  append(1, 25);
  advance(2s);
  ASSERT_TRUE(under_way());
  lane->paused = true;
  answer(200);
  advance(60s);
  EXPECT_EQ(attempts.size(), 1u) << "the one under way ended, and no other began";
  EXPECT_EQ(notes.events(settlement::delivered), 10u);
  append(26, 5);
  advance(60s);
  EXPECT_EQ(attempts.size(), 1u);
  EXPECT_EQ(notes.offers.size(), 1u) << "nothing is offered ahead";
  lane->paused = false;
  caf::anon_send(delivery, tick_a{});
  advance(2s);
  take_everything();
  EXPECT_EQ(taken(), ids(1, 30));
  EXPECT_EQ(notes.events(settlement::delivered), 30u);
}

TEST_F(http_delivery, repeats_no_failed_attempt_while_it_is_paused) {
  start();
  append(1, 10);
  advance(2s);
  ASSERT_TRUE(under_way());
  lane->paused = true;
  answer(503);
  advance(600s);
  EXPECT_EQ(attempts.size(), 1u);
  lane->paused = false;
  caf::anon_send(delivery, tick_a{});
  advance(1s);
  take_everything();
  EXPECT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts.front().id, attempts.back().id) << "the open offer";
}

TEST_F(http_delivery, that_is_paused_knows_its_oldest_event_and_gives_way) {
  lane->paused = true;
  start();
  append(1, 25);
  wall_ms += 1000;
  append(26, 5);
  advance(10s);
  EXPECT_TRUE(attempts.empty());
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms - 1000);
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.received_before_ms = wall_ms});
  advance(10s);
  EXPECT_EQ(letters.all.size(), 25u) << "what is too old";
  EXPECT_EQ(lane->gauges.oldest_received_ms, wall_ms) << "the next one";
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.events = 5, .how = settlement::dropped_oldest});
  advance(10s);
  EXPECT_EQ(notes.events(settlement::dropped_oldest), 5u);
  EXPECT_EQ(lane->gauges.oldest_received_ms, 0) << "nothing waits";
  EXPECT_TRUE(attempts.empty());
}

TEST_F(http_delivery, that_is_paused_with_an_offer_open_closes_it_when_it_gives_way) {
  start();
  append(1, 25);
  advance(2s);
  ASSERT_TRUE(under_way());
  kill_delivery();
  no_answer();
  lane->paused = true;
  start();
  append(26, 1);
  advance(10s);
  EXPECT_EQ(attempts.size(), 1u);
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.upto = 4, .how = settlement::discarded});
  advance(10s);
  ASSERT_FALSE(notes.outcomes.empty());
  EXPECT_EQ(notes.outcomes.back().head.offer, 1u) << "what is left of it gets a new one";
  EXPECT_EQ(notes.events(settlement::discarded), 4u);
  EXPECT_FALSE(lane->open_offer);
  lane->paused = false;
  caf::anon_send(delivery, tick_a{});
  advance(2s);
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 22u);
  EXPECT_EQ(notes.offers[1].offer, 2u);
  EXPECT_EQ(notes.offers[1].first, 5u);
}

TEST_F(http_delivery, lingers_for_a_fuller_batch_and_no_longer) {
  http.linger = 3s;
  start();
  append(1, 4);
  run();
  advance(2s);
  EXPECT_TRUE(notes.offers.empty());
  append(5, 2);
  run();
  advance(990ms);
  EXPECT_TRUE(notes.offers.empty());
  advance(20ms);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(attempts.back().events, ids(1, 6)) << "what is there three seconds after the first";
  append(7, 10);
  run();
  answer(200);
  ASSERT_TRUE(under_way()) << "a full batch waits for nothing";
  EXPECT_EQ(attempts.back().events, ids(7, 10));
  append(17, 1);
  run();
  answer(422);
  EXPECT_TRUE(under_way()) << "nor does an isolation";
}

TEST_F(http_delivery, cuts_its_batches_by_bytes) {
  append(1, 10);
  run();
  http.linger = 3s;
  http.batch_bytes = 1;
  start();
  for (int i = 1; i <= 10; ++i) {
    ASSERT_TRUE(under_way()) << "a batch that is full by its bytes waits for nothing";
    EXPECT_EQ(attempts.back().events, ids(i, 1));
    answer(200);
  }
}

TEST_F(http_delivery, offers_anew_what_a_lower_limit_does_not_allow_at_once) {
  start();
  append(1, 10);
  run();
  ASSERT_TRUE(under_way());
  kill_delivery();
  no_answer();
  limit(4, 1s);
  start();
  for (int i = 0; i < 10; ++i) {
    advance(2s);
    take_everything();
  }
  EXPECT_EQ(notes.events(settlement::delivered), 10u);
  for (std::size_t i = 1; i < attempts.size(); ++i) EXPECT_LE(attempts[i].events.size(), 4u);
}

TEST_F(http_delivery, leaves_a_dead_endpoint_alone_but_for_probes) {
  break_circuit(3);
  start();
  append(1, 10);
  run();
  append(11, 100);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(under_way());
    EXPECT_FALSE(lane->endpoint->circuit_open());
    answer(500);
    if (i < 2) advance(8s);
  }
  EXPECT_TRUE(lane->endpoint->circuit_open());
  for (const auto wait : {4s, 8s, 8s}) {
    advance(wait - 10ms);
    EXPECT_FALSE(under_way()) << "a probe comes at the schedule's pace";
    advance(10ms);
    ASSERT_TRUE(under_way());
    EXPECT_EQ(attempts.back().body, attempts.front().body) << "a probe is the offer itself";
    no_answer();
  }
  advance(8s);
  answer(200);
  EXPECT_FALSE(lane->endpoint->circuit_open());
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 110u);
}

TEST_F(http_delivery, lets_a_lane_go_on_at_once_when_another_finds_the_endpoint_back) {
  break_circuit(1);
  auto& endpoint = *lane->endpoint;
  start();
  append(1, 1);
  run();
  answer(500);
  EXPECT_TRUE(endpoint.circuit_open());
  const auto denied = endpoint.ask(7, 1, [] {});
  EXPECT_FALSE(denied.granted || denied.not_before) << "the lane that failed is first";
  endpoint.abandon(7);
  advance(1s);
  no_answer();
  EXPECT_FALSE(endpoint.ask(7, 1, [] {}).granted);
  advance(2s);
  ASSERT_TRUE(under_way());
  const auto before = now();
  answer(422);  // condemns the event; the endpoint is alive
  EXPECT_FALSE(endpoint.circuit_open());
  EXPECT_TRUE(endpoint.ask(7, 1, [] {}).granted);
  append(2, 1);
  run();
  EXPECT_TRUE(under_way());
  EXPECT_EQ(now(), before);
}

TEST_F(http_delivery, gives_up_what_is_too_old_in_front_of_an_open_circuit) {
  break_circuit(1);
  start();
  append(1, 3);
  run();
  answer(503, "900");
  wall_ms += 3'600'001;
  advance(9s);
  EXPECT_FALSE(under_way());
  EXPECT_EQ(letters.all.size(), 3u) << "it looks once in the longest wait between two attempts";
}

TEST_F(http_delivery, attempts_nothing_of_what_was_to_be_discarded_when_the_node_ended) {
  lane->discard_upto = 7;
  append(1, 10);
  start();
  advance(2s);
  EXPECT_EQ(notes.events(settlement::discarded), 7u);
  take_everything();
  EXPECT_EQ(taken(), ids(8, 3));
}

TEST_F(http_delivery, goes_on_when_nothing_is_left_of_what_it_was_to_give_up) {
  lane->discard_upto = lane->cursor = lane->scan_behind = 5;
  append(1, 10);
  start();
  advance(2s);
  take_everything();
  EXPECT_EQ(notes.events(settlement::discarded), 0u);
  EXPECT_EQ(taken(), ids(6, 5));
}

TEST_F(http_delivery, keeps_what_came_behind_the_position_that_it_is_discarded_up_to) {
  start();
  append(1, 10);
  advance(2s);
  ASSERT_TRUE(under_way());
  append(11, 4);
  run();
  caf::anon_send(delivery, relieve_a{}, checkpoint::relief{.upto = 7, .how = settlement::discarded});
  run();
  answer(503);
  advance(2s);
  EXPECT_EQ(notes.events(settlement::discarded), 7u)
      << "and neither the rest of the offer nor what is in hand";
  advance(20s);
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 7u);
  EXPECT_EQ(attempts.back().events, ids(8, 7));
}

TEST_F(http_delivery, counts_a_request_from_its_arrival_when_told_to) {
  std::function<void()> arrived;
  http.counts_arrival = true;
  http.post = [&arrived, to = http.post](net::http::outgoing what,
                                         std::function<void(net::http::attempt)> done) {
    arrived = what.arrived;
    to(std::move(what), std::move(done));
  };
  limit(10, 5s);
  start();
  append(1, 20);
  advance(1001ms);
  ASSERT_TRUE(under_way());
  ASSERT_TRUE(arrived);
  arrived();
  advance(3s);
  answer(200);
  EXPECT_TRUE(under_way()) << "a second after the arrival has long passed";
  EXPECT_EQ(taken(), ids(1, 20));
  answer(200);
}

/// Most events that may have arrived in one closed second, wherever between its start and its end each did;
/// of an attempt without an answer until `timeout` after it.
std::size_t most_in_a_second(const std::vector<attempt_noted>& all, deliver::instant timeout,
                             const std::vector<bool>& answered) {
  std::size_t most = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto from =
        all[i].end + (answered[i] ? 0s : timeout);  // the last moment of one, the first of others
    std::size_t sum = 0;
    for (std::size_t j = 0; j < all.size(); ++j) {
      const auto last = all[j].end + (answered[j] ? 0s : timeout);
      if (all[j].begin <= from + 1s && last >= from) sum += all[j].events.size();
    }
    most = std::max(most, sum);
  }
  return most;
}

class http_delivery_with_a_rate : public http_delivery, public ::testing::WithParamInterface<unsigned> {};

TEST_P(http_delivery_with_a_rate, never_passes_it_whatever_the_endpoint_does_and_however_often_it_dies) {
  constexpr std::size_t rate = 50;
  constexpr auto timeout = 3s;
  std::mt19937 random(GetParam());
  std::vector<bool> answered;
  limit(rate, timeout);
  start();
  int next = 1;
  for (int step = 0; step < 1000; ++step) {
    if (random() % 3 == 0) {
      append(next, 20);
      next += 20;
    }
    advance(std::chrono::milliseconds(random() % 400));
    if (!under_way()) continue;
    const auto dice = random() % 10;
    answered.push_back(dice < 8);
    if (dice == 9) {
      kill_delivery();
      no_answer();
      start();
    } else if (dice == 8) {
      no_answer();
    } else {
      answer(dice == 7 ? 500 : 200);
    }
  }
  attempts.resize(answered.size());  // the last one may be under way
  EXPECT_GT(attempts.size(), 100u);
  EXPECT_LE(most_in_a_second(attempts, timeout, answered), rate);
}

INSTANTIATE_TEST_SUITE_P(seed, http_delivery_with_a_rate, ::testing::Values(1u, 2u, 3u, 4u, 5u, 6u));

}  // namespace
}  // namespace sluice::testing
