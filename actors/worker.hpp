// A thread for work that blocks, owned by the actor that hands it out: actors never wait for a disk.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace sluice {

/// Runs jobs one after another. The owner bounds them by handing out one at a time; none runs any more once
/// it is destroyed.
class executor {
 public:
  virtual ~executor() = default;
  virtual void run(std::function<void()> job) = 0;
};

/// How a stage gets its executor; `name` is for those who look at the process: at most 15 bytes, static.
using make_executor = std::function<std::unique_ptr<executor>(const char* name)>;

/// On a thread of its own.
class worker final : public executor {
 public:
  explicit worker(const char* name) : thread_([this] { run(); }) {
    ::pthread_setname_np(thread_.native_handle(), name);
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  /// Finishes the job under way, forgets the others.
  ~worker() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      jobs_.clear();
    }
    wake_.notify_one();
    thread_.join();
  }

  void run(std::function<void()> job) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

inline std::unique_ptr<executor> make_worker(const char* name) { return std::make_unique<worker>(name); }

}  // namespace sluice
