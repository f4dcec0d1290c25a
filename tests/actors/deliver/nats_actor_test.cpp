// Goal: what a stream took is settled up to the first event that failed, and sent no second time; a stream
// that is full, slow or gone costs one event at a time. Method: a publisher that answers when the test says
// so, in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/support/delivery_fixture.hpp"
#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using checkpoint::settlement;
using net::nats::acknowledgement;
using kind = acknowledgement::kind;

std::vector<std::string> ids(int first, int events) {
  std::vector<std::string> all;
  for (int i = 0; i < events; ++i) all.push_back("e" + std::to_string(first + i));
  return all;
}

class nats_delivery : public delivery_fixture, public ::testing::Test {
 protected:
  nats_delivery() {
    nats.subject = *deliver::subject_template::parse("events.{source}");
    nats.max_in_flight = 10;
    nats.retry = {.initial = 1s, .max = 8s};
    nats.retry_for = std::chrono::hours(1);
    nats.random = [] { return 0.999; };
    nats.stable_id = [](const std::string& of) { return "id of " + of; };
    nats.publish = [this](std::vector<net::nats::message> burst,
                          std::function<void(net::nats::burst_end)> done) {
      EXPECT_FALSE(waiting_) << "one burst in flight";
      EXPECT_FALSE(burst.empty());
      for (const auto& m : burst) EXPECT_FALSE(acknowledged.contains(m.id)) << m.id << " was acknowledged";
      bursts.push_back(std::move(burst));
      begun.push_back(now());
      waiting_ = std::move(done);
    };
  }
  void start() {
    delivery = deliver::spawn_nats(system, options(), nats);
    run();
  }
  void break_circuit(std::uint32_t opens_after, deliver::retry_options retry = {.initial = 1s, .max = 8s}) {
    deliver::endpoint_options o;
    o.circuit = deliver::circuit_options{opens_after, retry};
    o.random = nats.random;
    o.now = [this] { return now(); };
    lane->endpoint = std::make_shared<deliver::endpoint>(std::move(o));
  }
  void relieve(checkpoint::relief what) {
    caf::anon_send(delivery, relieve_a{}, what);
    run();
  }
  void go_on() {
    lane->paused = false;
    caf::anon_send(delivery, tick_a{});
    run();
  }

  bool under_way() const { return waiting_ != nullptr; }
  /// One letter a message: `s` stored, `r` refused, `u` unknown. The stream has what is stored, and half of
  /// what is unknown. Not `heard`: the actor that published is dead.
  void answer(const std::string& letters_of, bool sent = true, bool heard = true) {
    ASSERT_TRUE(under_way());
    ASSERT_EQ(letters_of.size(), bursts.back().size());
    net::nats::burst_end end;
    end.sent = sent;
    for (std::size_t i = 0; i < letters_of.size(); ++i) {
      const char c = letters_of[i];
      end.of.push_back(c == 's'   ? acknowledgement{kind::stored}
                       : c == 'r' ? acknowledgement{kind::refused, "too large"}
                                  : acknowledgement{kind::unknown, "maximum messages exceeded"});
      if (c == 's' && heard) acknowledged.insert(bursts.back()[i].id);
      if (c == 's' || (c == 'u' && sent && i % 2 == 0)) store(bursts.back()[i]);
    }
    ended.push_back(now());
    std::exchange(waiting_, nullptr)(std::move(end));
    run();
  }
  void answer_all(char how) { answer(std::string(bursts.empty() ? 0 : bursts.back().size(), how)); }
  void take_everything() {
    for (int i = 0; i < 1000 && under_way(); ++i) answer_all('s');
  }
  std::vector<std::string> events(std::size_t burst) const {
    std::vector<std::string> all;
    for (const auto& m : bursts.at(burst)) all.emplace_back(json::text_of(m.body, "id"));
    return all;
  }
  std::vector<std::string> last_events() const { return events(bursts.size() - 1); }

  deliver::nats_options nats;
  std::vector<std::vector<net::nats::message>> bursts;
  std::vector<deliver::instant> begun, ended;
  std::set<std::string> acknowledged;  ///< to the actor that is alive
  std::vector<std::string> stream;     ///< each id once, as within the window of duplicates

