// The state after a history of groups, held against what the history says; the same bytes back from its
// record; and no crash from records that lie.
#include "actors/checkpoint/log_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <functional>

#include "tests/support/sample_batch.hpp"

namespace sluice::checkpoint {
namespace {

using test::make_batch;
using test::sample_event;

constexpr std::uint64_t salt = 42;

/// A log in memory: builds groups and applies them.
class history {
 public:
  using fill = std::function<void(group_builder&)>;

  result<void> apply(const fill& with) {
    group_builder group(aligned_buffer(64 << 10));
    with(group);
    running_ms += 10;
    group.close({group_type::data, salt, number, state.next_position(), number - 1, running_ms,
                 1'700'000'000'000, 0});
    ++number;
    return state.apply(group.header(), {group.data() + sizeof(group_header), group.header().content_bytes});
  }
  void must(const fill& with) {
    const auto applied = apply(with);
    ASSERT_TRUE(applied) << to_string(applied.error());
  }
  void refused(const fill& with, const std::string& why) {
    history copy = *this;
    const auto applied = copy.apply(with);
    ASSERT_FALSE(applied) << "expected: " << why;
    EXPECT_EQ(applied.error().code, errc::corrupt);
    EXPECT_THAT(applied.error().detail, testing::HasSubstr(why));
    EXPECT_THAT(applied.error().place, testing::HasSubstr("group "));
  }

  void add(destination_id id, std::string_view name, position at = 0) {
    must([&](group_builder& g) { g.append_control({control_kind::destination_added, id, 0, at, 0}, name); });
  }
  /// `count` events for `targets`.
  void events(std::size_t count, std::vector<target> targets, quarantine why = quarantine::none) {
    must([&](group_builder& g) { append_events(g, count, std::move(targets), why); });
  }
  static void append_events(group_builder& g, std::size_t count, std::vector<target> targets,
                            quarantine why = quarantine::none) {
    std::vector<sample_event> list(count);
    for (auto& e : list) {
      e.targets = targets;
      e.why = why;
    }
    const auto b = make_batch(list);
    EXPECT_TRUE(g.append_batch(*b, std::vector<std::uint8_t>(count, 1), true));
  }
  /// `count` events of before, for `to` once more; their origins are 1, 2, …
  static void append_rewritten(group_builder& g, rewrite_kind kind, std::size_t count, target to,
                               std::uint32_t generation) {
    const auto b = make_batch(std::vector<sample_event>(count, sample_event{.targets = {to}}));
    std::vector<rewritten_event> before;
    for (std::size_t i = 0; i < count; ++i) before.push_back({i + 1, 0, 0, generation, 0});
    EXPECT_TRUE(g.append_rewritten({kind, "operator", before},
                                   {b->received_ms, b->events.entries, b->targets, b->done.body()}));
  }
  void settle(const outcome_head& head) {
    must([&](group_builder& g) { g.append_outcome(head, "", {}); });
  }
  const destination_state& destination(destination_id id) const { return state.destinations().at(id); }

