// Goal: whichever call to the disk fails, once or for ever, nothing acknowledged is lost and the next start
// succeeds. Method: the same scripted run with call N of each kind failing, for N = 1, 2, … until a run meets
// no failure.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

struct fault_case {
  operation_kind kind;
  int sys;
  bool forever;
};
void PrintTo(const fault_case& c, std::ostream* out) {
  *out << to_string(c.kind) << "_" << c.sys << (c.forever ? "_forever" : "_once");
}

class log_fault_test : public testing::TestWithParam<fault_case> {
 protected:
  /// A run with rotation, recycling, a mark, a stop and starts; ends where the log refuses for good.
  static void act(log_run& run) {
    run.options.max_bytes = 7 * run.setup.segment_size;
    if (!run.open()) return;
    for (std::uint64_t i = 0; i < 24; ++i) {
      const auto done = run.append(numbered("g", i), 3, 2500);
      if (!done && done.error().code != errc::no_space && done.error().code != errc::log_full &&
          done.error().code != errc::overloaded) {
        EXPECT_TRUE(done.error().code == errc::io || done.error().code == errc::not_durable)
            << to_string(done.error());
        EXPECT_EQ(run.append("never", 1, 0).error().code, errc::not_durable)
            << "a fault that is final stays final";
        return;
      }
      if (i == 10 && !run.mark()) return;
      if (i > 12) run.log->release(run.state.next_position() - 10, run.state.next_group());
      if (i == 18) {
        const auto stopped = run.stop();
        run.close();
        if (!stopped || !run.open()) return;
        if (!adopt(run)) return;
      }
    }
  }
  /// A start may have found a refused group whole.
  static bool adopt(log_run& run) {
    const auto behind = run.read(run.acknowledged.size() + 1);
    if (!behind) return false;
    if (!behind->ids.empty()) {
      EXPECT_NE(std::ranges::find(run.pending, behind->ids), run.pending.end())
          << "events that were never given";
      run.acknowledged.insert(run.acknowledged.end(), behind->ids.begin(), behind->ids.end());
    }
    run.pending.clear();
    return true;
  }
};

TEST_P(log_fault_test, nothing_acknowledged_is_lost_whichever_call_fails) {
  std::uint64_t n = 1;
  for (bool met = true; met && n < 2000; ++n) {
    SCOPED_TRACE(testing::Message() << "call " << n);
    simulated_file_system disk;
    log_run run(disk, 17);
    disk.inject({.kind = GetParam().kind, .sys = GetParam().sys, .nth = n, .forever = GetParam().forever});
    act(run);
    met = disk.count(GetParam().kind) >= n;
    run.close();
    disk.clear_faults();
    for (const std::uint64_t later : {1u, 0u}) {
      const auto after = disk.crash(later);
      log_run next(*after, 18);
      const auto opened = next.open();
      ASSERT_TRUE(opened) << "refused: " << to_string(opened.error());
      next.acknowledged = run.acknowledged;
      next.pending = run.pending;
      ASSERT_GT(next.state.next_position(), run.acknowledged.size()) << "acknowledged events are lost";
      ASSERT_TRUE(adopt(next));
      ASSERT_EQ(next.state.next_position(), next.acknowledged.size() + 1);
      for (const auto& id : next.acknowledged)
        ASSERT_TRUE(next.window->contains(sample_identity("genesys", id))) << id;
      const auto more = next.append("afterwards", 1, 0);
      ASSERT_TRUE(more) << to_string(more.error());
      const auto summary = inspect_log(*after, "/log", true, next.setup.segment_size);
      ASSERT_TRUE(summary);
      ASSERT_TRUE(summary->damage.empty()) << to_string(summary->damage[0]);
    }
  }
  std::cout << "calls that failed in turn: " << n - 2 << std::endl;
}

constexpr int eio = 5, enospc = 28;
INSTANTIATE_TEST_SUITE_P(
    calls, log_fault_test,
    testing::Values(
        fault_case{operation_kind::write, eio, false}, fault_case{operation_kind::write, enospc, false},
        fault_case{operation_kind::write, enospc, true}, fault_case{operation_kind::sync, eio, false},
        fault_case{operation_kind::sync, eio, true}, fault_case{operation_kind::allocate, enospc, false},
        fault_case{operation_kind::allocate, enospc, true}, fault_case{operation_kind::rename, eio, false},
        fault_case{operation_kind::remove, eio, false},
        fault_case{operation_kind::sync_directory, eio, false},
        fault_case{operation_kind::sync_directory, eio, true}, fault_case{operation_kind::open, 24, false},
        fault_case{operation_kind::open, 24, true}, fault_case{operation_kind::read, eio, false},
        fault_case{operation_kind::list, eio, false}),
    testing::PrintToStringParamName());

}  // namespace
}  // namespace sluice::test
