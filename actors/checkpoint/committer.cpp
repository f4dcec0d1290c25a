#include "actors/checkpoint/committer.hpp"

#include <pthread.h>

#include <utility>

namespace sluice::checkpoint {

committer::committer(segment_log& log, std::function<void(std::shared_ptr<commit_result>)> done)
    : log_(log), done_(std::move(done)), thread_([this] { run(); }) {}

committer::~committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void committer::give(order o) {
  {
    const std::lock_guard lock(mutex_);
    SLUICE_ASSERT(!next_);
    next_ = std::move(o);
  }
  wake_.notify_one();
}

void committer::commit(stager::job job, segment_log::moment when) { give({std::move(job), when}); }
void committer::mark(segment_log::moment when) { give({std::nullopt, when}); }

void committer::run() {
  ::pthread_setname_np(::pthread_self(), "commit");
  for (;;) {
    order todo;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return next_ || stopping_; });
      if (!next_) return;
      todo = std::move(*next_);
      next_.reset();
    }
    auto ended = std::make_shared<commit_result>();
    const auto start = std::chrono::steady_clock::now();
    if (todo.job) {
      ended->group = log_.commit(*todo.job->group, todo.when, todo.job->state);
    } else {
      ended->was_mark = true;
      if (auto marked = log_.mark(todo.when); !marked) ended->group = tl::unexpected(marked.error());
    }
    ended->took = std::chrono::steady_clock::now() - start;
    done_(std::move(ended));
  }
}

}  // namespace sluice::checkpoint
