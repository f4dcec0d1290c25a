// A log under test with everything a checkpoint would have around it: window, state, running time, and a
// model in plain vectors of what was acknowledged.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "actors/checkpoint/open_log.hpp"
#include "actors/checkpoint/segment_log.hpp"
#include "tests/support/sample_batch.hpp"

namespace sluice::test {

/// What a reader of the whole log finds: one id an event, in order, and where each group begins.
struct log_content {
  std::vector<std::string> ids;
  std::vector<position> first_positions;  ///< of each group
  friend bool operator==(const log_content&, const log_content&) = default;
};

/// Small segments, no threads: the same run every time.
inline checkpoint::log_setup small_setup(std::uint64_t segment_size = 64 << 10) {
  return {.segment_size = segment_size, .ready_ahead = 2, .chunk_bytes = 32 << 10, .threads = false};
}

class log_run {
 public:
  log_run(checkpoint::file_system& files, std::uint64_t seed, checkpoint::log_setup setup = small_setup());

  checkpoint::log_options options;
  checkpoint::log_setup setup;
  std::size_t max_ids = 4096;
  std::uint64_t window_ms = 24ull * 3600'000;
  std::uint64_t running_ms = 0;
  checkpoint::recovery_report report;
  std::unique_ptr<checkpoint::dedup_window> window;
  checkpoint::log_state state;
  std::unique_ptr<checkpoint::segment_log> log;

  /// Opens, or opens again.
  result<void> open();
  /// One group of one batch with `events` new events, each with `padding` bytes of ballast, and the first id
  /// as that of the subscription. Ids are `<name>-<i>`. errc::log_full when plan says so; errc::overloaded
  /// when it says `coming`. Its events go to `to`.
  result<checkpoint::committed_group_ptr> append(const std::string& name, std::size_t events,
                                                 std::size_t padding = 0, const std::vector<target>& to = {});
  result<void> mark();
  result<void> stop();
  void close() { log.reset(); }
  /// All that is retained, from the files, from `from` on.
  result<log_content> read(position from = 1);

  std::vector<std::string> acknowledged;  ///< ids, in order
  std::string noted;                      ///< as the subscription's id, with the last of them
  /// Groups that were begun since the last one that was acknowledged: refused for want of room, the last one
  /// perhaps under way. A crash may leave one of them, whole.
  std::vector<std::vector<std::string>> pending;
  std::function<void()>
      wait_for_room;  ///< with threads: called when plan says `coming`; then plan is asked again

 private:
  checkpoint::file_system* files_;
  std::mt19937_64 random_;
};

/// `name` and `n` behind it.
std::string numbered(std::string_view name, std::uint64_t n);

/// The ids of a group's events, in order.
std::vector<std::string> ids_of(const checkpoint::committed_group& group);

/// Reads everything behind `after` through `feed`, from memory or files as it says.
result<std::vector<checkpoint::committed_group_ptr>> read_feed(checkpoint::log_feed& feed, group_number after,
                                                               std::size_t bite = 1u << 20);

}  // namespace sluice::test
