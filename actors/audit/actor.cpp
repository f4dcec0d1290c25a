#include "actors/audit/actor.hpp"

#include <unistd.h>
#include <caf/all.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "actors/deliver/stage.hpp"
#include "actors/worker.hpp"

namespace sluice::audit {
namespace {

/// Lines gathered while the write before is under way.
constexpr std::size_t lines_bytes_max = 4u << 20;
constexpr std::size_t bite_bytes = 1u << 20;
/// Lines gather for this long before the next write, or until there are so many: a write and a sync for each
/// commit of a busy node would take the disk away from the commits. The first line after a pause is written
/// at once.
constexpr auto write_interval = std::chrono::milliseconds(20);
constexpr std::size_t write_bytes_wanted = 1u << 20;
constexpr auto retry_wait = std::chrono::milliseconds(500);

result<void> write_standard_output(std::string_view lines) {
  while (!lines.empty()) {
    const auto n = ::write(STDOUT_FILENO, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errc::io, std::strerror(errno), "standard output", errno);
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

class audit_stage : public audit_actor::base {
 public:
  audit_stage(caf::actor_config& config, actor_options options)
      : audit_actor::base(config),
        options_(std::move(options)),
        told_(options_.at->upto),
        last_(options_.at->last),
        narrator_(options_.which, options_.names),
        sink_(*options_.files, options_.path),
        worker_(options_.workers("audit")) {
    const auto to = caf::actor_cast<audit_actor>(this);
    reader_ = options_.feed->add_reader([to] { caf::anon_send(to, ready_a{}); });
    caf::anon_send(to, ready_a{});
  }

  const char* name() const override { return "audit"; }

  behavior_type make_behavior() override {
    return {
        [this](ready_a) { pull(); },
        [this](chunk_a, const log_chunk_ptr& chunk) {
          fetching_ = false;
          if (!chunk->groups) return broken("cannot read the log: " + to_string(chunk->groups.error()));
          for (const auto& group : *chunk->groups) tell(*group);
          pull();
        },
        [this](written_a, const work_result_ptr& result) { written(*result); },
        [this](tick_a) {
          gathering_ = false;
          pull();
        },
        [this](drain_a) {
          draining_ = true;
          pull();
        },
    };
  }

  void on_exit() override {
    worker_.reset();
    reader_.reset();
    options_.checkpoint = checkpoint_actor{};
  }

 private:
  void pull() {
    while (!fetching_ && !broken_ && lines_.size() < lines_bytes_max) {
      const auto tail = options_.feed->next(*reader_, told_, bite_bytes);
      if (tail.found == checkpoint::log_feed::where::wait) break;
      if (tail.found == checkpoint::log_feed::where::file) {
        fetching_ = true;
        options_.feed->fetch(
            *reader_, told_, bite_bytes, [to = caf::actor_cast<audit_actor>(this)](auto groups) {
              caf::anon_send(to, chunk_a{}, std::make_shared<log_chunk>(log_chunk{std::move(groups)}));
            });
      }
      for (const auto& group : tail.groups) tell(*group);
    }
    write();
  }

  void tell(const checkpoint::committed_group& group) {
    if (broken_) return;
    if (auto told = narrator_.tell(group, lines_); !told)
      return broken("cannot read the log: " + to_string(told.error()));
    told_ = group.header().number;
    if (group.header().events > 0) last_ = group.header().first_position + group.header().events - 1;
  }

  void write() {
    if (busy_) return;
    if (broken_ && draining_) return quit(caf::exit_reason::normal);
    if (broken_) return;
    if (lines_.empty()) {
      // Groups without a line (marks, outcomes that nobody wants to see) are done with as they are.
      if (options_.at->upto < told_) advance(told_, last_);
      if (draining_ && !fetching_) quit(caf::exit_reason::normal);
      return;
    }
    const auto now = clock().now();
    if (!draining_ && lines_.size() < write_bytes_wanted && now < next_write_) {
      if (!std::exchange(gathering_, true)) delayed_send(this, next_write_ - now, tick_a{});
      return;
    }
    next_write_ = now + write_interval;
    busy_ = true;
    std::swap(writing_, lines_);
    writing_upto_ = told_;
    writing_last_ = last_;
    hand_out();
  }

  void hand_out() {
    worker_->run([sink = &sink_, lines = std::string_view(writing_), length = options_.at->file_length,
                  to = caf::actor_cast<audit_actor>(this)] {
      result<void> ended;
      if (sink->path() == "-") {
        ended = write_standard_output(lines);
      } else {
        if (!sink->attached()) ended = sink->attach(length);
        if (ended) ended = sink->append(lines);
      }
      caf::anon_send(to, written_a{}, std::make_shared<work_result>(work_result{std::move(ended)}));
    });
  }

  void written(const work_result& result) {
    if (retrying_) {
      retrying_ = false;
      return hand_out();
    }
    if (!result.done) {
      incident("cannot write: " + to_string(result.done.error()));
      retrying_ = true;
      delayed_send(this, retry_wait, written_a{}, std::make_shared<work_result>());
      return;
    }
    incident({});
    busy_ = false;
    if (options_.path != "-") options_.at->file_length += writing_.size();
    writing_.clear();
    advance(writing_upto_, writing_last_);
    pull();
  }

  void advance(group_number upto, position last) {
    auto& at = *options_.at;
    at.upto = upto;
    at.last = last;
    send(options_.checkpoint, audited_a{}, at.upto, at.last, at.file_length);
  }

  void broken(const std::string& why) {
    broken_ = true;
    incident(why);
  }

  void incident(const std::string& what) {
    if (std::exchange(incident_, what) != what) options_.incident(what);
  }

  actor_options options_;
  group_number told_;
  position last_;
  narrator narrator_;
  deliver::file_sink sink_;
  std::string lines_, writing_;
  group_number writing_upto_ = 0;
  position writing_last_ = 0;
  std::string incident_;
  caf::actor_clock::time_point next_write_{};
  bool gathering_ = false;  // until the tick
  bool fetching_ = false, busy_ = false, retrying_ = false, broken_ = false, draining_ = false;
  std::unique_ptr<checkpoint::log_feed::reader> reader_;
  std::unique_ptr<executor> worker_;
};

}  // namespace

audit_actor spawn_audit(caf::actor_system& system, actor_options options) {
  return system.spawn<audit_stage>(std::move(options));
}

}  // namespace sluice::audit
