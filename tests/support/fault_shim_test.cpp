// Goal: the shim delays, fails and notes the syncs of segments and of nothing else. Method: dd, which syncs
// its output.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/faults.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class fault_shim : public ::testing::Test {
 protected:
  /// Writes and syncs a file of that name.
  exit_status write_and_sync(const std::string& name, milliseconds delay = milliseconds(0)) {
    auto environment = fault_environment({log_, delay, trigger_});
    environment.emplace_back("LD_PRELOAD", SLUICE_FAULT_SHIM);
    process dd(
        {"/bin/dd",
         {"if=/dev/zero", "bs=512", "count=1", "conv=fdatasync", "of=" + (dir_.path() / name).string()},
         environment,
         {},
         dir_.path() / "err"});
    const auto how = dd.wait(milliseconds(30'000));
    return how.value_or(exit_status{-1, 0});
  }
  std::vector<std::string> notes() const {
    std::vector<std::string> all;
    for (const noted& each : read_fault_log(log_)) all.push_back(each.what);
    return all;
  }

  const temp_dir dir_;
  const std::filesystem::path log_ = dir_.path() / "faults.log", trigger_ = dir_.path() / "fail";
};

TEST_F(fault_shim, delays_and_notes_a_sync) {
  EXPECT_EQ(write_and_sync("1.seg", milliseconds(50)), exit_status{});
  EXPECT_THAT(notes(), ElementsAre("sync-begin", "sync-done"));
  const auto all = read_fault_log(log_);
  EXPECT_GE(all[1].at_ns - all[0].at_ns, 50'000'000);
}

TEST_F(fault_shim, fails_once_when_asked) {
  write_text(trigger_, "");
  EXPECT_EQ(write_and_sync("1.seg"), (exit_status{1, 0}));
  // dd itself tries fsync after a failed fdatasync, complains all the same.
  EXPECT_THAT(notes(), ElementsAre("sync-begin", "sync-failed", "sync-begin", "sync-done"));
}

TEST_F(fault_shim, leaves_other_files_alone) {
  write_text(trigger_, "");
  for (const char* name : {"delivered.jsonl", "pool-1.seg", "reserve.seg"}) {
    EXPECT_EQ(write_and_sync(name), exit_status{}) << name;
  }
  EXPECT_THAT(notes(), IsEmpty());
}

}  // namespace
}  // namespace sluice::testing
