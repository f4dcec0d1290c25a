// Reads two files of /proc.
#include "benchmarks/load/node_usage.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace sluice::load {

result<node_usage> usage_of(int pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  std::ifstream stat_file(directory + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(stat_file), {}};
  if (stat.empty()) return fail(errc::not_found, "no such process", directory);
  // The name in parentheses may hold anything; the fields behind its end are numbers. utime and stime are
  // fields 14 and 15.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  if (!(fields >> user_ticks >> system_ticks)) return fail(errc::io, "cannot be read", directory + "/stat");

  node_usage usage;
  usage.cpu_seconds = (user_ticks + system_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream status(directory + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    std::uint64_t kibibytes = 0;
    if (!(std::istringstream(line.substr(6)) >> kibibytes))
      return fail(errc::io, "cannot be read", directory + "/status");
    usage.rss_peak_bytes = kibibytes * 1024;
  }
  return usage;
}

}  // namespace sluice::load
