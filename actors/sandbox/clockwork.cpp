#include "actors/sandbox/clockwork.hpp"

#include <utility>

namespace sluice::sandbox {

clockwork::clockwork() : thread_([this] { run(); }) {}
clockwork::~clockwork() { stop(); }

void clockwork::at(instant when, std::function<void()> task) {
  const std::lock_guard held(lock_);
  if (stopping_) return;
  const auto placed = tasks_.emplace(when, std::move(task));
  if (placed == tasks_.begin()) changed_.notify_one();
}

void clockwork::stop() {
  {
    const std::lock_guard held(lock_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  decltype(tasks_) left;  // what they hold may end here, but not under the lock
  const std::lock_guard held(lock_);
  left.swap(tasks_);
}

void clockwork::run() {
  std::unique_lock held(lock_);
  while (!stopping_) {
    if (tasks_.empty()) {
      changed_.wait(held);
      continue;
    }
    const instant due = tasks_.begin()->first;
    if (due > now()) {
      changed_.wait_until(held, began_ + due);
      continue;
    }
    auto task = tasks_.extract(tasks_.begin());
    held.unlock();
    task.mapped()();
    task = {};  // what it holds ends without the lock, too
    held.lock();
  }
}

}  // namespace sluice::sandbox
