// What the process uses, read from /proc.
#pragma once

#include <cstdint>

namespace sluice::telemetry {

struct process_usage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_descriptors = 0;
  double start_time_seconds = 0;  ///< Unix time
};

/// Zeros for what cannot be read.
process_usage read_process_usage();

}  // namespace sluice::telemetry
