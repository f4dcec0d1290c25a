// Goal: an answer for each request after its commit, credit for each group, and a quiet node that writes
// nothing. Method: a log on the simulated disk, commits done at once, virtual time.
#include "actors/checkpoint/actor.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_stages.hpp"
#include "tests/support/inline_executor.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using test::operation_kind;

/// What those around the checkpoint were told.
struct heard {
  std::uint32_t credit = 0;
  std::vector<std::uint64_t> offered;
  int settled = 0, relieved = 0, ticked = 0, samples = 0;
  checkpoint::relief last_relief;
  std::uint64_t sampled_batches = 0;
};

class hearing_producer : public producer_actor::base {
 public:
  hearing_producer(caf::actor_config& config, heard& h) : producer_actor::base(config), h_(h) {}
  behavior_type make_behavior() override {
    return {[this](grant_a, epoch, std::uint32_t n) { h_.credit += n; }};
  }

 private:
  heard& h_;
};

class hearing_delivery : public deliver_actor::base {
 public:
  hearing_delivery(caf::actor_config& config, heard& h) : deliver_actor::base(config), h_(h) {}
  behavior_type make_behavior() override {
    return {[](ready_a) {},
            [](chunk_a, const log_chunk_ptr&) {},
            [this](offered_a, std::uint64_t offer) { h_.offered.push_back(offer); },
            [this](settled_a) { ++h_.settled; },
            [](written_a, const work_result_ptr&) {},
            [](reply_a, const attempt_result_ptr&) {},
            [](reply_a, const burst_result_ptr&) {},
            [this](relieve_a, const checkpoint::relief& what) {
              ++h_.relieved;
              h_.last_relief = what;
            },
            [this](tick_a) { ++h_.ticked; },
            [](drain_a) {}};
  }

 private:
  heard& h_;
};

/// Takes samples and grants nothing: a telemetry that is busy.
class busy_telemetry : public telemetry_actor::base {
 public:
  busy_telemetry(caf::actor_config& config, heard& h) : telemetry_actor::base(config), h_(h) {}
  behavior_type make_behavior() override {
    return {[this](sample_a, const commit_sample_ptr& sample) {
              ++h_.samples;
              h_.sampled_batches += sample->counts.batches;
            },
            [](scrape_a, const scrape_request_ptr&) {}};
  }

 private:
  heard& h_;
};

class checkpoint_stage : public actor_fixture, public ::testing::Test {
 protected:
  static constexpr destination_id destination = 1;

  void start(std::uint64_t audit_backlog = 1 << 30, std::uint64_t backlog = 1 << 30) {
    ASSERT_TRUE(log.open());
    add_destination();
    checkpoint::actor_options o;
    o.log = log.log.get();
    o.window = log.window.get();
    o.state = &log.state;
    o.staging = {.keep_whole = true, .outcome_reserve = 4096, .group_bytes = 16 << 10};
    o.link_window = 2;
    o.audit_backlog = audit_backlog;
    bound.destination = destination;
    bound.max_bytes = backlog;
    o.bounds = {bound};
    o.board = &board;
    o.queue = &queue;
    o.workers = [](const char*) { return std::make_unique<inline_executor>(); };
    o.pause = [this](destination_id of, bool rests) { paused = rests && of == destination; };
    o.failed = [this](const error& why) { failures.push_back(why); };
    checkpoint = checkpoint::spawn_checkpoint(system, std::move(o));
    producer = system.spawn<hearing_producer>(told);
    delivery = system.spawn<hearing_delivery>(told);
    caf::anon_send(checkpoint, open_a{}, epoch{1}, producer);
    caf::anon_send(checkpoint, attach_a{}, target{destination, 0}, delivery);
    run();
  }
  ~checkpoint_stage() override {
    for (const auto& one : {caf::actor_cast<caf::actor>(checkpoint), caf::actor_cast<caf::actor>(producer),
                            caf::actor_cast<caf::actor>(delivery), caf::actor_cast<caf::actor>(telemetry)}) {
      if (one) kill(one);
    }
    checkpoint = checkpoint_actor{};
    producer = producer_actor{};
    delivery = deliver_actor{};
    telemetry = telemetry_actor{};
    run();
  }
  /// One group of one batch with one event; the answers to it.
  const std::vector<result<receipt>>& push(const std::string& id, std::vector<target> to = {},
                                           std::size_t padding = 0) {
    said.push_back(std::make_unique<std::vector<result<receipt>>>());
    auto group = std::make_shared<batch_group>();
    group->batches.push_back(test::make_batch({{.id = id, .targets = std::move(to), .padding = padding}},
                                              1'700'000'000'000, said.back().get()));
    if (told.credit > 0) --told.credit;
    caf::anon_send(checkpoint, push_a{}, epoch{1}, std::move(group));
    run();
    return *said.back();
  }
  void settle(position first, position last, std::uint32_t events) {
    auto outcome = std::make_shared<checkpoint::outcome>();
    outcome->head.destination = destination;
    outcome->head.how = checkpoint::settlement::delivered;
    outcome->head.first = first;
    outcome->head.last = last;
    outcome->head.events = events;
    caf::anon_send(checkpoint, settle_a{}, outcome, delivery);
    run();
  }
  /// The answers to an order, which come once it is durable.
  std::vector<result<std::uint64_t>> order(checkpoint::order_kind what, destination_id of = destination) {
    return *give(what, of);
  }
  auto give(checkpoint::order_kind what, destination_id of)
      -> std::shared_ptr<std::vector<result<std::uint64_t>>> {
    auto answers = std::make_shared<std::vector<result<std::uint64_t>>>();
    auto asked = std::make_shared<checkpoint::order>();
    asked->what = what;
    asked->destination = of;
    asked->who = "127.0.0.1";
    asked->letters = 7;
    asked->redriven = asked_letters;
    asked->done = [this, answers](const result<std::uint64_t>& ended) {
      shown_when_answered = board.get().destinations.at(destination).paused;
      answers->push_back(ended);
    };
    caf::anon_send(checkpoint, order_a{}, std::move(asked));
    run();
    return answers;
  }
  std::uint64_t writes() { return disk.count(operation_kind::write, ".seg"); }

