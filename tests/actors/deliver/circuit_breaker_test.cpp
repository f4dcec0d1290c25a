// Goal: a dead endpoint gets one request at a time, at the retry schedule's pace, and a live one is never held
// back. Method: tables on a virtual clock; and requests that begin and end at random.
#include "actors/deliver/circuit_breaker.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;
using state = circuit_breaker::state;

constexpr circuit_options after_three{.opens_after = 3, .retry = {.initial = 1s, .max = 8s}};

/// One request after the other fails as soon as it may begin; ends when the last one did.
instant fail_in_a_row(circuit_breaker& circuit, instant now, int times) {
  for (int i = 0; i < times; ++i) {
    now = circuit.may_begin(now);
    circuit.failed(circuit.begin(now), now, 0.5, std::nullopt);
  }
  return now;
}

TEST(circuit_breaker, opens_after_so_many_failures_in_a_row_and_no_fewer) {
  circuit_breaker circuit(after_three);
  for (int i = 0; i < 10; ++i) {
    fail_in_a_row(circuit, 0s, 2);
    EXPECT_EQ(circuit.now_is(), state::closed);
    circuit.begin(0s);
    circuit.worked();
  }
  fail_in_a_row(circuit, 0s, 3);
  EXPECT_EQ(circuit.now_is(), state::open);
}

TEST(circuit_breaker, probes_at_the_schedules_pace) {
  circuit_breaker circuit(after_three);
  auto now = fail_in_a_row(circuit, 0s, 3);
  for (const instant wait : {2s, 4s, 4s, 4s}) {
    EXPECT_EQ(circuit.may_begin(now), now + wait);
    now = circuit.may_begin(now);
    const auto probe = circuit.begin(now);
    EXPECT_EQ(circuit.now_is(), state::half_open);
    EXPECT_EQ(circuit.may_begin(now), rate_window::never);
    circuit.failed(probe, now, 0.5, std::nullopt);
    EXPECT_EQ(circuit.now_is(), state::open);
  }
}

TEST(circuit_breaker, waits_as_long_as_it_is_told) {
  circuit_breaker circuit(after_three);
  fail_in_a_row(circuit, 0s, 2);
  circuit.failed(circuit.begin(0s), 0s, 0.5, 30s);
  EXPECT_EQ(circuit.may_begin(0s), 30s);
}

TEST(circuit_breaker, waits_no_longer_because_many_requests_were_out_together) {
  circuit_breaker circuit(after_three);
  std::vector<circuit_breaker::request> out;
  for (int i = 0; i < 8; ++i) out.push_back(circuit.begin(0s));
  for (const auto& each : out) circuit.failed(each, 1s, 0.5, std::nullopt);
  EXPECT_EQ(circuit.may_begin(1s), 1s + 500ms) << "the schedule's first wait";
}

TEST(circuit_breaker, closes_at_any_sign_of_life) {
  circuit_breaker circuit(after_three);
  const auto early = circuit.begin(0s);
  auto now = fail_in_a_row(circuit, 0s, 3);
  circuit.worked();  // the early one, answered at last
  EXPECT_EQ(circuit.now_is(), state::closed);
  EXPECT_EQ(circuit.may_begin(now), now);
  now = fail_in_a_row(circuit, now, 3);
  now = circuit.may_begin(now);
  const auto probe = circuit.begin(now);
  circuit.failed(early, now, 0.5, std::nullopt);
  EXPECT_EQ(circuit.now_is(), state::half_open) << "what began before says nothing new";
  circuit.worked();
  now = fail_in_a_row(circuit, now, 3);
  circuit.begin(circuit.may_begin(now));
  circuit.failed(probe, now, 0.5, std::nullopt);
  EXPECT_EQ(circuit.now_is(), state::half_open) << "that was the probe of an earlier time";
}

// With requests that begin whenever they may and end in any order, in any way.
RC_GTEST_PROP(circuit_breaker_laws, one_probe_at_a_time_and_none_before_its_time, ()) {
  const auto opens_after = *rc::gen::inRange<std::uint32_t>(1, 6);
  circuit_breaker circuit({.opens_after = opens_after, .retry = {.initial = 1s, .max = 60s}});
  std::vector<circuit_breaker::request> out;
  instant now = 0s, no_probe_before = 0s;
  std::uint32_t failures = 0;  // since the last sign of life
  std::size_t probes = 0;      // of this opening, not ended
  const auto steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    now += instant(*rc::gen::inRange<std::int64_t>(0, instant(5s).count()));
    if (*rc::gen::element(true, false) || out.empty()) {
      const bool dead = circuit.now_is() != state::closed;
      const auto at = circuit.may_begin(now);
      RC_ASSERT(dead || at == now);
      if (at != now) continue;
      out.push_back(circuit.begin(now));
      if (!dead) continue;
      RC_ASSERT(++probes == 1u);
      RC_ASSERT(now >= no_probe_before);
      continue;
    }
    const auto which = *rc::gen::inRange<std::size_t>(0, out.size());
    const auto request = out[which];
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(which));
    const auto before = circuit.now_is();
    if (*rc::gen::weightedElement<bool>({{1, true}, {3, false}})) {
      circuit.worked();
      failures = 0;
      probes = 0;
      RC_ASSERT(circuit.now_is() == state::closed);
      continue;
    }
    const auto asked = *rc::gen::element<std::int64_t>(0, 0, 7);
    ++failures;
    circuit.failed(request, now, 0.25, asked == 0 ? std::nullopt : std::optional(std::chrono::seconds(asked)));
    if (before == state::closed) RC_ASSERT((circuit.now_is() == state::open) == (failures >= opens_after));
    if (before == state::half_open && circuit.now_is() == state::open) {
      probes = 0;
      no_probe_before = now + (asked == 0 ? instant(250ms) : instant(std::chrono::seconds(asked)));
    }
    if (before == state::closed) no_probe_before = now;
    if (before == state::open) RC_ASSERT(circuit.now_is() == state::open);
  }
}

}  // namespace
}  // namespace sluice::deliver
