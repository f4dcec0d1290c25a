// What the checkpoint knows and a scrape or a health check wants to see: copied after each commit, read at
// leisure.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "actors/checkpoint/log_state.hpp"
#include "actors/checkpoint/segment_log.hpp"

namespace sluice::checkpoint {

struct destination_view {
  destination_id id = 0;
  std::string name;
  destination_totals totals;
  std::uint64_t pinned_bytes = 0;
  bool removed = false;
  bool paused = false;
};

/// One consistent moment.
struct board_view {
  event_totals totals;
  std::vector<destination_view> destinations;
  log_counts log;
  std::uint64_t dedup_ids = 0;
  double dedup_effective_window_seconds = 0;
  std::string unhealthy;  ///< why the checkpoint takes nothing, empty when it does
};

/// Thread-safe.
class board {
 public:
  void put(board_view view) {
    const std::lock_guard lock(mutex_);
    view_ = std::move(view);
  }
  board_view get() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  board_view view_;
};

}  // namespace sluice::checkpoint
