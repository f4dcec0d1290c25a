// What a process has used, as the kernel counts it: the CPU figures of a measurement come from the outside.
#pragma once

#include <cstdint>

#include "messages/result.hpp"

namespace sluice::load {

struct node_usage {
  double cpu_seconds =
      0;  ///< user and system time of all its threads since it started, in steps of a clock tick (10 ms)
  std::uint64_t rss_peak_bytes = 0;  ///< the largest resident set it has had since it started
};

/// Of a process of this machine, from /proc (proc(5)); not of its children. not_found when it is gone, io
/// when /proc cannot be read.
result<node_usage> usage_of(int pid);

}  // namespace sluice::load
