// The thread that writes and syncs, so that no actor ever waits for the disk. One job at a time, handed over whole.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "actors/checkpoint/stager.hpp"

namespace sluice {

/// How a job of the commit thread ended.
struct commit_result {
  bool was_mark = false;
  result<checkpoint::committed_group_ptr> group = nullptr;  ///< null for a mark that went well
  std::chrono::nanoseconds took{0};
};

namespace checkpoint {

class committer {
 public:
  /// `done` runs on the commit thread and must only send.
  committer(segment_log& log, std::function<void(std::shared_ptr<commit_result>)> done);
  ~committer();  ///< finishes the job under way; its `done` is still called

  /// SLUICE_ASSERTs that no job is under way. The log is the commit thread's until `done`.
  void commit(stager::job job, segment_log::moment when);
  void mark(segment_log::moment when);

 private:
  struct order {
    std::optional<stager::job> job;  // none: a mark
    segment_log::moment when;
  };
  void give(order o);
  void run();

  segment_log& log_;
  std::function<void(std::shared_ptr<commit_result>)> done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<order> next_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace checkpoint
}  // namespace sluice