  stage_queue queue;
  heard told;
  std::vector<std::unique_ptr<std::vector<result<receipt>>>> said;
  test::simulated_file_system disk;
  test::log_run log{disk, 5};
  checkpoint::board board;
  checkpoint::redrive_ptr asked_letters = std::make_shared<checkpoint::redrive>();
  std::vector<error> failures;
  bool paused = false;  // what the lanes were told
  bool shown_when_answered = false;
  checkpoint::backlog_bound bound;
  checkpoint_actor checkpoint;
  producer_actor producer;
  deliver_actor delivery;
  telemetry_actor telemetry;

 private:
  void add_destination() {
    checkpoint::group_builder group(log.log->buffers()->take(4096));
    ASSERT_TRUE(group.append_control({checkpoint::control_kind::destination_added, destination, 9, 0, 0},
                                     "warehouse"));
    ASSERT_EQ(log.log->plan(group.disk_bytes()), checkpoint::segment_log::room::here);
    const auto done = log.log->commit(group, {0, 0}, {});
    ASSERT_TRUE(done);
    ASSERT_TRUE(log.state.apply((*done)->header(), (*done)->content()));
  }
};

TEST_F(checkpoint_stage, answers_after_the_commit_and_gives_the_credit_back) {
  start();
  EXPECT_EQ(told.credit, 2u) << "the window";
  const auto& answer = push("a");
  ASSERT_EQ(answer.size(), 1u);
  ASSERT_TRUE(answer[0]);
  EXPECT_EQ(answer[0]->accepted, 1u);
  EXPECT_EQ(told.credit, 2u);
  EXPECT_EQ(log.read().value().ids, std::vector<std::string>{"a"});
  EXPECT_EQ(queue.waiting(), 0);
  EXPECT_EQ(board.get().totals.accepted, 1u);
}

TEST_F(checkpoint_stage, takes_what_a_dead_producer_pushed_and_owes_it_nothing) {
  start();
  kill(producer);
  run();
  EXPECT_EQ(push("a").size(), 1u);
  auto successor = system.spawn<hearing_producer>(told);
  caf::anon_send(checkpoint, open_a{}, epoch{2}, successor);
  told.credit = 0;
  run();
  EXPECT_EQ(told.credit, 2u) << "a new link has the whole window";
  kill(successor);
}

TEST_F(checkpoint_stage, makes_an_offer_durable_before_it_says_so) {
  start();
  push("a", {{destination, 0}});
  checkpoint::offer_head offer;
  offer.destination = destination;
  offer.events = 1;
  offer.offer = offer.first = offer.last = 1;
  const auto before = disk.count(operation_kind::sync, ".seg");
  caf::anon_send(checkpoint, offer_a{}, offer, delivery);
  run();
  EXPECT_EQ(told.offered, std::vector<std::uint64_t>{1});
  EXPECT_GT(disk.count(operation_kind::sync, ".seg"), before);
  EXPECT_EQ(log.state.find(destination)->lanes[0].open_offer->offer, 1u);
}

