// Goal: nothing is made but what is due, nothing is forgotten but what is lost, and the counts always agree.
// Method: a feed in virtual time, its requests answered by the test; then a random endpoint.
#include "actors/sandbox/feed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace sluice::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds wall(0);
const std::vector<std::string> sources{"conversation:transcript"};

class feed_test : public testing::Test {
 protected:
  void open(feed_options options = {}, pace how = {.rate = 100}) {
    feed_.emplace(options, 1, now_);
    feed_->serve(sources, true, how, now_);
  }
  std::optional<shipment> next() { return feed_->next(now_, wall, left_); }
  void end(const shipment& what, int status, std::string_view retry_after = {}) {
    feed_->ended(what.ticket, status, retry_after, now_, owed_);
  }
  void expect_balance() {
    const auto c = feed_->counts();
    EXPECT_GE(c.offered, c.acknowledged + c.lost + c.abandoned);
    if (feed_->idle()) {
      EXPECT_EQ(c.offered, c.acknowledged + c.lost + c.abandoned);
    }
  }

  instant now_ = 10s;
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
  std::optional<feed> feed_;
  owed_events owed_;
};

TEST_F(feed_test, ships_whole_batches_when_they_are_due) {
  open({.batches = {.events = 20}});
  EXPECT_FALSE(next());
  now_ += 199ms;
  EXPECT_FALSE(next());
  EXPECT_LE(feed_->wakes(now_, left_), now_ + 2ms);
  now_ += 2ms;
  const auto first = next();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->body.empty());
  EXPECT_FALSE(next()) << "one connection";
  EXPECT_EQ(feed_->wakes(now_, left_), instant::max()) << "until the answer";
  end(*first, 200);
  EXPECT_EQ(feed_->counts().offered, 20U);
  EXPECT_EQ(feed_->counts().acknowledged, 20U);
  EXPECT_EQ(owed_.size(), 20U);
  EXPECT_TRUE(feed_->idle());
}

TEST_F(feed_test, tries_again_the_same_bytes) {
  open({.batches = {.events = 20}});
  now_ += 300ms;
  const auto first = next();
  const std::string body(first->body);
  end(*first, 503, "2");
  EXPECT_EQ(owed_.size(), 0U);
  now_ += 1999ms;
  auto other = next();
  ASSERT_TRUE(other) << "a fresh one goes past it";
  EXPECT_NE(other->ticket, first->ticket);
  end(*other, 200);
  now_ += 1ms;
  const auto again = next();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->ticket, first->ticket);
  EXPECT_EQ(again->body, body);
  end(*again, 0);
  const auto c = feed_->counts();
  EXPECT_EQ(c.retries, 1U);
  EXPECT_EQ(c.requests, 3U);
  EXPECT_EQ(c.answers, (std::map<int, std::uint64_t>{{0, 1}, {200, 1}, {503, 1}}));
  EXPECT_EQ(feed_->waiting(), 1U);
}

TEST_F(feed_test, loses_what_is_refused_or_tried_too_often) {
  open({.batches = {.events = 20}, .retry = {.initial = 1ms, .max = 1ms, .attempts_max = 3}});
  now_ += 300ms;
  end(*next(), 400);
  EXPECT_EQ(feed_->counts().lost, 20U);
  now_ += 200ms;
  for (int i = 0; i < 3; ++i) {
    end(*next(), 500);
    now_ += 1ms;
  }
  EXPECT_EQ(feed_->counts().lost, 40U);
  EXPECT_TRUE(feed_->idle());
}

TEST_F(feed_test, stops_at_the_last_event_and_sends_what_it_put_off) {
  open({.batches = {.events = 20, .duplicates = 1}});
  left_ = 25;
  now_ += 1s;
  end(*next(), 200);
  end(*next(), 200);
  EXPECT_EQ(left_, 0U);
  while (const auto rest = next()) end(*rest, 200);
  EXPECT_TRUE(feed_->idle());
  EXPECT_EQ(feed_->counts().offered, 25U);
  EXPECT_EQ(feed_->counts().acknowledged, 25U);
  EXPECT_EQ(feed_->counts().duplicates, 25U);
}

