// Delivery into a file: lines gather while the one before is written and synced on the stage's own thread.
#include <utility>

#include "actors/deliver/actors.hpp"
#include "actors/deliver/envelope.hpp"
#include "actors/deliver/file_sink.hpp"
#include "actors/worker.hpp"

namespace sluice::deliver {
namespace {

/// Lines gathered ahead of the write under way; with it, twice this is what the stage holds.
constexpr std::size_t lines_bytes_max = 1u << 20;

class file_stage : public stage {
 public:
  file_stage(caf::actor_config& config, stage_options options, file_options file)
      : stage(config, std::move(options)),
        sink_(std::make_unique<file_sink>(*file.files, file.path)),
        retry_(file.retry),
        worker_(options_.workers("deliver-file")) {}

  void on_exit() override {
    worker_.reset();
    end();
    stage::on_exit();
  }

 protected:
  struct part {
    std::string lines;
    std::vector<checkpoint::outcome::name> names;
    std::size_t events = 0;
    position last = 0;
  };

  bool wants() override {
    if (next_.lines.size() >= lines_bytes_max) return false;
    return next_.events == 0 || my().endpoint->available() > next_.events;
  }

  void take(const lane_event& event) override {
    append_line(next_.lines, event.slice);
    if (options_.name_events) next_.names.push_back(named(event));
    ++next_.events;
    next_.last = event.at;
    if (writing_.events == 0 && next_.events == 1) my().gauges.oldest_received_ms = event.waiting_since_ms;
  }

  void pulled() override {
    if (writing_.events > 0 || next_.events == 0 || draining()) return;
    // The reader of the file may see a line as soon as it is written, and not after the write has ended.
    ticket_ = ask(next_.events);
    if (!ticket_) return;
    writing_ = std::exchange(next_, {});
    write();
    pull();
  }

  void written(const work_result& result) override {
    busy_ = false;
    if (!result.done) {
      my().gauges.endpoint_failed.fetch_add(1, std::memory_order_relaxed);
      incident("cannot write: " + to_string(result.done.error()));
      const auto wait = std::max<std::chrono::nanoseconds>(retry_.failed(0.5), std::chrono::milliseconds(50));
      retrying_ = true;
      retry_at_ = now() + wait;
      return tick_in(wait);
    }
    retry_.succeeded();
    recovered();
    my().gauges.delivered.fetch_add(1, std::memory_order_relaxed);
    my().gauges.oldest_received_ms = 0;
    end();
    my().file_length += writing_.lines.size();
    auto what = outcome_upto(writing_.last, checkpoint::settlement::delivered);
    what.head.events = static_cast<std::uint32_t>(writing_.events);
    what.head.attempts = 1;
    what.names = std::move(writing_.names);
    writing_ = {};
    settle(std::move(what));
    pull();
  }

  void ticked() override {
    if (retrying_ && now() < retry_at_) return tick_in(retry_at_ - now());
    if (retrying_ && paused()) return;
    if (std::exchange(retrying_, false)) return write();
    pull();
  }

  // Between two attempts at a file that cannot be written; what a failed write left is cut at the next
  // attach.
  void surrender() override {
    if (busy_ || !(retrying_ || paused())) return;
    retrying_ = false;
    end();
    writing_ = next_ = {};
    my().gauges.oldest_received_ms = 0;
    put_back();
  }

  bool busy() const override { return busy_; }
  bool hand_empty() const override { return writing_.events == 0 && next_.events == 0; }

 private:
  void end() {
    if (ticket_) my().endpoint->ended(*std::exchange(ticket_, std::nullopt), end_kind::answered);
  }

  void write() {
    busy_ = true;
    worker_->run([sink = sink_.get(), lines = std::string_view(writing_.lines), length = my().file_length,
                  to = caf::actor_cast<deliver_actor>(this)] {
      result<void> ended;
      if (!sink->attached()) ended = sink->attach(length);
      if (ended) ended = sink->append(lines);
      caf::anon_send(to, written_a{}, std::make_shared<work_result>(work_result{std::move(ended)}));
    });
  }

  std::unique_ptr<file_sink> sink_;
  retry_schedule retry_;
  part writing_, next_;
  std::optional<endpoint::ticket> ticket_;  // of the lines being written
  instant retry_at_{};
  bool busy_ = false, retrying_ = false;
  std::unique_ptr<executor> worker_;  // last: its thread uses what stands above
};

}  // namespace

deliver_actor spawn_file(caf::actor_system& system, stage_options options, file_options file) {
  return system.spawn<file_stage>(std::move(options), std::move(file));
}

}  // namespace sluice::deliver