TEST_F(checkpoint_stage, writes_outcomes_soon_then_a_mark_and_then_nothing_more) {
  start();
  push("a", {{destination, 0}});
  settle(1, 1, 1);
  const auto before = writes();
  EXPECT_EQ(told.settled, 0) << "an outcome alone waits for company";
  advance(99ms);
  EXPECT_EQ(writes(), before);
  advance(2ms);
  EXPECT_EQ(told.settled, 1);
  EXPECT_EQ(writes(), before + 1);
  advance(1s);
  EXPECT_EQ(writes(), before + 2) << "the mark";
  caf::anon_send(checkpoint, audited_a{}, group_number{2}, position{1}, std::uint64_t{100});
  for (int i = 0; i < 100; ++i) advance(1s);
  EXPECT_EQ(writes(), before + 2) << "an idle node writes nothing, audit progress is no reason to";
  push("b");
  EXPECT_EQ(log.state.audited().upto, 2u) << "it rides along";
}

TEST_F(checkpoint_stage, keeps_the_id_of_the_subscription_at_once_and_through_a_crash) {
  start();
  const std::string id = "11111111-1111-4111-8111-111111111111";
  const auto before = writes();
  caf::anon_send(checkpoint, note_a{}, id);
  run();
  EXPECT_EQ(writes(), before + 1) << "a node without batches does not wait for one";
  EXPECT_EQ(log.state.subscription(), id);
  const auto after = disk.crash(0);
  test::log_run again(*after, 6);
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.state.subscription(), id);
  caf::anon_send(checkpoint, note_a{}, std::string());
  run();
  EXPECT_EQ(log.state.subscription(), "") << "there is none any more";
}

TEST_F(checkpoint_stage, pauses_and_resumes_durably_before_it_says_so) {
  using checkpoint::order_kind;
  start();
  const auto before = writes();
  auto answers = order(order_kind::pause);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(writes(), before + 1) << "it waits for no batch";
  EXPECT_TRUE(paused && shown_when_answered);
  EXPECT_EQ(order(order_kind::pause).size(), 1u);
  EXPECT_EQ(writes(), before + 1) << "it is paused already";
  const auto after = disk.crash(0);
  test::log_run again(*after, 6);
  ASSERT_TRUE(again.open());
  EXPECT_TRUE(again.state.find(destination)->paused);
  EXPECT_EQ(told.ticked, 0);
  answers = order(order_kind::resume);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(paused || shown_when_answered);
  EXPECT_EQ(told.ticked, 1) << "the delivery goes on by itself";
  for (const destination_id unknown : {destination_id{0}, destination_id{7}}) {
    answers = order(order_kind::pause, unknown);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].error().code, errc::not_found);
  }
}

TEST_F(checkpoint_stage, has_what_waits_discarded_also_by_who_serves_the_lane_next) {
  start();
  EXPECT_EQ(order(checkpoint::order_kind::discard).at(0), 0u) << "nothing waits";
  EXPECT_EQ(told.relieved, 0);
  push("a", {{destination, 0}});
  push("b", {{destination, 0}});
  EXPECT_EQ(order(checkpoint::order_kind::discard).at(0), 2u);
  push("c", {{destination, 0}});
  for (const int times : {1, 2}) {
    EXPECT_EQ(told.relieved, times);
    EXPECT_EQ(told.last_relief.upto, 2u);
    EXPECT_EQ(told.last_relief.how, checkpoint::settlement::discarded);
    caf::anon_send(checkpoint, attach_a{}, target{destination, 0}, delivery);
    run();
  }
  told.relieved = 0;
  settle(1, 2, 2);
  advance(1s);
  caf::anon_send(checkpoint, attach_a{}, target{destination, 0}, delivery);
  run();
  EXPECT_EQ(told.relieved, 0) << "it is done";
}