TEST_F(feed_test, keeps_still_when_paused_and_finishes_when_its_rate_is_0) {
  open({.batches = {.events = 20, .duplicates = 1}});
  now_ += 300ms;
  end(*next(), 503);
  feed_->serve(sources, false, {.rate = 100}, now_);
  now_ += 100s;
  EXPECT_FALSE(next());
  EXPECT_EQ(feed_->wakes(now_, left_), instant::max());
  feed_->serve(sources, true, {.rate = 0}, now_);
  while (const auto rest = next()) end(*rest, 200);
  EXPECT_TRUE(feed_->idle());
  EXPECT_EQ(feed_->counts().acknowledged, 20U + feed_->counts().lost);
  expect_balance();
}

TEST_F(feed_test, makes_no_more_than_it_may_hold) {
  open({.batches = {.events = 1}, .connections = 1000}, {.rate = 10'000});
  now_ += 1s;
  std::size_t shipped = 0;
  while (next()) ++shipped;
  EXPECT_EQ(shipped, feed::waiting_max);
  now_ += 10s;
  EXPECT_FALSE(next());
  EXPECT_EQ(feed_->wakes(now_, left_), instant::max());
}

TEST_F(feed_test, abandons_what_was_on_its_way) {
  open({.batches = {.events = 20}, .connections = 2});
  now_ += 1s;
  const auto one = next(), two = next();
  end(*one, 200);
  feed_->abandon();
  end(*two, 200);
  EXPECT_EQ(feed_->counts().abandoned, 20U);
  EXPECT_EQ(owed_.size(), 20U);
  EXPECT_TRUE(feed_->idle());
  now_ += 10s;
  EXPECT_FALSE(next());
}

TEST_F(feed_test, counts_broken_batches_apart) {
  open({.batches = {.events = 20, .malformed = 1}});
  now_ += 1s;
  end(*next(), 200);
  end(*next(), 400);
  EXPECT_EQ(feed_->counts().malformed, 1U);
  EXPECT_EQ(feed_->counts().malformed_refused, 1U);
  EXPECT_EQ(feed_->counts().lost, 0U);
  EXPECT_EQ(feed_->counts().offered, 20U);
}

RC_GTEST_PROP(feed, balances_whatever_the_endpoint_answers, (std::uint32_t seed)) {
  dice random(seed);
  instant now = 0s;
  std::uint64_t left = 500;
  owed_events owed;
  feed one({.batches = {.events = 7, .duplicates = 0.2, .reorder = 0.2, .malformed = 0.1, .seed = seed},
            .retry = {.initial = 1ms, .max = 20ms, .attempts_max = 4},
            .connections = 3},
           1, now);
  one.serve({"conversation:transcript", "user:presence"}, true, {.rate = 1000}, now);
  std::vector<std::uint64_t> flying;
  const int statuses[] = {200, 200, 200, 503, 0, 400, 429};
  for (int i = 0; i < 10'000 && (left > 0 || !one.idle()); ++i) {
    while (const auto made = one.next(now, wall, left)) flying.push_back(made->ticket);
    if (!flying.empty()) {
      const std::size_t which = random.below(flying.size());
      one.ended(flying[which], statuses[random.below(std::size(statuses))], "", now, owed);
      flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
    }
    now += 1ms;
    const auto c = one.counts();
    RC_ASSERT(c.offered + left == 500U);
    RC_ASSERT(c.acknowledged + c.lost <= c.offered);
    RC_ASSERT(one.in_flight() == flying.size());
  }
  const auto c = one.counts();
  RC_ASSERT(one.idle());
  RC_ASSERT(c.offered == 500U);
  RC_ASSERT(c.acknowledged + c.lost == c.offered);
  RC_ASSERT(owed.size() >= c.acknowledged);  // a repeat may be acknowledged where the first was lost
}

}  // namespace
}  // namespace sluice::sandbox
