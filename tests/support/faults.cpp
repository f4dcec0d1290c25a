// Environment variables in, lines out: `sync-begin 123456789`.
#include "tests/support/faults.hpp"

#include <fstream>

namespace sluice::testing {

std::vector<std::pair<std::string, std::string>> fault_environment(const fault_plan& plan) {
  return {{"SLUICE_FAULT_LOG", plan.log.string()},
          {"SLUICE_FAULT_SYNC_DELAY_MS", std::to_string(plan.sync_delay.count())},
          {"SLUICE_FAULT_FAIL_ONCE", plan.fail_once.string()}};
}

std::vector<noted> read_fault_log(const std::filesystem::path& log) {
  std::ifstream in(log);
  std::vector<noted> all;
  for (noted each; in >> each.what >> each.at_ns;) all.push_back(each);
  return all;
}

}  // namespace sluice::testing