  log_state state;
  group_number number = 1;
  std::uint64_t running_ms = 0;
};

outcome_head settled(destination_id destination, lane_id lane, position first, position last,
                     std::uint32_t events, settlement how = settlement::delivered, std::uint64_t offer = 0) {
  outcome_head head;
  head.destination = destination;
  head.lane = lane;
  head.how = how;
  head.first = first;
  head.last = last;
  head.events = events;
  head.offer = offer;
  return head;
}

TEST(LogState, BeginsWithTheDeadLetters) {
  const log_state state;
  EXPECT_EQ(state.next_position(), 1u);
  EXPECT_EQ(state.next_group(), 1u);
  EXPECT_EQ(state.next_destination(), 1u);
  ASSERT_NE(state.find(dead_letters_name), nullptr);
  EXPECT_EQ(state.find(dead_letters_name)->id, dead_letters_id);
  EXPECT_EQ(state.needed_from(), 1u);
}

TEST(LogState, CountsWhatABatchBrought) {
  history log;
  log.add(1, "warehouse");
  log.must([](group_builder& g) {
    const auto b = make_batch({sample_event{.id = "1", .targets = {{1, 0}}}, sample_event{.id = "2"},
                               sample_event{.id = "3", .why = quarantine::id_missing},
                               sample_event{.id = "4", .targets = {{1, 0}}},
                               sample_event{.id = "5", .targets = {{1, 2}}}});
    const std::uint8_t is_new[] = {1, 1, 1, 0, 1};
    ASSERT_TRUE(g.append_batch(*b, is_new, true));
  });
  EXPECT_EQ(log.state.totals(), (event_totals{1, 5, 3, 1, 1, 1}));
  EXPECT_EQ(log.state.next_position(), 5u);
  EXPECT_EQ(log.state.next_group(), 3u);
  EXPECT_EQ(log.state.running_ms(), 20u);
  EXPECT_EQ(log.destination(1).totals.routed, 2u) << "the duplicate was routed before";
  EXPECT_EQ(log.destination(1).lanes.size(), 3u) << "lanes grow with their events";
  EXPECT_EQ(log.destination(0).totals.routed, 1u) << "quarantined events go to the dead letters";
}

TEST(LogState, SettlesOutOfOrderAndBooksEachEventOnce) {
  history log;
  log.add(1, "warehouse");
  log.events(10, {{1, 0}});
  log.settle(settled(1, 0, 4, 6, 3));
  EXPECT_EQ(log.destination(1).lanes[0].settled.upto(), 0u);
  EXPECT_EQ(log.state.needed_from(), 1u);
  log.settle(settled(1, 0, 1, 3, 3, settlement::dead_lettered));
  EXPECT_EQ(log.destination(1).lanes[0].settled.upto(), 6u);
  log.settle(settled(1, 0, 7, 8, 2, settlement::discarded));
  log.settle(settled(1, 0, 9, 9, 1, settlement::dropped_oldest));
  EXPECT_EQ(log.state.needed_from(), 10u);
  log.settle(settled(1, 0, 10, 10, 1));
  EXPECT_EQ(log.destination(1).totals, (destination_totals{10, 0, 4, 3, 2, 1}));
  EXPECT_EQ(log.destination(1).totals.pending(), 0u);
  EXPECT_EQ(log.state.needed_from(), 11u);
}

TEST(LogState, SettlesTheDeadLettersLikeEveryOther) {
  history log;
  log.events(2, {}, quarantine::id_missing);
  EXPECT_EQ(log.state.needed_from(), 1u);
  log.settle(settled(0, 0, 1, 2, 2));
  EXPECT_EQ(log.state.needed_from(), 3u);
  EXPECT_EQ(log.destination(0).totals.delivered, 2u);
}

TEST(LogState, NeedsNothingForAnIdleDestinationAndStartsItWhereItsNextEventsAre) {
  history log;
  log.add(1, "busy");
  log.add(2, "idle");
  log.events(100, {{1, 0}});
  log.settle(settled(1, 0, 1, 100, 100));
  EXPECT_EQ(log.state.needed_from(), 101u) << "what lies before may be given back";
  log.events(5, {{2, 3}});
  EXPECT_EQ(log.state.needed_from(), 101u) << "and is not asked for again";
  EXPECT_EQ(log.destination(2).lanes[0].settled.upto(), 0u) << "its other lanes got nothing and need nothing";
  EXPECT_EQ(log.destination(2).lanes[3].settled.upto(), 100u);
  // Its reader stood at 0 and settles from there on; what it passed over is settled already.
  log.settle(settled(2, 0, 1, 100, 0, settlement::passed));
  log.settle(settled(2, 3, 1, 105, 5));
  EXPECT_EQ(log.destination(2).totals.pending(), 0u);
  EXPECT_EQ(log.state.needed_from(), 106u);
}

TEST(LogState, CountsWhatEachLaneHolds) {
  history log;
  log.add(1, "split");
  log.events(10, {{1, 0}});
  log.events(10, {{1, 1}});
  log.events(10, {{1, 2}});
  const auto pending = [&] {
    std::vector<std::uint64_t> of;
    for (const lane_state& lane : log.destination(1).lanes) of.push_back(lane.pending);
    return of;
  };
  EXPECT_THAT(pending(), testing::ElementsAre(10, 10, 10));
  log.settle(settled(1, 0, 1, 10, 10));
  EXPECT_THAT(pending(), testing::ElementsAre(0, 10, 10));
  EXPECT_EQ(log.state.needed_from(), 11u) << "the lane that settled everything does not hold the others' log";
  log.settle(settled(1, 2, 1, 30, 10, settlement::dead_lettered));
  EXPECT_EQ(log.state.needed_from(), 11u) << "the lane that stands holds what is its own";
  log.events(5, {{1, 0}});
  EXPECT_EQ(log.destination(1).lanes[0].settled.upto(), 30u) << "it begins where its next events are";
  EXPECT_EQ(log.destination(1).needed_from(99), 11u);
  log.refused([](group_builder& g) { g.append_outcome(settled(1, 2, 31, 35, 1), "", {}); },
              "more events are settled");
  log.settle(settled(1, 1, 1, 20, 10));
  EXPECT_EQ(log.state.needed_from(), 31u);
  log.settle(settled(1, 0, 11, 35, 5));
  EXPECT_THAT(pending(), testing::ElementsAre(0, 0, 0));
  EXPECT_EQ(log.destination(1).needed_from(99), 99u);
}

TEST(LogState, ALaneWithAnOpenOfferIsNotIdle) {
  history log;
  log.add(1, "http");
  log.events(4, {{1, 0}});
  log.must([](group_builder& g) { g.append_offer({1, 0, 4, 1, 1, 4}); });
  log.settle(settled(1, 0, 1, 4, 4));
  EXPECT_EQ(log.destination(1).lanes[0].pending, 0u);
  EXPECT_EQ(log.state.needed_from(), 1u) << "the offer goes out again after a crash: its events are needed";
}

TEST(LogState, StartsANewDestinationBehindWhereItWasAdded) {
  history log;
  log.events(10, {});
  log.add(1, "late", 7);
  EXPECT_EQ(log.destination(1).lanes.at(0).settled.upto(), 7u);
  EXPECT_EQ(log.state.next_destination(), 2u);
  ASSERT_NE(log.state.find("late"), nullptr);
}

TEST(LogState, KeepsOneOfferALaneOpenUntilItsOutcome) {
  history log;
  log.add(1, "http");
  log.events(10, {{1, 0}});
  log.must([](group_builder& g) { g.append_offer({1, 0, 4, 1, 1, 4}); });
  EXPECT_EQ(log.destination(1).lanes[0].open_offer->last, 4u);
  log.refused([](group_builder& g) { g.append_offer({1, 0, 2, 2, 5, 6}); }, "an offer of the lane is open");
  log.refused(
      [](group_builder& g) { g.append_outcome(settled(1, 0, 1, 4, 4, settlement::delivered, 2), "", {}); },
      "not open");
  // One group closes it and opens the next.
  log.must([](group_builder& g) {
    g.append_outcome(settled(1, 0, 1, 2, 2, settlement::delivered, 1), "", {});
    g.append_offer({1, 0, 2, 2, 3, 4});
  });
  EXPECT_EQ(log.destination(1).lanes[0].open_offer->offer, 2u);
  EXPECT_EQ(log.destination(1).lanes[0].last_offer, 2u);
  log.settle(settled(1, 0, 3, 4, 2, settlement::delivered, 2));
  EXPECT_FALSE(log.destination(1).lanes[0].open_offer);
  log.refused([](group_builder& g) { g.append_offer({1, 0, 2, 4, 5, 6}); }, "number does not follow");
  log.refused([](group_builder& g) { g.append_offer({1, 0, 2, 2, 5, 6}); }, "number does not follow");
}

TEST(LogState, KeepsFileLengths) {
  history log;
  log.add(1, "file");
  log.must([](group_builder& g) { g.append_control({control_kind::file_attached, 1, 0, 0, 500}, ""); });
  EXPECT_TRUE(log.destination(1).lanes[0].file_attached);
  EXPECT_EQ(log.destination(1).lanes[0].file_length, 500u);
  log.events(1, {{1, 0}});
  auto head = settled(1, 0, 1, 1, 1);
  head.file_length = 700;
  log.settle(head);
  EXPECT_EQ(log.destination(1).lanes[0].file_length, 700u);
}

TEST(LogState, KeepsTheSubscriptionThatWasNotedLast) {
  history log;
  EXPECT_EQ(log.state.subscription(), "");
  const std::vector<std::string> ids{"11111111-1111-4111-8111-111111111111", "x", std::string(255, 'y'), ""};
  for (const std::string& id : ids) {
    log.must([&](group_builder& g) { g.append_control({control_kind::subscription_noted, 0, 0, 0, 0}, id); });
    EXPECT_EQ(log.state.subscription(), id);
    const auto again = log_state::parse(log.state.serialize());
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(again->subscription(), id);
  }
}

TEST(LogState, KeepsWhatIsPaused) {
  history log;
  log.add(1, "a");
  log.add(2, "b");
  const auto order = [&](control_kind what, destination_id id) {
    log.must([&](group_builder& g) { g.append_control({what, id, 0, 0, 0}, "127.0.0.1"); });
  };
  order(control_kind::destination_paused, 2);
  order(control_kind::destination_paused, 2);
  EXPECT_FALSE(log.destination(1).paused);
  EXPECT_TRUE(log.destination(2).paused);
  const auto again = log_state::parse(log.state.serialize());
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(*again, log.state);
  order(control_kind::destination_resumed, 2);
  EXPECT_FALSE(log.destination(2).paused);
}

TEST(LogState, KeepsADiscardUntilNothingUpToItIsNeeded) {
  history log;
  log.add(1, "a");
  log.events(5, {{1, 0}});
  log.events(5, {{1, 1}});
  const auto discard = [&](position upto) {
    log.must([&](group_builder& g) {
      g.append_control({control_kind::destination_discarded, 1, 0, upto, 0}, "127.0.0.1");
    });
  };
  discard(10);
  log.events(1, {{1, 1}});
  EXPECT_EQ(log.destination(1).discard_upto, 10u);
  const auto again = log_state::parse(log.state.serialize());
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(*again, log.state);
  log.settle(settled(1, 1, 6, 10, 5, settlement::discarded));
  EXPECT_EQ(log.destination(1).discard_upto, 10u) << "one lane still needs what is before";
  log.settle(settled(1, 0, 1, 5, 5, settlement::discarded));
  EXPECT_EQ(log.destination(1).discard_upto, 0u);
  EXPECT_EQ(log.destination(1).totals.pending(), 1u) << "what came later stays";
  discard(10);
  EXPECT_EQ(log.destination(1).discard_upto, 0u) << "there was nothing left of it";
}

TEST(LogState, OwesRedrivenEventsAgainAndKnowsWhichLettersLeave) {
  history log;
  log.add(1, "warehouse");
  log.events(3, {{1, 2}});
  log.settle(settled(1, 2, 1, 3, 3, settlement::dead_lettered));
  log.must([](group_builder& g) { history::append_rewritten(g, rewrite_kind::redrive, 2, {1, 2}, 1); });
  const auto& d = log.destination(1);
  EXPECT_EQ(d.totals.routed, 3u);
  EXPECT_EQ(d.totals.redriven, 2u);
  EXPECT_EQ(d.totals.pending(), 2u);
  EXPECT_EQ(d.lanes[2].pending, 2u);
  EXPECT_EQ(log.state.needed_from(), 4u) << "positions of their own";
  EXPECT_EQ(log.state.next_position(), 6u);
  EXPECT_EQ(log.state.totals().received, 3u) << "nobody sent them again";
  EXPECT_THAT(log.state.leaving(),
              testing::ElementsAre(leaving_letter{1, 0, 0, 1}, leaving_letter{1, 0, 0, 2}));
  EXPECT_EQ(log_state::parse(log.state.serialize()).value(), log.state);
  log.settle(settled(1, 2, 4, 5, 2));
  EXPECT_EQ(log.destination(1).totals.pending(), 0u);
  log.must([](group_builder& g) { history::append_rewritten(g, rewrite_kind::redrive, 1, {1, 0}, 3); });
  EXPECT_THAT(log.state.leaving(), testing::ElementsAre(leaving_letter{1, 0, 2, 1})) << "the last one counts";
}

TEST(LogState, OwesANewDestinationItsBackfillUntilItHasIt) {
  history log;
  log.events(10, {});
  log.must([](group_builder& g) {
    g.append_control({control_kind::destination_added, 1, 0, 10, 1}, "warehouse");
  });
  EXPECT_EQ(log.destination(1).backfill_upto, 10u);
  log.must([](group_builder& g) {
    history::append_rewritten(g, rewrite_kind::backfill, 2, {1, 0}, 0);
    g.append_control({control_kind::backfilled, 1, 0, 4, 0}, "");
  });
  EXPECT_EQ(log.destination(1).backfilled, 4u);
  EXPECT_EQ(log.destination(1).totals.routed, 2u);
  EXPECT_EQ(log.destination(1).totals.pending(), 2u);
  EXPECT_TRUE(log.state.leaving().empty());
  EXPECT_EQ(log_state::parse(log.state.serialize()).value(), log.state);
  const auto came_to = [](position at) {
    return [at](group_builder& g) { g.append_control({control_kind::backfilled, 1, 0, at, 0}, ""); };
  };
  log.refused(came_to(4), "a backfill would go back");
  log.refused(came_to(11), "further than it is owed");
  log.must(came_to(10));
  EXPECT_EQ(log.destination(1).backfilled, 0u);
  EXPECT_EQ(log.destination(1).backfill_upto, 0u);
  log.refused(came_to(10), "further than it is owed");
}

TEST(LogState, LetsARemovedDestinationDrainAndGivesItsNameAgain) {
  history log;
  log.add(1, "gone");
  log.events(3, {{1, 0}});
  log.must([](group_builder& g) {
    g.append_control({control_kind::destination_removed, 1, 0, 0, 0}, "gone");
  });
  EXPECT_EQ(log.state.find("gone"), nullptr);
  EXPECT_EQ(log.state.find(destination_id{1}), nullptr);
  EXPECT_EQ(log.state.needed_from(), 1u) << "it has a backlog";
  log.add(2, "gone", 3);
  EXPECT_EQ(log.state.find("gone")->id, 2u) << "numbers are never given again";
  log.settle(settled(1, 0, 1, 3, 3, settlement::discarded));
  EXPECT_EQ(log.state.needed_from(), 4u);
}

TEST(LogState, RefusesRecordsThatContradictIt) {
  history log;
  log.add(1, "a");
  log.events(10, {{1, 0}});
  log.settle(settled(1, 0, 1, 5, 5));
  log.must([](group_builder& g) { g.append_audited({2, 100}); });
  const auto outcome = [](const outcome_head& head) {
    return [head](group_builder& g) { g.append_outcome(head, "", {}); };
  };
  const auto control = [](control_kind kind, destination_id id, std::string_view name, position at = 0) {
    return [=](group_builder& g) { g.append_control({kind, id, 0, at, 0}, name); };
  };
  log.refused(outcome(settled(1, 0, 2, 4, 3)), "a cursor would go back");
  log.refused(outcome(settled(1, 0, 6, 7, 3)), "more events are settled");
  log.refused(outcome(settled(1, 0, 6, 11, 1)), "not of earlier events");
  log.refused(outcome(settled(1, 0, 7, 6, 0)), "not of earlier events");
  log.refused(outcome(settled(1, 0, 0, 6, 1)), "not of earlier events");
  log.refused(outcome(settled(0, 0, 1, 6, 1)), "more events are settled");
  log.refused(outcome(settled(9, 0, 6, 6, 1)), "destination 9 is unknown");
  log.refused(outcome(settled(1, 1024, 6, 6, 1)), "more than 1024 lanes");
  log.refused(outcome(settled(1, 0, 6, 6, 1, settlement::passed)), "passed over");
  log.refused(outcome(settled(1, 0, 6, 6, 1, settlement::delivered, 1)), "not open");
  log.refused([](group_builder& g) { g.append_offer({1, 0, 1, 1, 6, 99}); }, "not of earlier events");
  log.refused(control(control_kind::destination_added, 3, "b"), "number is not the next");
  log.refused(control(control_kind::destination_paused, 2, "who"), "a destination that is not there");
  log.refused(control(control_kind::destination_resumed, 0, "who"), "a destination that is not there");
  log.refused(control(control_kind::destination_discarded, 2, "who", 1), "a destination that is not there");
  log.refused(control(control_kind::destination_discarded, 1, "who", 0), "not of earlier events");
  log.refused(control(control_kind::destination_discarded, 1, "who", 11), "not of earlier events");
  log.refused(control(control_kind::destination_added, 2, "a"), "in use");
  log.refused(control(control_kind::destination_added, 2, dead_letters_name), "in use");
  log.refused(control(control_kind::destination_added, 2, ""), "no name");
  log.refused(control(control_kind::destination_added, 2, "b", 11), "ahead of the log");
  log.refused(control(control_kind::destination_removed, 1, "b"), "not there");
  log.refused(control(control_kind::destination_removed, 0, dead_letters_name), "not there");
  log.refused(control(control_kind::file_attached, 7, ""), "destination 7 is unknown");
  log.refused(control(control_kind::backfilled, 2, "", 1), "a destination that is not there");
  log.refused(control(control_kind::letters_discarded, 2, "who"), "never was");
  const auto redriven = [](target to, std::uint32_t generation, std::size_t count = 1) {
    return [=](group_builder& g) {
      g.reserve(1u << 20);
      history::append_rewritten(g, rewrite_kind::redrive, count, to, generation);
    };
  };
  log.refused(redriven({2, 0}, 1), "a destination that is not there");
  log.refused(redriven({0, 0}, 1), "a destination that is not there");
  log.refused(redriven({1, 1024}, 1), "more than 1024 lanes");
  log.refused(redriven({1, 0}, 0), "has not been redriven");
  log.refused(
      [](group_builder& g) {
        const auto b = make_batch({sample_event{.targets = {{1, 0}, {1, 1}}}});
        const rewritten_event before{1, 0, 0, 1, 0};
        g.append_rewritten({rewrite_kind::redrive, "", {&before, 1}},
                           {b->received_ms, b->events.entries, b->targets, b->done.body()});
      },
      "more than one target");
  log.refused([](group_builder& g) { g.append_audited({1, 100}); }, "audit's progress");
  log.refused([](group_builder& g) { g.append_audited({99, 100}); }, "audit's progress");
  log.refused([](group_builder& g) { history::append_events(g, 1, {{5, 0}}); }, "destination 5 is unknown");
  log.refused([](group_builder& g) { history::append_events(g, 1, {{1, 2000}}); }, "more than 1024 lanes");
  log.refused([](group_builder& g) { g.append_raw(record_type::dead_letter, {}); },
              "does not belong into the log");
  log.must([](group_builder& g) { g.append_raw(static_cast<record_type>(0x8123), {}); });
}

TEST(LogState, RefusesGroupsThatDoNotFollow) {
  const auto apply = [](history& log, group_number number, position first, std::uint64_t running_ms) {
    group_builder group(aligned_buffer(4096));
    group.close({group_type::data, salt, number, first, 0, running_ms, 0, 0});
    return log.state.apply(group.header(), {});
  };
  history log;
  log.events(3, {});
  EXPECT_FALSE(apply(log, 1, 4, 100)) << "a group that was there before";
  EXPECT_FALSE(apply(log, 2, 3, 100)) << "a position that was given before";
  EXPECT_FALSE(apply(log, 2, 5, 100)) << "a gap in positions";
  EXPECT_FALSE(apply(log, 2, 4, 5)) << "running time that goes back";
  EXPECT_TRUE(apply(log, 5, 4, 100)) << "seals and marks take numbers";
  EXPECT_EQ(log.state.next_group(), 6u);
}

/// A history that uses everything, by a seed.
history random_history() {
  history log;
  const auto destinations = *rc::gen::inRange<destination_id>(1, 4);
  for (destination_id d = 1; d <= destinations; ++d) log.add(d, "destination-" + std::to_string(d));
  const auto steps = *rc::gen::inRange(0, 40);
  for (int i = 0; i < steps; ++i) {
    const auto d = *rc::gen::inRange<destination_id>(1, static_cast<destination_id>(destinations + 1));
    const auto lane = *rc::gen::inRange<lane_id>(0, 3);
    switch (*rc::gen::inRange(0, 8)) {
      case 7:
        if (log.state.next_position() == 1) break;
        log.must([&](group_builder& g) {
          history::append_rewritten(g, rewrite_kind::redrive, 1, {d, lane}, 1);
        });
        break;
      case 6:
        if (log.state.next_position() == 1) break;
        log.must([&](group_builder& g) {
          const auto upto = *rc::gen::inRange<position>(1, log.state.next_position());
          g.append_control({control_kind::destination_discarded, d, 0, upto, 0}, "operator");
        });
        break;
      case 5:
        log.must([&](group_builder& g) {
          g.append_control(
              {*rc::gen::element(control_kind::destination_paused, control_kind::destination_resumed), d, 0,
               0, 0},
              "operator");
        });
        break;
      case 4:
        log.must([&](group_builder& g) {
          g.append_control({control_kind::subscription_noted, 0, 0, 0, 0},
                           "subscription-" + std::to_string(i));
        });
        break;
      case 0:
        log.events(*rc::gen::inRange<std::size_t>(1, 5), {{d, lane}});
        break;
      case 1:
        log.events(1, {}, quarantine::id_empty);
        break;
      default: {
        if (lane >= log.destination(d).lanes.size() || log.destination(d).lanes[lane].pending == 0) break;
        const auto last = *rc::gen::inRange<position>(1, log.state.next_position());
        const auto first = *rc::gen::inRange<position>(1, last + 1);
        const auto& lanes = log.destination(d).lanes;
        const bool open = lanes[lane].open_offer.has_value();
        if (!open && *rc::gen::arbitrary<bool>()) {
          const std::uint64_t next = lanes[lane].last_offer + 1;
          log.must([&](group_builder& g) { g.append_offer({d, lane, 1, next, first, last}); });
        } else if (last > lanes[lane].settled.upto()) {
          log.settle(
              settled(d, lane, first, last, 1, settlement::delivered, open ? lanes[lane].last_offer : 0));
        }
      }
    }
  }
  return log;
}

RC_GTEST_PROP(LogState, ComesBackFromItsRecord, ()) {
  const history log = random_history();
  const auto bytes = log.state.serialize();
  const auto parsed = log_state::parse(bytes);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == log.state);
  RC_ASSERT(parsed->serialize() == bytes);
  RC_ASSERT(parsed->needed_from() == log.state.needed_from());
}

RC_GTEST_PROP(LogState, BalancesAtAllTimes, ()) {
  const history log = random_history();
  const auto& t = log.state.totals();
  RC_ASSERT(t.received == t.accepted + t.duplicates + t.quarantined);
  for (const auto& d : log.state.destinations()) {
    RC_ASSERT(d.totals.pending() <= d.totals.routed + d.totals.redriven);
    std::uint64_t pending = 0;
    position needed = log.state.next_position();
    for (const auto& lane : d.lanes) {
      pending += lane.pending;
      if (lane.idle()) continue;
      needed = std::min(needed, lane.settled.upto() + 1);
      if (lane.open_offer) needed = std::min(needed, lane.open_offer->first);
    }
    RC_ASSERT(pending == d.totals.pending());
    RC_ASSERT(needed == d.needed_from(log.state.next_position()));
    RC_ASSERT(log.state.needed_from() <= needed);
  }
}

RC_GTEST_PROP(LogState, SurvivesARecordThatLies, ()) {
  auto bytes = random_history().state.serialize();
  const auto changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] =
        static_cast<std::byte>(*rc::gen::element<std::uint8_t>(0, 1, 2, 0x7f, 0x80, 0xff));
  }
  if (*rc::gen::arbitrary<bool>()) bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  const auto parsed = log_state::parse(bytes);
  // Either it is refused, or it is a state that is written as it was read.
  if (parsed) RC_ASSERT(log_state::parse(parsed->serialize()).value() == *parsed);
}

