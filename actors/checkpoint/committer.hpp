// What writes and syncs, so that no actor ever waits for the disk. One job at a time, handed over whole.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "actors/checkpoint/stager.hpp"
#include "actors/worker.hpp"

namespace sluice {

/// How a job of the committer ended.
struct commit_result {
  bool was_mark = false;
  result<checkpoint::committed_group_ptr> group = nullptr;  ///< null for a mark that went well
  std::chrono::nanoseconds took{0};
};

namespace checkpoint {

class committer {
 public:
  /// `done` runs where the job ran and must only send. Destroyed, it waits for the job under way, whose
  /// `done` is still called.
  committer(segment_log& log, const make_executor& workers,
            std::function<void(std::shared_ptr<commit_result>)> done)
      : log_(log), done_(std::move(done)), thread_(workers("commit")) {}

  /// The caller waits for `done` before the next job; until then the log is the committer's.
  void commit(stager::job job, segment_log::moment when);
  void mark(segment_log::moment when);

 private:
  void run(const std::function<void(commit_result&)>& work);

  segment_log& log_;
  std::function<void(std::shared_ptr<commit_result>)> done_;
  std::unique_ptr<executor> thread_;  // last: its jobs use what stands above
};

}  // namespace checkpoint
}  // namespace sluice