TEST_F(checkpoint_stage, owes_redriven_letters_again_but_none_that_still_waits) {
  start();
  for (const char* const id : {"a", "b", "c"}) push(id, {{destination, 0}});
  settle(1, 2, 2);  // given up, say
  advance(1s);
  const auto ask = [this](std::initializer_list<position> at) {
    const auto batch = test::make_batch(
        std::vector<test::sample_event>(at.size(), {.id = "again", .targets = {{destination, 0}}}));
    asked_letters = std::make_shared<checkpoint::redrive>();
    asked_letters->events.entries = batch->events.entries;
    asked_letters->events.targets = batch->targets;
    asked_letters->events.body = batch->done.body();
    for (const position p : at) {
      asked_letters->events.before.push_back({p, 0, 0, 1, 0});
      asked_letters->letters.push_back({0, p});
    }
    return give(checkpoint::order_kind::redrive, destination);
  };
  auto answers = ask({1, 3, 2});
  EXPECT_TRUE(answers->empty()) << "the third may be given up right now";
  for (int i = 0; i < 20; ++i) advance(100ms);
  EXPECT_EQ(answers->at(0), 2u);
  ASSERT_EQ(asked_letters->events.before.size(), 2u);
  EXPECT_EQ(asked_letters->events.before[1].origin, 2u) << "the third still waits";
  EXPECT_EQ(log.state.destinations()[destination].totals.redriven, 2u);
  EXPECT_EQ(log.state.destinations()[destination].totals.pending(), 3u);
  answers = ask({3});
  for (int i = 0; i < 20; ++i) advance(100ms);
  EXPECT_EQ(answers->at(0), 0u);
  EXPECT_EQ(log.state.next_position(), 6u) << "nothing was written";
  answers = ask({3});
  settle(3, 3, 1);
  for (int i = 0; i < 20; ++i) advance(100ms);
  EXPECT_EQ(answers->at(0), 1u) << "what it waited for came";
  for (const destination_id unknown : {destination_id{0}, destination_id{9}}) {
    const auto refused = order(checkpoint::order_kind::redrive, unknown);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].error().code, errc::not_found);
  }
}

TEST_F(checkpoint_stage, notes_which_letters_an_operator_discards) {
  start();
  const auto before = writes();
  EXPECT_EQ(order(checkpoint::order_kind::discard_letters).at(0), 7u);
  EXPECT_EQ(order(checkpoint::order_kind::discard_letters, 0).at(0), 7u) << "quarantined ones as well";
  EXPECT_EQ(writes(), before + 2);
  EXPECT_EQ(order(checkpoint::order_kind::discard_letters, 9).at(0).error().code, errc::not_found);
}

TEST_F(checkpoint_stage, does_not_say_that_it_paused_what_it_could_not_write) {
  start();
  disk.inject({.kind = operation_kind::sync, .sys = EIO, .forever = true, .path_contains = ".seg"});
  EXPECT_TRUE(order(checkpoint::order_kind::pause).empty());
  EXPECT_FALSE(paused);
  EXPECT_EQ(failures.size(), 1u);
  const auto answers = order(checkpoint::order_kind::resume);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].error().code, errc::not_durable);
}

TEST_F(checkpoint_stage, lets_outcomes_ride_with_the_next_commit) {
  start();
  push("a", {{destination, 0}});
  settle(1, 1, 1);
  const auto before = writes();
  push("b");
  EXPECT_EQ(told.settled, 1);
  EXPECT_EQ(writes(), before + 1) << "one commit for both";
}

TEST_F(checkpoint_stage, ends_with_everything_that_waits_committed) {
  start();
  push("a", {{destination, 0}});
  settle(1, 1, 1);
  caf::anon_send(checkpoint, audited_a{}, group_number{2}, position{1}, std::uint64_t{100});
  caf::anon_send(checkpoint, drain_a{});
  run();
  EXPECT_EQ(told.settled, 1);
  EXPECT_EQ(log.state.audited().upto, 2u);
  checkpoint = checkpoint_actor{};
  EXPECT_EQ(system.registry().running(), 2u) << "only the producer and the delivery are left";
}

TEST_F(checkpoint_stage, says_once_that_the_log_failed_and_refuses_from_then_on) {
  start();
  disk.inject({.kind = operation_kind::sync, .sys = EIO, .path_contains = ".seg"});
  const auto &first = push("a"), &second = push("b");
  for (const auto* answer : {&first, &second}) {
    ASSERT_EQ(answer->size(), 1u);
    ASSERT_FALSE((*answer)[0]);
    EXPECT_EQ((*answer)[0].error().code, errc::not_durable);
  }
  EXPECT_EQ(failures.size(), 1u);
  EXPECT_NE(board.get().unhealthy, "");
  EXPECT_EQ(told.credit, 2u);
}

