// The log's feed: publishes what is durable, wakes who waits for it, and serves laggards on a thread of its
// own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "actors/checkpoint/fetched_runs.hpp"
#include "actors/checkpoint/log_feed.hpp"
#include "actors/checkpoint/segment_fetcher.hpp"
#include "actors/checkpoint/tail_ring.hpp"

namespace sluice::checkpoint {

class tail_feed final : public log_feed {
 public:
  /// `last`: the newest data group before this start. With `thread`, fetches run on a thread until `stop`;
  /// without, in the call.
  tail_feed(segment_fetcher fetcher, std::size_t tail_bytes, group_number last, group_number durable,
            bool thread);
  ~tail_feed() override;

  /// Called by the commit thread for each durable group; null for one that holds nothing for readers.
  void publish(committed_group_ptr group, group_number durable);
  /// Ends the thread; fetches that wait are answered with errc::stopping.
  void stop();

  std::unique_ptr<reader> add_reader(wake call, std::optional<target> of = {}) override;
  tail_read next(reader& who, group_number after, std::size_t max_bytes) override;
  void fetch(reader& who, group_number after, std::size_t max_bytes, fetched done) override;
  group_number durable() const override;

 private:
  struct slot;
  class handle;
  struct job {
    std::shared_ptr<slot> who;
    group_number after = 0;
    std::size_t max_bytes = 0;
    fetched done;
  };
  void run();
  void serve(job& what);
  result<std::vector<committed_group_ptr>> read(job& what);

  segment_fetcher fetcher_;
  mutable std::mutex mutex_;  ///< guards everything below
  std::condition_variable jobs_come_;
  tail_ring ring_;
  fetched_runs fetched_;
  group_number durable_;
  std::vector<std::shared_ptr<slot>> slots_;  ///< one a reader
  std::deque<job> jobs_;                      ///< at most one a reader
  bool stopping_ = false;
  std::vector<std::shared_ptr<slot>> waking_;  ///< of `publish` alone: kept so that it allocates once
  std::thread thread_;
};

}  // namespace sluice::checkpoint