 private:
  void store(const net::nats::message& m) {
    if (known_.insert(m.id).second) stream.emplace_back(json::text_of(m.body, "id"));
  }
  std::set<std::string> known_;
  std::function<void(net::nats::burst_end)> waiting_;
};

TEST_F(nats_delivery, publishes_what_is_there_and_gathers_the_next_burst_meanwhile) {
  start();
  append(1, 3);
  run();
  ASSERT_TRUE(under_way());
  append(4, 3);
  append(7, 14);
  run();
  EXPECT_EQ(bursts.size(), 1u) << "one in flight";
  answer_all('s');
  EXPECT_EQ(last_events(), ids(4, 10)) << "as many as may be in flight";
  take_everything();
  EXPECT_EQ(bursts.size(), 3u);
  EXPECT_EQ(stream, ids(1, 20));
  EXPECT_EQ(notes.events(settlement::delivered), 20u);
  EXPECT_EQ(lane->cursor, 20u);
  EXPECT_TRUE(notes.offers.empty());
  EXPECT_EQ(lane->gauges.delivered, 3u);
  EXPECT_EQ(lane->gauges.oldest_received_ms, 0);
}

TEST_F(nats_delivery, names_an_event_by_its_position_and_gives_it_its_subject_and_its_bytes) {
  start();
  feed.append({{.id = "e1", .source = "a.b", .targets = {{destination, 0}}}}, wall_ms);
  run();
  ASSERT_TRUE(under_way());
  const auto& m = bursts[0][0];
  EXPECT_EQ(m.id, "id of warehouse event 1");
  EXPECT_EQ(m.subject, "events.a%2Eb");
  EXPECT_TRUE(m.body.starts_with("{") && m.body.ends_with("}"));
  EXPECT_EQ(json::text_of(m.body, "source"), "a.b");
  answer_all('s');
}

TEST_F(nats_delivery, settles_the_prefix_and_sends_nothing_twice_that_was_acknowledged) {
  start();
  append(1, 10);
  run();
  answer("ssusussssu");
  EXPECT_EQ(notes.events(settlement::delivered), 2u);
  EXPECT_EQ(lane->cursor, 2u);
  EXPECT_EQ(incidents.back(), "maximum messages exceeded");
  append(11, 2);
  run();
  EXPECT_FALSE(under_way()) << "it waits before the next attempt";
  advance(1s);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(last_events(), ids(3, 1)) << "one at a time until one is taken";
  answer_all('s');
  EXPECT_EQ(lane->cursor, 4u) << "and those behind it that were";
  EXPECT_EQ(last_events(), (std::vector<std::string>{"e5", "e10", "e11", "e12"})) << "then all that is left";
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 12u);
  EXPECT_EQ(incidents.back(), "") << "it goes on";
  EXPECT_EQ(notes.outcomes.back().head.attempts, 2u);
}

TEST_F(nats_delivery, probes_a_full_stream_with_one_event_at_the_pace_of_its_schedule) {
  start();
  append(1, 30);
  run();
  answer("ssssuuuuuu");
  for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
    advance(wait - 10ms);
    EXPECT_FALSE(under_way());
    advance(10ms);
    ASSERT_TRUE(under_way());
    EXPECT_EQ(last_events(), ids(5, 1));
    answer("u", false);
  }
  advance(8s);
  answer("s");
  EXPECT_EQ(bursts.back().size(), 10u) << "the window is open again";
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 30u);
  EXPECT_EQ(lane->gauges.endpoint_failed, 6u);
  EXPECT_EQ(incidents, (std::vector<std::string>{"maximum messages exceeded", ""})) << "one line an incident";
}

TEST_F(nats_delivery, buries_what_is_refused_when_its_turn_comes) {
  start();
  append(1, 10);
  run();
  answer("ssrrussrss");
  EXPECT_EQ(letters.all.size(), 2u) << "those at the front";
  EXPECT_EQ(lane->cursor, 4u);
  advance(1s);
  EXPECT_EQ(last_events(), ids(5, 1));
  append(11, 1);
  run();
  answer("s");
  take_everything();
  ASSERT_EQ(letters.all.size(), 3u);
  EXPECT_EQ(letters.all[2].id, "e8");
  EXPECT_EQ(letters.all[2].reason, "too large");
  EXPECT_EQ(letters.all[2].attempts, 1u);
  EXPECT_FALSE(letters.all[2].event.empty());
  EXPECT_EQ(notes.events(settlement::delivered), 8u);
  EXPECT_EQ(notes.events(settlement::dead_lettered), 3u);
  EXPECT_EQ(lane->cursor, 11u);
}

