// A stager under test with a log on a simulated disk behind it: batches go in, commits succeed or fail on
// command, and every answer and every group that left is noted.
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/checkpoint/stager.hpp"
#include "tests/actors/checkpoint/log_run.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {

class stager_run {
 public:
  enum class ending { well, no_space, failed };

  /// With so many segments the log is full.
  explicit stager_run(std::size_t segments = 64) : run_(files_, 7) {
    run_.max_ids = 256;
    run_.options.max_bytes = segments * run_.setup.segment_size;
    if (const auto opened = run_.open(); !opened) throw std::runtime_error(to_string(opened.error()));
    checkpoint::stager::options options;
    options.outcome_reserve = 4096;
    options.group_bytes = 16 << 10;
    stager_ = std::make_unique<checkpoint::stager>(*run_.log, *run_.window, run_.state, options);
  }

  /// One group of one batch from `from`; the batch's number. An event's id is its text; `to` are its
  /// destinations.
  std::size_t push(const std::vector<std::string>& ids, epoch from = 1, std::vector<target> to = {}) {
    std::vector<sample_event> events;
    for (const auto& id : ids) events.push_back({.id = id, .targets = to});
    return push_events(events, from);
  }
  std::size_t push_events(const std::vector<sample_event>& events, epoch from = 1) {
    auto group = std::make_shared<batch_group>();
    said_.push_back(std::make_unique<std::vector<result<receipt>>>());
    group->batches.push_back(make_batch(events, 1'700'000'000'000, said_.back().get()));
    stager_->push(from, std::move(group));
    ++pushed_;
    return said_.size() - 1;
  }

  void stage() { stager_->stage(now()); }
  /// Hands the next group out; false when there is none, or no room for it.
  bool take() {
    job_ = {};
    return stager_->take(now(), job_) == checkpoint::stager::next::commit;
  }
  /// The group that was handed out ends.
  void finish(ending how) {
    if (how == ending::no_space)
      files_.inject({.kind = operation_kind::write, .sys = ENOSPC, .path_contains = ".seg"});
    if (how == ending::failed)
      files_.inject({.kind = operation_kind::sync, .sys = EIO, .path_contains = ".seg"});
    run_.running_ms += 10;
    const auto done = run_.log->commit(*job_.group, {run_.running_ms, 0}, job_.state);
    files_.clear_faults();
    stager_->completed(done, counts_);
  }
  /// Everything that waits, as far as there is room.
  void commit_all() {
    while (take()) finish(ending::well);
    collect_left();
  }
  /// `ok accepted/duplicates/quarantined`, the name of the error, `none`, or `twice`.
  std::string verdict(std::size_t batch) const {
    const auto& all = *said_.at(batch);
    if (all.empty()) return "none";
    if (all.size() > 1) return "twice";
    if (!all[0]) return std::string(to_string(all[0].error().code));
    return "ok " + std::to_string(all[0]->accepted) + "/" + std::to_string(all[0]->duplicates) + "/" +
           std::to_string(all[0]->quarantined);
  }
  std::vector<std::string> in_log() { return run_.read().value().ids; }
  void collect_left() {
    for (const epoch from : stager_->take_left()) ++left_[from];
  }
  std::size_t pushed() const noexcept { return pushed_; }
  std::size_t left() const noexcept {
    std::size_t sum = 0;
    for (const auto& [from, n] : left_) sum += n;
    return sum;
  }
  std::size_t left(epoch from) { return left_[from]; }

  checkpoint::stager& stager() noexcept { return *stager_; }
  log_run& log() noexcept { return run_; }
  const checkpoint::commit_counts& counts() const noexcept { return counts_; }

 private:
  checkpoint::stager::moment now() const { return {run_.running_ms, 1'700'000'000'000}; }

  std::vector<std::unique_ptr<std::vector<result<receipt>>>> said_;
  simulated_file_system files_;
  log_run run_;
  std::unique_ptr<checkpoint::stager> stager_;
  checkpoint::stager::job job_;
  checkpoint::commit_counts counts_;
  std::map<epoch, std::size_t> left_;
  std::size_t pushed_ = 0;
};

}  // namespace sluice::test
