// Goal: bad events are condemned alone and their neighbours delivered once, in order. Method: laws against
// simulated receivers that refuse by content or by size.
#include "actors/deliver/isolation.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <set>

namespace sluice::deliver {
namespace {

struct outcome {
  std::vector<std::size_t> delivered, condemned, settled;
  std::size_t attempts = 0;
};

outcome run(std::size_t events, const std::function<bool(isolation::range)>& takes) {
  outcome seen;
  isolation search(events);
  while (!search.done()) {
    const isolation::range tried = search.next();
    ++seen.attempts;
    if (takes(tried)) {
      for (std::size_t i = tried.begin; i < tried.end; ++i) {
        seen.delivered.push_back(i);
        seen.settled.push_back(i);
      }
      search.delivered();
    } else if (const auto alone = search.condemned()) {
      seen.condemned.push_back(*alone);
      seen.settled.push_back(*alone);
    }
  }
  return seen;
}

std::vector<std::size_t> all(std::size_t events) {
  std::vector<std::size_t> numbers(events);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

RC_GTEST_PROP(isolation, condemns_exactly_the_bad_ones, ()) {
  const auto events = *rc::gen::inRange<std::size_t>(2, 600);
  const auto bad = *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, events));
  const outcome seen = run(events, [&](isolation::range r) {
    const auto first = bad.lower_bound(r.begin);
    return first == bad.end() || *first >= r.end;
  });

  std::vector<std::size_t> good;
  for (const std::size_t i : all(events)) {
    if (!bad.contains(i)) good.push_back(i);
  }
  RC_ASSERT(seen.delivered == good);
  RC_ASSERT(seen.condemned == std::vector<std::size_t>(bad.begin(), bad.end()));
  RC_ASSERT(seen.settled == all(events));
  const auto depth = static_cast<std::size_t>(std::bit_width(events - 1));  // ceil(log2 events)
  RC_ASSERT(seen.attempts <= (bad.empty() ? 2 : 2 * bad.size() * depth));
}

RC_GTEST_PROP(isolation, condemns_nobody_for_the_size_of_a_request, ()) {
  const auto events = *rc::gen::inRange<std::size_t>(2, 600);
  const auto most = *rc::gen::inRange<std::size_t>(1, events);
  const outcome seen = run(events, [&](isolation::range r) { return r.end - r.begin <= most; });
  RC_ASSERT(seen.delivered == all(events));
  RC_ASSERT(seen.condemned.empty());
}

RC_GTEST_PROP(isolation, ends_with_a_receiver_that_answers_at_random, ()) {
  const auto events = *rc::gen::inRange<std::size_t>(2, 200);
  const outcome seen = run(events, [&](isolation::range) { return *rc::gen::arbitrary<bool>(); });
  RC_ASSERT(seen.settled == all(events));
  RC_ASSERT(std::ranges::is_sorted(seen.delivered));
}

TEST(isolation, an_endpoint_failure_in_between_changes_nothing) {
  isolation search(5);
  EXPECT_EQ(search.next(), (isolation::range{0, 2}));
  EXPECT_EQ(search.next(), (isolation::range{0, 2})) << "asking is not answering";
  search.delivered();
  EXPECT_EQ(search.next(), (isolation::range{2, 5}));
}

TEST(isolation, an_event_is_condemned_only_alone_even_when_it_must_be_the_one) {
  isolation search(2);
  search.delivered();
  ASSERT_FALSE(search.done());
  EXPECT_EQ(search.next(), (isolation::range{1, 2}));
  EXPECT_EQ(search.condemned(), 1u);
  EXPECT_TRUE(search.done());
}

}  // namespace
}  // namespace sluice::deliver