TEST_F(nats_delivery, takes_a_refusal_for_the_event_s_own_fault) {
  break_circuit(1);
  start();
  append(1, 25);
  run();
  answer_all('r');
  EXPECT_FALSE(lane->endpoint->circuit_open());
  EXPECT_TRUE(incidents.empty());
  EXPECT_EQ(bursts.back().size(), 10u) << "the next burst is a full one";
  EXPECT_EQ(letters.all.size(), 10u);
  EXPECT_EQ(notes.outcomes.size(), 1u) << "together, for they have one reason";
  EXPECT_EQ(lane->gauges.condemned, 1u);
}

TEST_F(nats_delivery, waits_for_room_in_the_dead_letters) {
  letters.has_room = false;
  start();
  append(1, 3);
  run();
  answer("rsu");
  advance(30s);
  EXPECT_FALSE(under_way());
  EXPECT_EQ(lane->cursor, 0u);
  letters.has_room = true;
  advance(2s);
  EXPECT_EQ(letters.all.size(), 1u);
  EXPECT_EQ(lane->cursor, 2u);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(last_events(), ids(3, 1));
}

TEST_F(nats_delivery, leaves_a_dead_endpoint_alone_but_for_probes) {
  break_circuit(2);
  start();
  append(1, 40);
  run();
  answer_all('u');
  advance(1s);
  answer_all('u');
  EXPECT_TRUE(lane->endpoint->circuit_open());
  for (const auto wait : {2s, 4s, 8s}) {
    advance(wait - 10ms);
    EXPECT_FALSE(under_way());
    advance(10ms);
    ASSERT_TRUE(under_way());
    EXPECT_EQ(last_events(), ids(1, 1));
    answer_all('u');
  }
  advance(8s);
  answer_all('s');
  EXPECT_FALSE(lane->endpoint->circuit_open());
  take_everything();
  EXPECT_EQ(stream.size(), 40u);
  EXPECT_EQ(notes.events(settlement::delivered), 40u);
}

TEST_F(nats_delivery, that_dies_with_a_burst_in_flight_repeats_it_under_the_same_ids) {
  start();
  append(1, 10);
  run();
  ASSERT_TRUE(under_way());
  kill_delivery();
  append(11, 3);
  start();
  advance(10s);
  EXPECT_EQ(bursts.size(), 1u) << "not before the end of its predecessor's";
  answer("ssuussssss", true, false);
  advance(1s);
  ASSERT_EQ(bursts.size(), 2u);
  EXPECT_EQ(last_events(), ids(1, 10)) << "a window, from the first that is not settled";
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(bursts[1][i].id, bursts[0][i].id);
    EXPECT_EQ(bursts[1][i].body, bursts[0][i].body);
    EXPECT_EQ(bursts[1][i].subject, bursts[0][i].subject);
  }
  take_everything();
  EXPECT_EQ(stream.size(), 13u);
  EXPECT_EQ(notes.events(settlement::delivered), 13u);
}

TEST_F(nats_delivery, rests_while_it_is_paused_and_then_goes_on_with_what_is_left) {
  start();
  append(1, 25);
  run();
  lane->paused = true;
  answer("sussssssss");
  advance(60s);
  EXPECT_EQ(bursts.size(), 1u) << "neither the failed one nor another";
  EXPECT_EQ(lane->cursor, 1u);
  go_on();
  ASSERT_TRUE(under_way());
  EXPECT_EQ(last_events(), ids(2, 1));
  take_everything();
  EXPECT_EQ(stream.size(), 25u);
  EXPECT_EQ(notes.events(settlement::delivered), 25u);
}

