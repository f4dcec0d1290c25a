// A program under test: started, signalled, waited for with a deadline, and never left behind.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/deadline.hpp"

namespace sluice::testing {

/// How a program ended: with `code`, or by `signal` (then not 0).
struct exit_status {
  int code = 0;
  int signal = 0;
  friend bool operator==(const exit_status&, const exit_status&) = default;
};
/// `exit 78` or `signal 9`.
std::string to_string(const exit_status& how);

struct command {
  std::string program;  ///< a path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< on top of the test's own
  std::filesystem::path output;                                  ///< standard output is appended here
  std::filesystem::path errors;                                  ///< standard error likewise
};

/// One child process. The kernel kills it when the thread that started it ends, the destructor before that.
class process {
 public:
  explicit process(const command& what);  ///< throws std::runtime_error when it cannot be started
  ~process();                             ///< kills what still runs
  process(process&& other) noexcept;
  process& operator=(process&&) = delete;

  void signal(int number);  ///< does nothing when it has ended
  bool running();
  /// How it ended, or nothing when it still runs after `patience`.
  std::optional<exit_status> wait(milliseconds patience);
  pid_t pid() const noexcept { return pid_; }

 private:
  void reap(int options);

  pid_t pid_ = -1;
  int handle_ = -1;  // pidfd: readable when the process has ended
  std::optional<exit_status> ended_;
};

/// What a program that runs to its end said.
struct finished {
  exit_status how;
  std::string output;
  std::string errors;
};
/// Runs it; throws std::runtime_error when it does not end within `patience`.
finished run(const std::string& program, const std::vector<std::string>& arguments,
             milliseconds patience = milliseconds(30'000));

}  // namespace sluice::testing