TEST_F(checkpoint_stage, refuses_while_the_audit_is_behind_and_takes_again_when_it_has_caught_up) {
  start(8 << 10);
  for (int i = 0; i < 5; ++i) push("a" + std::to_string(i), {}, 4000);
  const auto& refused = push("b");
  ASSERT_EQ(refused.size(), 1u);
  ASSERT_FALSE(refused[0]);
  EXPECT_EQ(refused[0].error().code, errc::backlog_full);
  const auto upto = log.state.next_group() - 1;
  caf::anon_send(checkpoint, audited_a{}, upto, log.state.next_position() - 1, std::uint64_t{100});
  run();
  EXPECT_TRUE(push("c").at(0)) << "nothing commits while all is refused: the audit's word must be enough";
}

TEST_F(checkpoint_stage, asks_a_destination_over_its_bound_to_give_way_at_most_once_a_second) {
  start(1 << 30, 8 << 10);
  advance(1s);
  for (int i = 0; i < 10; ++i) push("a" + std::to_string(i), {{destination, 0}}, 4000);
  EXPECT_EQ(told.relieved, 1);
  advance(1s);
  push("b", {{destination, 0}});
  EXPECT_EQ(told.relieved, 2);
}

TEST_F(checkpoint_stage, asks_for_way_by_number) {
  bound.max_events = 3;
  start();
  advance(1s);
  for (int i = 0; i < 4; ++i) push("a" + std::to_string(i), {{destination, 0}});
  EXPECT_EQ(told.relieved, 1);
  EXPECT_EQ(told.last_relief.events, 1u);
}

TEST_F(checkpoint_stage, asks_the_lanes_that_hold_the_oldest) {
  bound.max_events = 3;
  start();
  heard second;
  auto other = system.spawn<hearing_delivery>(second);
  caf::anon_send(checkpoint, attach_a{}, target{destination, 2}, other);
  advance(1s);
  for (const lane_id lane : {lane_id{2}, lane_id{0}, lane_id{2}, lane_id{0}})
    push("a" + std::to_string(said.size()), {{destination, lane}});
  EXPECT_EQ(told.relieved, 0);
  EXPECT_EQ(second.relieved, 1);
  EXPECT_EQ(second.last_relief.events, 1u);
  kill(other);
}

TEST_F(checkpoint_stage, asks_lanes_for_way_up_to_the_position_that_the_bound_allows) {
  start(1 << 30, 64 << 10);
  heard second;
  auto other = system.spawn<hearing_delivery>(second);
  caf::anon_send(checkpoint, attach_a{}, target{destination, 1}, other);
  advance(1s);
  push("old", {{destination, 1}});
  while (second.relieved == 0 && said.size() < 100)
    push("a" + std::to_string(said.size()), {{destination, 0}}, 4000);
  ASSERT_EQ(second.relieved, 1);
  EXPECT_EQ(told.relieved, 1);
  const auto upto = second.last_relief.upto;
  EXPECT_EQ(second.last_relief.bytes, 0u) << "its one event is not what fills the log";
  EXPECT_EQ(told.last_relief.upto, upto);
  EXPECT_GT(log.log->bytes_from(upto), 64u << 10);
  EXPECT_LE(log.log->bytes_from(upto + 1), 64u << 10);
  kill(other);
}

TEST_F(checkpoint_stage, asks_for_way_by_age_without_a_commit) {
  std::int64_t oldest_ms = 0;
  bound.max_age = 1h;
  bound.oldest_received_ms = [&] { return oldest_ms; };
  start();
  push("a", {{destination, 0}});
  advance(2s);
  EXPECT_EQ(told.relieved, 0);
  oldest_ms = 1;
  const auto before = writes();
  advance(2s);
  EXPECT_GE(told.relieved, 1) << "nothing came, only time went by";
  EXPECT_GT(told.last_relief.received_before_ms, 1);
  EXPECT_EQ(writes(), before) << "looking writes nothing";
}

TEST_F(checkpoint_stage, has_one_sample_on_its_way_and_adds_up_the_rest) {
  start();
  telemetry = system.spawn<busy_telemetry>(told);
  caf::anon_send(checkpoint, attach_a{}, telemetry);
  run();
  for (int i = 0; i < 5; ++i) push("a" + std::to_string(i));
  EXPECT_EQ(told.samples, 1);
  caf::anon_send(checkpoint, grant_a{}, epoch{0}, std::uint32_t{1});
  run();
  EXPECT_EQ(told.samples, 2);
  EXPECT_EQ(told.sampled_batches, 5u);
}

}  // namespace
}  // namespace sluice::testing
