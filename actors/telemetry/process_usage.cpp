#include "actors/telemetry/process_usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace sluice::telemetry {
namespace {

double boot_time_seconds() {
  std::ifstream stat("/proc/stat");
  for (std::string word; stat >> word;) {
    double value = 0;
    if (word == "btime" && stat >> value) return value;
  }
  return 0;
}

}  // namespace

process_usage read_process_usage() {
  process_usage usage;
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  // The name in parentheses may hold anything; fields are counted behind it (proc(5): state is the third).
  const auto behind_name = text.rfind(')');
  if (behind_name == std::string::npos) return usage;
  std::istringstream fields(text.substr(behind_name + 2));
  std::string field;
  double user = 0, system = 0, start = 0, pages = 0;
  for (int number = 3; fields >> field; ++number) {
    if (number == 14) user = std::stod(field);
    if (number == 15) system = std::stod(field);
    if (number == 22) start = std::stod(field);
    if (number == 24) pages = std::stod(field);
  }
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = (user + system) / ticks;
  usage.resident_bytes = pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
  usage.start_time_seconds = boot_time_seconds() + start / ticks;
  std::error_code failed;
  for (std::filesystem::directory_iterator d("/proc/self/fd", failed), end; !failed && d != end;
       d.increment(failed)) {
    ++usage.open_descriptors;
  }
  return usage;
}

}  // namespace sluice::telemetry
