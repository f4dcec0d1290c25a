// Goal: programs under test are started, heard, ended and never left behind. Method: shells that do a known
// thing.
#include "tests/support/process.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

TEST(process, gives_what_a_program_said_and_how_it_ended) {
  const finished done = run("/bin/sh", {"-c", "echo said; echo complained >&2; exit 78"});
  EXPECT_EQ(done.how, (exit_status{78, 0}));
  EXPECT_EQ(done.output, "said\n");
  EXPECT_EQ(done.errors, "complained\n");
}

TEST(process, tells_a_signal_from_an_exit) {
  process child({"/bin/sh", {"-c", "kill -9 $$"}, {}, {}, {}});
  EXPECT_EQ(child.wait(milliseconds(10'000)), (exit_status{0, SIGKILL}));
}

TEST(process, adds_to_the_environment) {
  const temp_dir dir;
  process child(
      {"/bin/sh", {"-c", "echo $SLUICE_PROBE"}, {{"SLUICE_PROBE", "here"}}, dir.path() / "out", {}});
  ASSERT_TRUE(child.wait(milliseconds(10'000)));
  EXPECT_EQ(read_text(dir.path() / "out"), "here\n");
}

TEST(process, waits_no_longer_than_asked_and_kills_what_is_left) {
  pid_t pid = 0;
  {
    process child({"/bin/sleep", {"600"}, {}, {}, {}});
    pid = child.pid();
    EXPECT_FALSE(child.wait(milliseconds(20)));
    EXPECT_TRUE(child.running());
  }
  EXPECT_EQ(::kill(pid, 0), -1) << "the child outlived its owner";
}

TEST(process, refuses_what_is_no_program) {
  EXPECT_THROW(process({"/nonexistent/program", {}, {}, {}, {}}), std::runtime_error);
}

}  // namespace
}  // namespace sluice::testing
