// Prepares what the commit thread will need and gives back what nobody needs: side files, the reserve, the
// pool; copies what destinations still need of a segment that is wanted back. Does one piece of work at a
// time, on a thread of its own or inside a call of a test.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/segment_log.hpp"
#include "actors/checkpoint/segment_table.hpp"

namespace sluice::checkpoint {

/// How long identities must be remembered.
struct window_limits {
  std::size_t max_ids = 0;
  std::uint64_t window_ms = 0;
};

/// Its steps run on one thread at a time. Memory: one chunk, and the identities of one segment.
class keeper {
 public:
  /// `found`: numbers of pool files that were there at start. The table must outlive it.
  keeper(log_directory where, const log_options& options, window_limits window, segment_table& table,
         std::vector<std::uint64_t> found);

  /// Works until nothing is left that can be done now, then tells who waits for room if that has changed.
  void run_once();
  /// The thread: works when asked, tries again every second what failed, until `table.stopping`.
  void run();

 private:
  enum class work : std::uint8_t {
    none,
    side,
    reserve,
    adopt,
    grow,
    spill,
    recycle,
    forget_spill,
    forget_side,
    count_
  };
  work choose() const;  ///< under the lock
  bool may(work w) const noexcept { return !failed_[static_cast<std::size_t>(w)]; }
  bool old_side_unneeded() const;
  bool grows() const;
  bool pressed() const;
  bool mostly_others() const;
  result<void> act(work what);

  result<void> write_next_side();
  result<void> make_the_reserve();
  result<void> adopt();
  result<void> grow();
  result<void> spill();
  bool pace(std::uint64_t bytes);
  result<void> recycle();
  result<void> forget_spill();
  result<void> forget_side();
  result<void> prepare(const std::string& path, bool zeroed);
  void fail_log(const error& why);
  void tell_room();

  log_directory where_;
  log_options options_;
  window_limits window_;
  segment_table* table_;
  std::vector<std::uint64_t> found_;
  bool failed_[static_cast<std::size_t>(work::count_)] = {};  ///< what failed in this pass
};

}  // namespace sluice::checkpoint
