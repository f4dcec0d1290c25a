// The program under test, run as an operator runs it: a configuration file, a port, signals. It can be killed
// and started again on the same directory and the same port as often as a test likes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "tests/support/http_peer.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {

/// SLUICE_BINARY of the environment, else the one of this build.
std::string sluice_binary();

/// Every `{name}` of `text` that `values` knows, replaced.
std::string substitute(std::string text, const std::map<std::string, std::string>& values);

class node {
 public:
  /// Writes the configuration, in which `{port}` and `{dir}` stand for a free port and the node's own
  /// directory and every other `{name}` for its value in `more`. Starts nothing.
  explicit node(std::string configuration, std::map<std::string, std::string> more = {});

  void preload(const std::filesystem::path& library,
               std::vector<std::pair<std::string, std::string>> environment);

  void start();      ///< launches and waits until it is ready; throws when it is not
  void launch();     ///< only starts the process
  bool ready();      ///< whether /readyz answers 200 now
  void kill9();      ///< and waits for the end
  void terminate();  ///< SIGTERM, no wait
  std::optional<exit_status> ended(milliseconds patience);  ///< waits for the end
  exit_status stop(
      milliseconds patience = milliseconds(20'000));  ///< SIGTERM and the end; throws when it stays
  void restart();                                     ///< stop and start
  bool running() { return child_ && child_->running(); }

  std::uint16_t port() const noexcept { return port_; }
  std::filesystem::path path(const std::string& name) const { return dir_.path() / name; }  ///< below `{dir}`
  const std::filesystem::path& config_file() const noexcept { return config_; }
  std::string errors() const { return read_text(path("stderr.log")); }
  /// The end of what it said, for failure messages.
  std::string last_words() const;

  http_answer post(std::string_view body, const http_fields& fields = {}) const;
  /// From GET /metrics; 0 where there is no such sample. Throws when the node does not answer.
  double metric(std::string_view name, const labels& wanted = {}) const;

 private:
  temp_dir dir_;
  std::uint16_t port_;
  std::filesystem::path config_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::optional<process> child_;
};

}  // namespace sluice::testing
