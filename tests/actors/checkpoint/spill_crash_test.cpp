// Goal: whatever moment the power goes or a call fails, a destination whose events were copied still gets all
// of them, once, in order. Method: a scripted run in which segments are copied and given back and copies are
// passed; at each of its changes of the disk several disks as a crash may leave them are opened, some of
// which crash again while they recover; and the same run with call N of each kind failing, for N = 1, 2, …
// SLUICE_SEED replays a run, SLUICE_ROUNDS makes more of them.
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "tests/actors/checkpoint/spill_run.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

/// One step of the script. Errors are those of the log.
class script {
 public:
  explicit script(std::uint64_t seed) : random_(seed) {}

  result<void> step(spill_run& run) {
    const std::uint64_t dice = random_() % 100;
    if (dice < 4) return run.open();  // a crash of the process alone
    if (dice < 6) {
      if (auto stopped = run.base.stop(); !stopped) {
        run.base.close();  // nothing may be done to it any more
        return stopped;
      }
      return run.open();
    }
    if (dice < 9) return run.base.mark();
    if (dice < 25) return run.settle(spill_run::slow, random_() % 6);
    if (dice < 30) return run.settle(spill_run::slow_too, random_() % 20);
    if (dice < 32) return run.settle(spill_run::letters, 20);
    if (dice < 50) return run.settle(spill_run::busy, 200);
    const std::uint64_t slow_one = random_() % 4;
    return run.give(numbered("g", ++given_), 1 + random_() % 6, 300 + random_() % 2500,
                    [&](std::size_t e) -> std::vector<target> {
                      if (e == slow_one) return {spill_run::busy, spill_run::slow};
                      if (e == 4) return {spill_run::slow_too};
                      if (e == 5) return {spill_run::letters};
                      return {spill_run::busy};
                    });
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t given_ = 0;
};

/// What a start relies on must be durable by now, whatever it was before.
void check_durable(simulated_file_system& disk, const spill_run& before, std::uint64_t seed) {
  spill_run second(disk, seed);
  second.base.options = before.base.options;
  const auto reopened = second.base.open();
  ASSERT_TRUE(reopened) << "second start refused: " << to_string(reopened.error());
  expect_owed_after(second, before);
  const auto summary = inspect_log(disk, "/log", true, second.base.setup.segment_size);
  ASSERT_TRUE(summary);
  ASSERT_TRUE(summary->damage.empty()) << to_string(summary->damage[0]);
}

/// Opens `disk` as a start would, compares, sometimes opens what that start made durable once more, and goes
/// on.
void check(simulated_file_system& disk, const spill_run& before, std::uint64_t seed, bool crash_in_recovery,
           std::uint64_t& images) {
  ++images;
  spill_run run(disk, seed);
  run.base.options = before.base.options;
  std::uint64_t inner = seed;
  if (crash_in_recovery) {
    disk.on_change([&](const operation&) {
      if (testing::Test::HasFailure()) return;
      const auto again = disk.crash(++inner % 7 == 0 ? 0 : inner);
      check(*again, before, inner * 31, false, images);
    });
  }
  const auto opened = run.base.open();
  disk.on_change({});
  ASSERT_TRUE(opened) << "refused: " << to_string(opened.error());
  if (run.base.state.destinations().size() == 1) return;  // before the destinations were declared
  expect_owed_after(run, before);
  if (testing::Test::HasFailure()) return;
  if (seed % 4 == 0) check_durable(*disk.crash(0), run, seed + 1);
  run.tell();
  const auto done =
      run.give("afterwards", 2, 100, [](std::size_t) -> std::vector<target> { return {spill_run::slow}; });
  ASSERT_TRUE(done) << to_string(done.error());
  expect_owed(run);
}

TEST(spill_crash_test, power_loss_at_every_change_of_the_disk) {
  const std::uint64_t first = from_environment("SLUICE_SEED", 40);
  const std::uint64_t rounds = from_environment("SLUICE_ROUNDS", 1);
  std::uint64_t images = 0, changes = 0, of_spills = 0;
  for (std::uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    std::cout << "seed=" << seed << std::endl;
    simulated_file_system disk;
    spill_run run(disk, seed);
    script steps(seed);
    std::mt19937_64 random(seed);
    disk.on_change([&](const operation& o) {
      if (HasFailure()) return;
      ++changes;
      of_spills += o.path.find(".spill") != std::string::npos;
      for (const std::uint64_t mode : {std::uint64_t{0}, std::uint64_t{1}, 2 + random() % 1'000'000}) {
        SCOPED_TRACE(testing::Message() << "seed=" << seed << " change " << changes << " before "
                                        << to_string(o.kind) << " " << o.path << " crash seed " << mode);
        const auto left = disk.crash(mode);
        check(*left, run, mode + changes, (changes + mode) % 29 == 0, images);
        if (HasFailure()) return;
      }
    });
    ASSERT_TRUE(run.open());
    for (int i = 0; i < 110 && !HasFailure(); ++i) {
      const auto done = steps.step(run);
      ASSERT_TRUE(done) << "step " << i << ": " << to_string(done.error());
    }
    disk.on_change({});
  }
  std::cout << changes << " changes of the disk, " << of_spills << " of them of copies, " << images
            << " images opened" << std::endl;
  EXPECT_GT(of_spills, 40u);
}

TEST(spill_crash_test, a_start_keeps_copies_until_the_cursor_that_passed_them_is_durable) {
  simulated_file_system disk;
  spill_run run(disk, 3);
  ASSERT_TRUE(run.open());
  for (std::uint64_t i = 0; i < 60; ++i) {
    ASSERT_TRUE(run.give(numbered("g", i), 10, 1500, [](std::size_t e) -> std::vector<target> {
      return {e == 3 ? spill_run::slow : spill_run::busy};
    }));
    ASSERT_TRUE(run.settle(spill_run::busy, 10));
  }
  ASSERT_FALSE(run.spill_files(disk).empty());
  // The outcome is written, and the process ends before it is durable.
  disk.inject({.kind = operation_kind::sync, .sys = 5, .nth = 1, .path_contains = ".seg"});
  ASSERT_FALSE(run.settle(spill_run::slow, 55));
  disk.clear_faults();
  run.base.close();
  const auto copies = run.spill_files(disk).size();
  spill_run next(disk, 4);
  next.base.options = run.base.options;
  std::uint64_t seed = 0, images = 0;
  disk.on_change([&](const operation& o) {
    for (int i = 0; i < 10 && !HasFailure(); ++i) {
      SCOPED_TRACE(testing::Message()
                   << "before " << to_string(o.kind) << " " << o.path << " crash seed " << seed);
      const auto left = disk.crash(seed++);
      check(*left, run, seed, false, images);
    }
  });
  ASSERT_TRUE(next.base.open());
  disk.on_change({});
  expect_owed_after(next, run);
  EXPECT_LT(next.spill_files(disk).size(), copies) << "nothing was passed, nothing is shown";
}

struct fault_case {
  operation_kind kind;
  int sys;
  bool forever;
  const char* path;
};
void PrintTo(const fault_case& c, std::ostream* out) {
  *out << to_string(c.kind) << "_" << c.sys << (c.forever ? "_forever" : "_once")
       << (*c.path == '\0' ? "" : "_of_copies");
}

class spill_fault_test : public testing::TestWithParam<fault_case> {};

TEST_P(spill_fault_test, nothing_owed_is_lost_whichever_call_fails) {
  std::uint64_t n = 1, images = 0;
  for (bool met = true; met && n < 2000 && !HasFailure(); ++n) {
    SCOPED_TRACE(testing::Message() << "call " << n);
    simulated_file_system disk;
    spill_run run(disk, 11);
    run.base.options.max_bytes = 7 * run.base.setup.segment_size;
    ASSERT_TRUE(run.open());
    disk.inject({.kind = GetParam().kind,
                 .sys = GetParam().sys,
                 .nth = n,
                 .forever = GetParam().forever,
                 .path_contains = GetParam().path});
    const auto before = disk.count(GetParam().kind, GetParam().path);
    script steps(12);
    bool whole = true;
    for (int i = 0; i < 110; ++i) {
      const auto done = steps.step(run);
      if (done || done.error().code == errc::no_space || done.error().code == errc::log_full) {
        // A failed start leaves no log to go on with.
        if (run.base.log != nullptr) continue;
      }
      ASSERT_FALSE(done);
      ASSERT_TRUE(done.error().code == errc::io || done.error().code == errc::no_space ||
                  done.error().code == errc::not_durable)
          << to_string(done.error());
      whole = false;
      break;
    }
    met = disk.count(GetParam().kind, GetParam().path) - before >= n;
    disk.clear_faults();
    if (whole && run.begun.empty()) expect_owed(run);
    run.base.close();
    for (const std::uint64_t mode : {0u, 1u}) {
      const auto left = disk.crash(mode);
      check(*left, run, n + mode, false, images);
      if (HasFailure()) return;
    }
  }
  std::cout << "calls that failed in turn: " << n - 2 << std::endl;
}

constexpr int eio = 5, enospc = 28;
INSTANTIATE_TEST_SUITE_P(calls, spill_fault_test,
                         testing::Values(fault_case{operation_kind::write, eio, false, ".spill"},
                                         fault_case{operation_kind::write, enospc, false, ".spill"},
                                         fault_case{operation_kind::write, enospc, true, ".spill"},
                                         fault_case{operation_kind::write, enospc, false, ""},
                                         fault_case{operation_kind::sync, eio, false, ""},
                                         fault_case{operation_kind::sync, eio, true, ".spill"},
                                         fault_case{operation_kind::rename, eio, false, ""},
                                         fault_case{operation_kind::remove, eio, false, ""},
                                         fault_case{operation_kind::remove, eio, true, ".spill"},
                                         fault_case{operation_kind::sync_directory, eio, false, ""},
                                         fault_case{operation_kind::open, 24, false, ""},
                                         fault_case{operation_kind::open, 24, true, ".spill"},
                                         fault_case{operation_kind::truncate, eio, false, ""},
                                         fault_case{operation_kind::read, eio, false, ""},
                                         fault_case{operation_kind::allocate, enospc, false, ""}),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace sluice::test
