// Puts the parts together: the writer under the caller's thread, the keeper and the feed beside it, one table
// between.
#include "actors/checkpoint/segment_log.hpp"

#include <cstring>
#include <thread>
#include <utility>

#include "actors/checkpoint/group_targets.hpp"
#include "actors/checkpoint/keeper.hpp"
#include "actors/checkpoint/open_log.hpp"
#include "actors/checkpoint/recovery.hpp"
#include "actors/checkpoint/segment_writer.hpp"
#include "actors/checkpoint/tail_feed.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

/// Buffers held back for the next groups: what may be in the making, in flight and in laggards' hands.
constexpr std::size_t pooled_bytes = 128u << 20;
/// A published group up to this size leaves a larger buffer, so that the ring holds groups and not empty
/// memory.
constexpr std::size_t small_group_bytes = 64u << 10;

class log final : public segment_log {
 public:
  log(log_directory where, log_options options, random_source random, window_limits window,
      std::unique_ptr<file> lock, recovered_log from)
      : where_(std::move(where)),
        options_(std::move(options)),
        lock_(std::move(lock)),
        secret_(from.secret),
        buffers_(std::make_shared<buffer_pool>(pooled_bytes)),
        table_(make_table(from)),
        identities_(std::make_shared<segment_identities>(std::move(from.identities))),
        writer_(where_, std::move(random), *table_, from),
        keeper_(where_, options_, window, *table_, std::move(from.pool)),
        feed_(segment_fetcher(where_, *table_, buffers_), options_.tail_bytes, from.last_data,
              writer_.durable(), where_.setup.threads),
        searcher_(where_, *table_, buffers_) {
    if (where_.setup.threads) {
      keeper_thread_ = std::thread([this] { keeper_.run(); });
    } else {
      keeper_.run_once();
    }
  }
  ~log() override { end_threads(); }

  const std::array<std::byte, 192>& secret() const noexcept override { return secret_; }

  room plan(std::size_t disk_bytes) override;
  void on_room(std::function<void()> call) override {
    std::scoped_lock lock(table_->mutex);
    table_->on_room = std::move(call);
  }
  result<committed_group_ptr> commit(group_builder& group, moment when,
                                     std::span<const std::byte> state) override;
  result<void> mark(moment when) override;
  void release(position needed, group_number needed_group, std::vector<destination_need> lagging) override;
  result<void> stop(moment when) override;
  std::uint64_t bytes_from(position from) const override;
  std::uint64_t backlog_bytes(destination_id of, position from, std::uint64_t routed) const override;
  result<group_number> group_before(position at, std::optional<destination_id> of) override {
    return searcher_.group_before(at, of);
  }
  log_feed& feed() noexcept override { return feed_; }
  std::shared_ptr<buffer_pool> buffers() noexcept override { return buffers_; }
  log_counts counts() const noexcept override;

 private:
  static std::unique_ptr<segment_table> make_table(recovered_log& from);
  void keep();
  void collect(const committed_group& group);
  std::uint64_t open_number() const;
  bool hand_over_identities(std::uint64_t before);
  void end_threads();

  log_directory where_;
  log_options options_;
  std::unique_ptr<file> lock_;
  log_secret secret_;
  std::shared_ptr<buffer_pool> buffers_;
  std::unique_ptr<segment_table> table_;
  std::shared_ptr<segment_identities> identities_;  ///< of the open segment
  segment_writer writer_;
  keeper keeper_;
  tail_feed feed_;
  segment_fetcher searcher_;
  std::thread keeper_thread_;
};

std::unique_ptr<segment_table> log::make_table(recovered_log& from) {
  auto table = std::make_unique<segment_table>();
  table->segments = from.segments;
  table->sides = std::move(from.sides);
  table->has_reserve = from.has_reserve;
  table->running_ms = from.state.running_ms();
  table->identities = from.identities.identities.size();
  table->next_position = from.state.next_position();
  for (const auto& [id, files] : from.spills) {
    for (const spill_head& s : files) table->add_spill(s);
  }
  return table;
}

/// The keeper has something to do: asks its thread, or works here.
void log::keep() {
  if (where_.setup.threads) {
    std::scoped_lock lock(table_->mutex);
    table_->ask_keeper();
  } else {
    keeper_.run_once();
  }
}

segment_log::room log::plan(std::size_t disk_bytes) {
  SLUICE_ASSERT(disk_bytes <= group_bytes_max);
  if (writer_.fits(disk_bytes)) return room::here;
  if (!where_.setup.threads) keep();
  room next = room::rotates;
  {
    std::scoped_lock lock(table_->mutex);
    next = table_->next_segment(options_, where_.setup.segment_size);
    table_->answered.reset();
    if (next != room::rotates) table_->answered = next;
  }
  if (next != room::rotates && where_.setup.threads) keep();
  return next;
}

result<committed_group_ptr> log::commit(group_builder& group, moment when, std::span<const std::byte> state) {
  const std::size_t bytes = group.disk_bytes();
  const std::uint64_t before = open_number();
  const auto at = writer_.append(group, when, state);
  // Also when the group itself failed behind a rotation that succeeded, or the seal was owed from an earlier
  // call.
  const bool sealed = hand_over_identities(before);
  if (!at) {
    if (sealed) keep();
    return fail(at.error());
  }
  auto committed = std::make_shared<committed_group>();
  committed->bytes = bytes;
  committed->segment = at->segment;
  committed->offset = at->offset;
  committed->pool = buffers_;
  if (bytes <= small_group_bytes && group.capacity() > small_group_bytes) {
    committed->buffer = buffers_->take(bytes);
    std::memcpy(committed->buffer.data(), group.data(), bytes);
    buffers_->give_back(group.release());
  } else {
    committed->buffer = group.release();
  }
  committed->targets = targets_of(committed->header(), committed->content());
  collect(*committed);
  feed_.publish(committed, writer_.durable());
  if (sealed) keep();
  return committed;
}

