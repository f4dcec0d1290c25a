// Goal: whatever happens to batches, every event leaves once and in order, and no batch is larger than it may
// be. Method: tables of sizes; and a receiver that takes, condemns and fails at random.
#include "actors/deliver/hand.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;

dead_letter event(position at, std::size_t bytes, std::int64_t received_ms = 0) {
  dead_letter e;
  e.at = at;
  e.received_ms = received_ms;
  e.event = std::string(bytes, 'x');
  return e;
}

auto accepted_by(std::int64_t ms) {
  return [ms](const dead_letter& e) { return e.received_ms <= ms; };
}

std::vector<std::size_t> batches(hand& of) {
  std::vector<std::size_t> sizes;
  while (of.form()) sizes.push_back(of.delivered().size());
  return sizes;
}

TEST(hand, cuts_batches_by_events_and_by_bytes) {
  struct row {
    const char* what;
    std::size_t events, bytes;
    std::vector<std::size_t> weights, batches;
  };
  for (const row& r : std::vector<row>{
           {"nothing", 10, 100, {}, {}},
           {"by events", 2, 100, {1, 1, 1, 1, 1}, {2, 2, 1}},
           {"one a request", 1, 100, {1, 1}, {1, 1}},
           {"by bytes, to the last one", 10, 100, {50, 50, 50}, {2, 1}},
           {"never beyond the bytes", 10, 100, {60, 41, 59}, {1, 2}},
           {"a larger one alone", 10, 100, {10, 101, 10}, {1, 1, 1}},
           {"a larger one alone, first", 10, 100, {500, 10, 10}, {1, 2}},
       }) {
    hand h(r.events, r.bytes);
    position at = 0;
    for (const auto bytes : r.weights) h.take(event(++at, bytes), 0s);
    EXPECT_EQ(batches(h), r.batches) << r.what;
    EXPECT_TRUE(h.empty()) << r.what;
  }
}

TEST(hand, wants_no_more_than_a_batch_may_have) {
  hand few(3, 100);
  for (position at = 1; at <= 3; ++at) {
    EXPECT_TRUE(few.wants());
    few.take(event(at, 1), 0s);
  }
  EXPECT_FALSE(few.wants());
  EXPECT_TRUE(few.wants(4)) << "an offer's events are wanted, however many";
  hand heavy(3, 100);
  heavy.take(event(1, 100), 0s);
  EXPECT_FALSE(heavy.wants());
}

TEST(hand, gathers_from_the_first_that_waits_until_a_batch_is_full) {
  hand h(3, 100);
  EXPECT_FALSE(h.gathers_since());
  h.take(event(1, 1), 5s);
  h.take(event(2, 1), 6s);
  EXPECT_EQ(h.gathers_since(), 5s);
  h.take(event(3, 1), 7s);
  EXPECT_FALSE(h.gathers_since()) << "full";
  h.form();
  h.take(event(4, 100), 8s);
  EXPECT_FALSE(h.gathers_since()) << "full, by bytes";
  h.condemned();
  EXPECT_FALSE(h.gathers_since()) << "an isolation waits for nothing";
}

TEST(hand, forms_an_offer_when_all_its_events_are_there) {
  hand h(2, 10);
  for (position at = 1; at <= 4; ++at) {
    EXPECT_FALSE(h.form_offered(4));
    h.take(event(at, 9), 0s);
  }
  EXPECT_TRUE(h.form_offered(4));
  EXPECT_EQ(h.batch().size(), 4u);
}

TEST(hand, gives_up_what_is_wanted_and_keeps_the_others_in_their_order) {
  hand h(10, 1000);
  for (position at = 1; at <= 6; ++at) h.take(event(at, 1, static_cast<std::int64_t>(at)), 0s);
  h.form();
  h.condemned();
  h.form();  // the first half
  EXPECT_TRUE(h.give_up(accepted_by(0)).empty());
  EXPECT_TRUE(h.isolating());
  const auto gone = h.give_up(accepted_by(2));
  EXPECT_EQ(gone.size(), 2u);
  EXPECT_FALSE(h.isolating());
  EXPECT_EQ(h.oldest_received_ms(), 3);
  EXPECT_TRUE(h.give_up(accepted_by(2)).empty()) << "without a batch it is what waits";
  EXPECT_EQ(h.give_up(accepted_by(3)).size(), 1u);
  h.form();
  EXPECT_EQ(h.batch().size(), 3u);
}

RC_GTEST_PROP(hand_laws, every_event_leaves_once_in_order_and_no_batch_is_too_large, ()) {
  const auto events = *rc::gen::inRange<std::size_t>(1, 20), bytes = *rc::gen::inRange<std::size_t>(1, 200);
  hand h(events, bytes);
  position taken = 0, left = 0;
  const auto leave = [&](const std::vector<dead_letter>& gone) {
    for (const auto& e : gone) RC_ASSERT(e.at == ++left);
  };
  const auto steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    while (h.wants() && *rc::gen::weightedElement<bool>({{4, true}, {1, false}})) {
      ++taken;
      h.take(event(taken, *rc::gen::inRange<std::size_t>(0, 80), static_cast<std::int64_t>(taken)), 0s);
    }
    if (h.batch().empty() && !h.form()) continue;
    std::size_t weight = 0;
    for (const auto& e : h.batch()) weight += e.event.size();
    RC_ASSERT(h.batch().size() <= events);
    RC_ASSERT(weight <= bytes || h.batch().size() == 1u);
    RC_ASSERT(h.batch().front().at == left + 1);
    RC_ASSERT(h.oldest_received_ms() == static_cast<std::int64_t>(left + 1));
    switch (*rc::gen::weightedElement<int>({{4, 0}, {4, 1}, {1, 2}, {1, 3}, {2, 4}})) {
      case 0:
        leave(h.delivered());
        break;
      case 1: {
        const auto size = h.batch().size();
        const auto gone = h.condemned();
        RC_ASSERT(gone.size() == (size == 1u ? 1u : 0u));
        leave(gone);
        break;
      }
      case 2:
        leave(h.give_up([](const dead_letter&) { return true; }));
        break;
      case 3:
        leave(h.condemned());  // so that between two batches there is a rest
        leave(h.give_up(accepted_by(static_cast<std::int64_t>(left + *rc::gen::inRange<position>(0, 10)))));
        break;
      default:
        break;  // the endpoint failed: the batch stays
    }
  }
  while (!h.empty()) {
    if (h.batch().empty()) h.form();
    leave(h.delivered());
  }
  RC_ASSERT(left == taken);
}

}  // namespace
}  // namespace sluice::deliver
