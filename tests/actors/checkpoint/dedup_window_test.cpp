// The window against a plain model of it: a set and a queue. Small windows and clashing hashes, so that every
// kind of probe, shift, wrap and eviction occurs.
#include "actors/checkpoint/dedup_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace sluice::checkpoint {
namespace {

using key = std::pair<std::uint64_t, std::uint64_t>;

hash128 id(std::uint64_t low, std::uint64_t high = 0) { return {low, high}; }

/// What the header says, with no thought for speed.
class model {
 public:
  model(std::size_t max_ids, std::uint64_t window_ms) : max_ids_(max_ids), window_ms_(window_ms) {}
  bool insert(key k, std::uint64_t now) {
    if (known_.contains(k)) return false;
    if (queue_.size() == max_ids_) {
      left_ms_ = queue_.front().second;
      pop();
    }
    known_.insert(k);
    queue_.emplace_back(k, now);
    return true;
  }
  void expire(std::uint64_t now) {
    while (begin_ < durable_ && now - queue_.front().second > window_ms_) pop();
  }
  void confirm(std::uint64_t n) { durable_ = n; }
  void roll_back(std::uint64_t n) {
    while (end() > n) {
      known_.erase(queue_.back().first);
      queue_.pop_back();
    }
  }
  bool contains(key k) const { return known_.contains(k); }
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return begin_ + queue_.size(); }
  std::uint64_t durable() const { return durable_; }
  const std::deque<std::pair<key, std::uint64_t>>& queue() const { return queue_; }
  std::uint64_t effective(std::uint64_t now) const {
    return left_ms_ ? std::min(window_ms_, now - *left_ms_) : window_ms_;
  }
  bool full_of_pending() const { return queue_.size() == max_ids_ && begin_ == durable_; }

 private:
  void pop() {
    known_.erase(queue_.front().first);
    queue_.pop_front();
    ++begin_;
  }
  std::size_t max_ids_;
  std::uint64_t window_ms_;
  std::set<key> known_;
  std::deque<std::pair<key, std::uint64_t>> queue_;
  std::uint64_t begin_ = 0, durable_ = 0;
  std::optional<std::uint64_t> left_ms_;
};

void expect_alike(const dedup_window& window, const model& expected, std::uint64_t now) {
  RC_ASSERT(window.begin() == expected.begin());
  RC_ASSERT(window.end() == expected.end());
  RC_ASSERT(window.size() == expected.queue().size());
  RC_ASSERT(window.effective_window_ms(now) == expected.effective(now));
  for (std::uint64_t n = window.begin(); n < window.end(); ++n) {
    const auto& [k, at] = expected.queue()[n - window.begin()];
    RC_ASSERT(window.at(n) == id(k.first, k.second));
    RC_ASSERT(window.running_ms_at(n) == at);
    RC_ASSERT(window.contains(window.at(n)));
  }
}

RC_GTEST_PROP(DedupWindow, IsASetAndAQueue, ()) {
  const auto max_ids = *rc::gen::inRange<std::size_t>(1, 20);
  const auto window_ms = *rc::gen::inRange<std::uint64_t>(0, 40);
  dedup_window window(max_ids, window_ms);
  model expected(max_ids, window_ms);
  std::uint64_t now = 100;
  const auto steps = *rc::gen::inRange<int>(0, 200);
  for (int step = 0; step < steps; ++step) {
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        now += *rc::gen::inRange<std::uint64_t>(0, 15);
        window.expire(now);
        expected.expire(now);
        break;
      case 1: {
        const auto n = *rc::gen::inRange(expected.durable(), expected.end() + 1);
        window.confirm(n);
        expected.confirm(n);
        break;
      }
      case 2: {
        const auto n = *rc::gen::inRange(expected.durable(), expected.end() + 1);
        window.roll_back(n);
        expected.roll_back(n);
        break;
      }
      default: {
        // Few tags for many identities: homes clash, also where the table wraps, and so do whole tags.
        const key k{*rc::gen::element<std::uint64_t>(0, 1, 2, 31, 63, 0xffffffff, 0x1'0000'0000, 0xfffffffe),
                    *rc::gen::inRange<std::uint64_t>(0, 6)};
        if (expected.full_of_pending() && !expected.contains(k)) break;  // asserted against
        RC_ASSERT(window.contains(id(k.first, k.second)) == expected.contains(k));
        RC_ASSERT(window.insert(id(k.first, k.second), now) == expected.insert(k, now));
      }
    }
    expect_alike(window, expected, now);
  }
}