TEST_F(nats_delivery, gives_up_nothing_for_its_age_while_it_is_paused) {
  start();
  append(1, 3);
  run();
  lane->paused = true;
  answer_all('u');
  wall_ms += 7'200'000;
  advance(60s);
  EXPECT_TRUE(letters.all.empty()) << "only its backlog's bound may ask for that";
  EXPECT_EQ(bursts.size(), 1u);
}

TEST_F(nats_delivery, gives_way_when_its_backlog_is_full_but_not_with_what_the_stream_has) {
  for (const auto how : {settlement::dead_lettered, settlement::dropped_oldest}) {
    for (const bool pauses : {false, true}) {
      SCOPED_TRACE(pauses);
      notes.outcomes.clear();
      letters.all.clear();
      start();
      const auto before = lane->cursor;
      append(static_cast<int>(before) + 1, 10);
      run();
      lane->paused = pauses;
      relieve({.events = 4, .how = how});
      EXPECT_TRUE(notes.outcomes.empty()) << "not during a burst";
      answer("ususuuuuus");
      advance(100ms);
      EXPECT_EQ(notes.events(how), 4u);
      EXPECT_EQ(notes.events(settlement::delivered), 2u);
      EXPECT_EQ(lane->cursor, before + 6);
      EXPECT_EQ(letters.all.size(), how == settlement::dead_lettered ? 4u : 0u);
      go_on();
      advance(2s);
      take_everything();
      EXPECT_EQ(lane->cursor, before + 10);
      EXPECT_EQ(notes.events(settlement::delivered), 6u);
      kill_delivery();
    }
  }
}

TEST_F(nats_delivery, is_discarded_up_to_a_position_and_goes_on_behind_it) {
  start();
  append(1, 45);
  run();
  relieve({.upto = 33, .how = settlement::discarded});
  answer_all('u');
  advance(10s);
  EXPECT_EQ(notes.events(settlement::discarded), 33u);
  EXPECT_TRUE(letters.all.empty());
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 12u);
}

TEST_F(nats_delivery, gives_up_what_is_too_old_between_two_bursts) {
  start();
  append(1, 3);
  run();
  wall_ms += 1'800'000;
  append(4, 3);
  run();
  answer("usu");
  wall_ms += 1'800'001;  // the first three are over an hour old, the others are not
  advance(1s);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(letters.all.size(), 2u);
  EXPECT_EQ(notes.events(settlement::delivered), 1u) << "the stream has the second";
  EXPECT_EQ(letters.all[0].reason, "older than retry.for, last: maximum messages exceeded");
  EXPECT_EQ(last_events(), ids(4, 1));
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 4u);
  EXPECT_EQ(notes.events(settlement::dead_lettered), 2u);
}

TEST_F(nats_delivery, gives_up_what_is_too_old_in_front_of_an_open_circuit) {
  break_circuit(1, {.initial = 900s, .max = 900s});
  start();
  append(1, 3);
  run();
  answer_all('u');
  wall_ms += 3'600'001;
  advance(9s);
  EXPECT_FALSE(under_way());
  EXPECT_EQ(letters.all.size(), 3u) << "it looks once in the longest wait between two attempts";
}

TEST_F(nats_delivery, holds_the_places_of_a_burst_until_it_is_known_to_have_arrived) {
  limit(10, 5s);
  start();
  append(1, 40);
  advance(1001ms);
  ASSERT_TRUE(under_way());
  EXPECT_EQ(bursts.back().size(), 10u);
  answer_all('s');
  advance(990ms);
  EXPECT_FALSE(under_way());
  advance(20ms);
  ASSERT_TRUE(under_way()) << "a second after the last answer";
  answer("ssssssssss");
  advance(1010ms);
  answer("sssssssssu");
  advance(5990ms);
  EXPECT_FALSE(under_way()) << "what has no answer may still arrive";
  advance(20ms);
  ASSERT_TRUE(under_way());
  answer("u", false);
  advance(2s);
  EXPECT_TRUE(under_way()) << "what was not sent counts for nothing";
}

TEST_F(nats_delivery, never_asks_for_more_places_than_there_are) {
  limit(4, 1s);
  start();
  append(1, 40);
  for (int i = 0; i < 20; ++i) {
    advance(1001ms);
    take_everything();
  }
  EXPECT_EQ(stream, ids(1, 40));
  for (const auto& b : bursts) EXPECT_LE(b.size(), 4u);
}

