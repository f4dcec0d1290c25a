// The log with its inner sizes open to tests.
#pragma once

#include <memory>

#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/segment_log.hpp"

namespace sluice::checkpoint {

/// segment_log::open with `setup` instead of the sizes that a node uses. Without threads the keeper works
/// inside `plan`, `commit`, `mark` and `release`, and fetches inside `fetch`: every run is the same.
result<std::unique_ptr<segment_log>> open_log(file_system& files, const log_options& options,
                                              const log_setup& setup, const random_source& random,
                                              dedup_window& window, log_state& state,
                                              recovery_report& report);

/// inspect_log with another segment size.
result<log_summary> inspect_log(file_system& files, const std::string& directory, bool verify,
                                std::uint64_t segment_size);

}  // namespace sluice::checkpoint
