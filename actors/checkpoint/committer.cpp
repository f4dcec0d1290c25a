#include "actors/checkpoint/committer.hpp"

#include <utility>

namespace sluice::checkpoint {

void committer::commit(stager::job job, segment_log::moment when) {
  auto held = std::make_shared<stager::job>(std::move(job));
  thread_->run([this, held, when] {
    run([&](commit_result& ended) { ended.group = log_.commit(*held->group, when, held->state); });
  });
}

void committer::mark(segment_log::moment when) {
  thread_->run([this, when] {
    run([&](commit_result& ended) {
      ended.was_mark = true;
      if (auto marked = log_.mark(when); !marked) ended.group = tl::unexpected(marked.error());
    });
  });
}

void committer::run(const std::function<void(commit_result&)>& work) {
  auto ended = std::make_shared<commit_result>();
  const auto start = std::chrono::steady_clock::now();
  work(*ended);
  ended->took = std::chrono::steady_clock::now() - start;
  done_(std::move(ended));
}

}  // namespace sluice::checkpoint