void log::collect(const committed_group& group) {
  const auto took = identities_->collect(group.header(), group.content());
  SLUICE_ASSERT(took.has_value());
  std::scoped_lock lock(table_->mutex);
  table_->identities = identities_->identities.size();
  table_->next_position = group.header().first_position + group.header().events;
}

std::uint64_t log::open_number() const {
  std::scoped_lock lock(table_->mutex);
  return table_->segments.back().head.number;
}

/// When segment `before` is not the open one any more: its identities go to the keeper, for the side file.
bool log::hand_over_identities(std::uint64_t before) {
  if (open_number() == before) return false;
  auto next = std::make_shared<segment_identities>();
  next->identities.reserve(identities_->identities.size());
  next->places.reserve(identities_->places.size());
  std::scoped_lock lock(table_->mutex);
  for (segment_info& s : table_->segments) {
    if (s.head.number == before && !s.side_written) s.identities = std::move(identities_);
  }
  identities_ = std::move(next);
  table_->identities = 0;
  return true;
}

result<void> log::mark(moment when) {
  const std::uint64_t before = open_number();
  const group_number last = writer_.durable();
  const auto wrote = writer_.append_empty(group_type::mark, when);
  if (hand_over_identities(before)) keep();
  if (!wrote) return fail(wrote.error());
  if (*wrote != last) feed_.publish(nullptr, *wrote);
  return {};
}

void log::release(position needed, group_number needed_group, std::vector<destination_need> lagging) {
  bool work = false;
  {
    std::scoped_lock lock(table_->mutex);
    const bool changed = needed != table_->needed || needed_group != table_->needed_group;
    table_->needed = needed;
    table_->needed_group = needed_group;
    table_->lagging = std::move(lagging);
    work = (changed && table_->oldest_released()) || table_->passed_spill() != nullptr;
  }
  if (work) keep();
}

result<void> log::stop(moment when) {
  end_threads();
  const auto wrote = writer_.append_empty(group_type::stop, when);
  if (!wrote) return fail(wrote.error());
  lock_.reset();
  return {};
}

void log::end_threads() {
  {
    std::scoped_lock lock(table_->mutex);
    table_->stopping = true;
    table_->keeper_wakes.notify_all();
  }
  if (keeper_thread_.joinable()) keeper_thread_.join();
  feed_.stop();
}

std::uint64_t log::bytes_from(position from) const {
  std::scoped_lock lock(table_->mutex);
  if (from >= table_->next_position) return 0;
  std::uint64_t sum = 0;
  for (auto s = table_->segments.rbegin(); s != table_->segments.rend(); ++s) {
    sum += s->sealed ? where_.setup.segment_size : s->end - s->head.data_offset();
    if (s->head.first_position <= from) break;
  }
  return sum;
}

std::uint64_t log::backlog_bytes(destination_id of, position from, std::uint64_t routed) const {
  std::scoped_lock lock(table_->mutex);
  std::uint64_t sum = table_->spill_bytes(of, from);
  position end = table_->next_position;
  for (auto s = table_->segments.rbegin(); s != table_->segments.rend() && end > from; ++s) {
    const std::uint64_t before = of < s->routed.size() ? s->routed[of] : 0;
    const std::uint64_t bytes = s->sealed ? where_.setup.segment_size : s->end - s->head.data_offset();
    sum += share_of(bytes, routed - before, end - s->head.first_position);
    routed = before;
    end = s->head.first_position;
  }
  return sum;
}

log_counts log::counts() const noexcept {
  log_counts out;
  out.durable_group = feed_.durable();
  std::scoped_lock lock(table_->mutex);
  out.bytes = table_->bytes(where_.setup.segment_size);
  out.segments = table_->segments.size();
  out.ready_segments = table_->ready.size();
  return out;
}

}  // namespace

result<std::unique_ptr<segment_log>> open_log(file_system& files, const log_options& options,
                                              const log_setup& setup, const random_source& random,
                                              dedup_window& window, log_state& state,
                                              recovery_report& report) {
  SLUICE_ASSERT(setup.segment_size % block_bytes == 0 && setup.chunk_bytes % block_bytes == 0);
  const log_directory where{&files, options.directory, options.how, setup};
  if (const auto made = files.make_directory(where.path); !made) return fail(made.error());
  auto lock = files.lock(where.lock());
  if (!lock) return fail(lock.error());
  const window_limits limits{window.max_ids(), window.effective_window_ms(0)};
  auto recovered = recover(where, random, window, report);
  if (!recovered) return fail(recovered.error());
  state = recovered->state;
  return std::make_unique<log>(where, options, random, limits, std::move(*lock), std::move(*recovered));
}

result<std::unique_ptr<segment_log>> segment_log::open(file_system& files, log_options options,
                                                       std::function<void(std::span<std::byte>)> random,
                                                       dedup_window& window, log_state& state,
                                                       recovery_report& report) {
  return open_log(files, options, log_setup{}, random, window, state, report);
}

}  // namespace sluice::checkpoint
