// Goal: batches hold what their options say, in both shapes, and every fresh event goes out exactly once
// besides its repeats. Method: many batches from fixed seeds, read back as JSON.
#include "actors/sandbox/batch_maker.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "actors/sandbox/json.hpp"
#include "actors/sandbox/received_body.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds wall(1'768'473'000'000);
const std::vector<std::string> sources{"conversation:transcript", "interaction:analytics", "user:presence",
                                       "my:own"};

struct stream {
  std::vector<batch> batches;
  std::size_t fresh = 0;
};

/// All batches of so many fresh events, the leftovers included.
stream run(const batch_options& options, std::size_t fresh, std::uint64_t number = 1) {
  batch_maker maker(options, number);
  stream made;
  made.fresh = fresh;
  while (fresh > 0 || maker.has_leftovers())
    if (auto next = maker.next(fresh, sources, wall)) made.batches.push_back(std::move(*next));
  return made;
}

struct read_back {
  std::map<identity, int> times;
  std::vector<received_event> order;  ///< first times only
  std::size_t inversions = 0, malformed = 0;
};

read_back read(const stream& of, shape how) {
  read_back all;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> newest;
  for (const batch& one : of.batches) {
    all.malformed += one.malformed ? 1U : 0U;
    if (one.malformed) continue;
    const auto events =
        read_events(one.body, how == shape::envelope ? accepted_shape::envelope : accepted_shape::bare);
    EXPECT_TRUE(events) << one.body;
    if (!events) continue;
    EXPECT_EQ(events->size(), one.events.size());
    for (std::size_t i = 0; i < events->size(); ++i) {
      const received_event& event = (*events)[i];
      EXPECT_EQ(event.what, one.events[i].what);
      EXPECT_EQ(event.source, one.events[i].of.source);
      EXPECT_EQ(one.events[i].repeated, all.times[event.what] > 0) << "repeated means: seen before";
      if (all.times[event.what]++ > 0) continue;
      std::uint64_t& last = newest[{event.stream, event.source}];
      if (event.sequence < last) ++all.inversions;
      last = std::max(last, event.sequence);
      all.order.push_back(event);
    }
  }
  return all;
}

TEST(batch_maker, fills_requests_in_order) {
  const auto made = run({.events = 20}, 1000);
  EXPECT_EQ(made.batches.size(), 50U);
  const auto got = read(made, shape::envelope);
  EXPECT_EQ(got.times.size(), 1000U);
  EXPECT_EQ(got.inversions, 0U);
  EXPECT_EQ(got.malformed, 0U);
  for (const batch& one : made.batches) EXPECT_EQ(one.events.size(), 20U);
}

TEST(batch_maker, sends_one_aws_event_a_request) {
  const auto made = run({.events = 20, .how = shape::eventbridge}, 200);
  EXPECT_EQ(made.batches.size(), 200U);
  const auto got = read(made, shape::eventbridge);
  EXPECT_EQ(got.times.size(), 200U);
  EXPECT_EQ(got.inversions, 0U);
  const json event = json::parse(made.batches[0].body);
  EXPECT_EQ(event["version"], "0");
  EXPECT_TRUE(event["detail"]["eventBody"].is_object());
  EXPECT_EQ(event["time"], "2026-01-15T10:30:00Z");
}

TEST(batch_maker, makes_what_it_was_asked_for_in_either_shape) {
  for (const shape how : {shape::envelope, shape::eventbridge}) {
    constexpr std::size_t fresh = 5000;
    const auto got = read(run({.events = 10, .duplicates = 0.2, .reorder = 0.1, .how = how}, fresh), how);
    EXPECT_EQ(got.times.size(), fresh) << "each goes out";
    std::size_t doubled = 0;
    for (const auto& [what, times] : got.times) {
      EXPECT_LE(times, 2);
      doubled += times == 2 ? 1U : 0U;
    }
    EXPECT_NEAR(static_cast<double>(doubled) / fresh, 0.2, 0.03);
    EXPECT_GT(got.inversions, fresh / 100);
    EXPECT_LT(got.inversions, fresh / 5);
  }
}

TEST(batch_maker, follows_some_requests_by_a_broken_one) {
  for (const shape how : {shape::envelope, shape::eventbridge}) {
    const auto made = run({.events = 10, .malformed = 0.1, .how = how}, 20'000);
    const auto got = read(made, how);
    const std::size_t good = made.batches.size() - got.malformed;
    EXPECT_NEAR(static_cast<double>(got.malformed) / static_cast<double>(good), 0.1, 0.03);
    EXPECT_EQ(got.times.size(), 20'000U) << "nothing is missing for it";
    std::size_t no_json = 0, no_id = 0;
    for (const batch& one : made.batches) {
      if (!one.malformed) continue;
      EXPECT_TRUE(one.events.empty());
      const auto whole = parse_json(one.body);
      ++(whole ? no_id : no_json);
      EXPECT_FALSE(read_events(one.body, accepted_shape::any)) << one.body;
    }
    EXPECT_GT(no_json, got.malformed / 4);
    EXPECT_GT(no_id, got.malformed / 4);
  }
}

TEST(batch_maker, repeats_itself_from_one_seed_only) {
  const batch_options options{.events = 5, .duplicates = 0.1, .reorder = 0.1, .malformed = 0.1, .seed = 4};
  const auto first = run(options, 100), again = run(options, 100), other_stream = run(options, 100, 2);
  ASSERT_EQ(first.batches.size(), again.batches.size());
  for (std::size_t i = 0; i < first.batches.size(); ++i)
    EXPECT_EQ(first.batches[i].body, again.batches[i].body);
  EXPECT_NE(first.batches[0].body, other_stream.batches[0].body);
}

TEST(event_maker, counts_a_sequence_for_each_source_of_its_stream) {
  event_maker maker(1, 7);
  std::map<std::string, std::uint64_t> sequences;
  std::set<std::string> regions, priorities;
  for (int i = 0; i < 500; ++i) {
    const made_event event = maker.make(sources, shape::envelope, wall);
    const json whole = json::parse(event.text);
    EXPECT_EQ(whole["data"]["stream"], 7);
    EXPECT_EQ(whole["data"]["sequence"], ++sequences[event.of.source]);
    EXPECT_EQ(whole["metadata"]["region"], event.of.region);
    EXPECT_EQ(whole["metadata"]["priority"], event.of.priority);
    EXPECT_EQ(whole["timestamp"], "2026-01-15T10:30:00.000Z");
    for (const auto& [name, value] : whole["metadata"].items()) EXPECT_TRUE(value.is_string()) << name;
    regions.insert(event.of.region);
    priorities.insert(event.of.priority);
  }
  EXPECT_EQ(sequences.size(), sources.size()) << "all sources come, those without a model too";
  EXPECT_EQ(regions.size(), 3U);
  EXPECT_EQ(priorities, (std::set<std::string>{"high", "low", "normal"}));
}

TEST(event_maker, knows_the_topics_of_the_platform) {
  for (const char* source :
       {"conversation:start", "conversation:acd.start", "conversation:user.start", "conversation:acw",
        "conversation:end", "conversation:detail", "conversation:attributes", "conversation:message",
        "conversation:transcript", "interaction:analytics", "user:presence", "audit:update"}) {
    event_maker maker(1, 1);
    const json event = json::parse(maker.make({source}, shape::eventbridge, wall).text);
    const std::string topic = text_of(event, "detail-type");
    EXPECT_TRUE(topic.starts_with("v2.") && topic.find("{id}") != topic.npos) << topic;
    EXPECT_EQ(text_of(event["detail"], "topicName").find("{id}"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::sandbox