TEST(DedupWindow, StaysASetThroughManyTurnsOfItsRing) {
  constexpr std::size_t max_ids = 1000;
  dedup_window window(max_ids, 1'000'000);
  model expected(max_ids, 1'000'000);
  std::uint64_t random = 88172645463325252ull;
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const key k{random % 3000, 0};
    ASSERT_EQ(window.insert(id(k.first), n), expected.insert(k, n)) << "step " << n;
    window.confirm(window.end());
    expected.confirm(expected.end());
  }
  for (std::uint64_t k = 0; k < 3000; ++k) ASSERT_EQ(window.contains(id(k)), expected.contains({k, 0})) << k;
}

TEST(DedupWindow, CountsAPendingOneAsKnownUntilItIsTakenBack) {
  dedup_window window(10, 1000);
  EXPECT_TRUE(window.insert(id(1), 5));
  window.confirm(1);
  EXPECT_TRUE(window.insert(id(2), 6));
  EXPECT_FALSE(window.insert(id(2), 7));
  window.roll_back(1);
  EXPECT_FALSE(window.contains(id(2)));
  EXPECT_TRUE(window.contains(id(1)));
  EXPECT_TRUE(window.insert(id(2), 8)) << "decided again";
  EXPECT_EQ(window.running_ms_at(1), 8u);
}

TEST(DedupWindow, LetsNothingPendingExpire) {
  dedup_window window(10, 100);
  ASSERT_TRUE(window.insert(id(1), 0));
  window.expire(1000);
  EXPECT_TRUE(window.contains(id(1)));
  window.confirm(1);
  window.expire(1000);
  EXPECT_FALSE(window.contains(id(1)));
}

TEST(DedupWindow, KeepsAnIdentityForTheWholeWindow) {
  dedup_window window(10, 100);
  ASSERT_TRUE(window.insert(id(1), 50));
  window.confirm(1);
  window.expire(150);
  EXPECT_TRUE(window.contains(id(1)));
  window.expire(151);
  EXPECT_FALSE(window.contains(id(1)));
}

TEST(DedupWindow, TellsHowFarItReachesOnceTheOldestHadToLeave) {
  dedup_window window(2, 1000);
  const auto insert = [&](std::uint64_t n, std::uint64_t at) {
    ASSERT_TRUE(window.insert(id(n), at));
    window.confirm(window.end());
  };
  insert(1, 100);
  insert(2, 200);
  EXPECT_EQ(window.effective_window_ms(300), 1000u);
  insert(3, 300);
  EXPECT_EQ(window.effective_window_ms(300), 200u) << "what came at 100 is forgotten";
  EXPECT_EQ(window.effective_window_ms(600), 500u);
  EXPECT_EQ(window.effective_window_ms(5000), 1000u) << "whole again";
}

TEST(DedupWindow, DoesNotLetRunningTimeGoBack) {
  dedup_window window(10, 1000);
  ASSERT_TRUE(window.insert(id(1), 500));
  ASSERT_TRUE(window.insert(id(2), 400));
  EXPECT_EQ(window.running_ms_at(1), 500u);
}

TEST(DedupWindowDeath, EndsWhenEverythingInItIsPending) {
  dedup_window window(2, 1000);
  ASSERT_TRUE(window.insert(id(1), 0));
  ASSERT_TRUE(window.insert(id(2), 0));
  EXPECT_FALSE(window.insert(id(2), 0)) << "a duplicate needs no room";
  EXPECT_DEATH(window.insert(id(3), 0), "broken invariant");
}

TEST(DedupWindow, StatesItsMemory) {
  EXPECT_EQ(dedup_window::memory_bytes(1), 2 * 8u + 24u);
  EXPECT_EQ(dedup_window::memory_bytes(1u << 22), (8u << 23) + 24u * (1u << 22));
}

TEST(DedupWindow, PrefetchesWithoutASideEffect) {
  dedup_window window(4, 1000);
  std::vector<event_entry> entries(20);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].identity = id(i);
  for (std::uint64_t n = 0; n < 4; ++n) ASSERT_TRUE(window.insert(id(n), n));
  window.prefetch(entries);
  EXPECT_EQ(window.size(), 4u);
  EXPECT_FALSE(window.contains(id(5)));
}

}  // namespace
}  // namespace sluice::checkpoint