TEST(LogState, RefusesEveryCutAndOtherVersions) {
  history log;
  log.add(1, "warehouse");
  log.events(10, {{1, 1}});
  log.settle(settled(1, 1, 5, 6, 2));
  log.must([](group_builder& g) { g.append_offer({1, 1, 1, 1, 7, 8}); });
  log.must([](group_builder& g) {
    g.append_control({control_kind::subscription_noted, 0, 0, 0, 0}, "sub-1");
  });
  auto bytes = log.state.serialize();
  ASSERT_TRUE(log_state::parse(bytes));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = log_state::parse(std::span(bytes).first(length));
    ASSERT_FALSE(cut) << length << " bytes";
    EXPECT_EQ(cut.error().code, errc::corrupt);
  }
  bytes.resize(bytes.size() + 8);
  EXPECT_FALSE(log_state::parse(bytes)) << "more than a state";
  bytes.resize(bytes.size() - 8);
  bytes[4] = std::byte{2};
  EXPECT_EQ(log_state::parse(bytes).error().code, errc::unsupported);
}

TEST(LogState, RefusesARecordWhoseLanesDoNotAddUp) {
  history log;
  log.add(1, "warehouse");
  log.events(10, {{1, 0}});
  auto bytes = log.state.serialize();
  // The last lane of the last destination: upto, file length, last offer, pending, ranges and flags.
  const std::size_t pending = bytes.size() - 16;
  ASSERT_EQ(bytes[pending], std::byte{10});
  for (const auto& [held, why] : {std::pair(9, "hold less"), std::pair(11, "hold more")}) {
    bytes[pending] = static_cast<std::byte>(held);
    const auto parsed = log_state::parse(bytes);
    ASSERT_FALSE(parsed) << held << " of 10 events";
    EXPECT_EQ(parsed.error().code, errc::corrupt);
    EXPECT_THAT(parsed.error().detail, testing::HasSubstr(why));
  }
}

}  // namespace
}  // namespace sluice::checkpoint