TEST_F(nats_delivery, ends_when_its_burst_did_and_what_the_stream_has_is_settled) {
  start();
  append(1, 25);
  run();
  caf::anon_send(delivery, drain_a{});
  run();
  answer("srsrssrsss");
  EXPECT_EQ(bursts.size(), 1u);
  EXPECT_EQ(lane->cursor, 10u);
  EXPECT_EQ(notes.events(settlement::delivered), 7u);
  EXPECT_EQ(letters.all.size(), 3u);
}

TEST_F(nats_delivery, closes_an_offer_that_another_kind_left) {
  lane->open_offer = checkpoint::offer_head{.events = 2, .offer = 7, .first = 1, .last = 2};
  lane->offer_durable = true;
  start();
  append(1, 3);
  run();
  ASSERT_EQ(notes.outcomes.size(), 1u);
  EXPECT_EQ(notes.outcomes[0].head.offer, 7u);
  EXPECT_EQ(notes.outcomes[0].head.how, settlement::passed);
  take_everything();
  EXPECT_EQ(notes.events(settlement::delivered), 3u);
}

class nats_delivery_at_random : public nats_delivery, public ::testing::WithParamInterface<unsigned> {};

TEST_P(nats_delivery_at_random, settles_every_event_once_and_in_order_whatever_is_answered) {
  std::mt19937 random(GetParam());
  constexpr std::size_t rate = 30;
  constexpr auto timeout = 2s;
  limit(rate, timeout);
  start();
  std::uint64_t appended = 0;
  std::vector<std::size_t> sizes;
  std::vector<bool> answered;
  const auto step = [&](unsigned bad) {
    advance(std::chrono::milliseconds(random() % 500));
    if (!under_way()) return;
    std::string letters_of;
    for (std::size_t i = 0; i < bursts.back().size(); ++i)
      letters_of += random() % 100 >= bad ? 's' : random() % 3 == 0 ? 'r' : 'u';
    answered.push_back(letters_of.find('u') == std::string::npos);
    if (bad > 0 && random() % 20 == 0) {
      kill_delivery();
      acknowledged.clear();
      answer(letters_of, true, false);
      start();
    } else {
      answer(letters_of);
    }
  };
  for (int i = 0; i < 600; ++i) {
    if (random() % 4 == 0) {
      append(static_cast<int>(appended) + 1, 8);
      appended += 8;
    }
    lane->paused = random() % 10 == 0;
    if (!lane->paused) caf::anon_send(delivery, tick_a{});
    if (random() % 40 == 0) relieve({.events = random() % 5, .how = settlement::dead_lettered});
    step(random() % 3 == 0 ? 100 : 10);
  }
  lane->paused = false;
  caf::anon_send(delivery, tick_a{});
  for (int i = 0; i < 5000 && lane->cursor < appended; ++i) step(0);

  ASSERT_EQ(lane->cursor, appended) << "nothing stays behind";
  EXPECT_GT(bursts.size(), 100u);
  position next = 1;
  for (const auto& o : notes.outcomes) {
    EXPECT_EQ(o.head.first, next);
    next = o.head.last + 1;
  }
  EXPECT_EQ(notes.events(settlement::delivered) + notes.events(settlement::dead_lettered), appended);
  EXPECT_EQ(notes.events(settlement::dead_lettered), letters.all.size());
  std::set<std::string> kept(stream.begin(), stream.end());
  for (const auto& l : letters.all) kept.insert(l.id);
  EXPECT_EQ(kept.size(), appended) << "each is in the stream or with the dead letters";
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const auto from = ended[i] + (answered[i] ? 0s : timeout);
    std::size_t sum = 0;
    for (std::size_t j = 0; j < ended.size(); ++j) {
      if (begun[j] <= from + 1s && ended[j] + (answered[j] ? 0s : timeout) >= from) sum += bursts[j].size();
    }
    EXPECT_LE(sum, rate) << "in any second";
  }
}

INSTANTIATE_TEST_SUITE_P(seed, nats_delivery_at_random, ::testing::Values(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u));

}  // namespace
}  // namespace sluice::testing
