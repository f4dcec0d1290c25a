// The node's metrics: every name stands in the .cpp beside it and nowhere else.
#pragma once

#include <memory>
#include <string>

namespace sluice {
struct commit_sample;
}

namespace sluice::telemetry {

struct sources;

/// Not thread-safe: the telemetry actor's own. Counters of the log start at 0 with the process.
class registry {
 public:
  explicit registry(const sources& from);
  ~registry();

  /// What one or more commits held.
  void commits(const commit_sample& sample);
  /// Everything else, as it is now, in the Prometheus text format 0.0.4.
  std::string render();

 private:
  struct families;
  std::unique_ptr<families> families_;
};

}  // namespace sluice::telemetry
