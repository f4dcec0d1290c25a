// The node that `sluice bench` starts for itself when no target is named: a process of the same program, in a
// directory of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "benchmarks/load/target.hpp"
#include "messages/result.hpp"

namespace sluice::cli {

struct own_node_options {
  std::string program = "/proc/self/exe";  ///< called as `program run --config FILE [--set SETTING]…`
  std::string directory;  ///< where its own directory is made; empty: the directory for temporary files
  std::vector<std::string> settings;              ///< `key=value`, passed on
  std::chrono::milliseconds ready_limit{30'000};  ///< from its start until /readyz answers 200
  std::chrono::milliseconds stop_limit{15'000};   ///< from SIGTERM until it ends; then it is killed
};

/// Configuration of a node for measuring: the default rules, destinations that discard, audit to a file, a
/// log of 2 GiB in `directory`, everything on one loopback address.
std::string bench_configuration(const load::target& listens, const std::string& directory);

/// Owns the process and its directory; the destructor ends both. It is in a process group of its own, so that
/// Ctrl-C at the terminal reaches only us, and it is told to stop when we die.
class own_node {
 public:
  /// Returns when it is ready. `interrupted` ends the wait when it becomes positive (stopping).
  static result<own_node> start(const own_node_options& options, const std::atomic<int>& interrupted);

  own_node(own_node&& other) noexcept;
  own_node& operator=(own_node&&) = delete;
  ~own_node();

  const load::target& address() const noexcept { return address_; }
  int pid() const noexcept { return pid_; }
  const std::string& directory() const noexcept { return directory_; }

  /// SIGTERM, waits, and removes the directory. The error arm: it did not end by itself in time, or not with
  /// exit code 0; the end of what it printed stands in the detail.
  result<void> stop();

 private:
  own_node(own_node_options options, load::target address, std::string directory);
  result<void> spawn();
  result<void> wait_until_ready(const std::atomic<int>& interrupted);
  bool wait_for_end(std::chrono::milliseconds limit, int& status);
  std::string last_words() const;

  own_node_options options_;
  load::target address_;
  std::string directory_;
  int pid_ = -1;
};

/// How often a node has committed, from its /metrics; the error arm when it serves none or not this one.
result<std::uint64_t> commits_of(const load::target& node);

}  // namespace sluice::cli
