// Decides under the table's lock, works without it. Every step leaves the directory in a state that a start
// understands.
#include "actors/checkpoint/keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

#include "actors/checkpoint/recovery_copy.hpp"
#include "actors/checkpoint/spill_file.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::chrono::seconds retry_after{1};

}  // namespace

keeper::keeper(log_directory where, const log_options& options, window_limits window, segment_table& table,
               std::vector<std::uint64_t> found)
    : where_(std::move(where)), options_(options), window_(window), table_(&table), found_(std::move(found)) {
  for (const std::uint64_t n : found_) table_->next_pool = std::max(table_->next_pool, n + 1);
  table_->making = found_.size();
}

bool keeper::grows() const {
  return table_->bytes(where_.setup.segment_size) + where_.setup.segment_size <= options_.max_bytes;
}

/// A segment will be needed, and none can be made.
bool keeper::pressed() const { return table_->ready.size() < where_.setup.ready_ahead && !grows(); }

/// Of the oldest segment at most half would be copied, by the number of events.
bool keeper::mostly_others() const {
  const segment_table& t = *table_;
  const std::uint64_t events = t.segments[1].head.first_position - t.segments[0].head.first_position;
  std::uint64_t copied = 0;
  for (const destination_need& need : t.lagging) {
    if (!t.holds_oldest(need)) continue;
    const auto routed = [&](const segment_info& s) {
      return need.id < s.routed.size() ? s.routed[need.id] : 0;
    };
    copied += std::min(events, routed(t.segments[1]) - routed(t.segments[0]));
  }
  return copied <= events / 2;
}

bool keeper::old_side_unneeded() const {
  if (table_->sides.empty() || table_->sides.front().number >= table_->segments.front().head.number)
    return false;
  const side_info& oldest = table_->sides.front();
  if (oldest.identities == 0 || table_->running_ms > window_.window_ms + oldest.last_running_ms) return true;
  std::uint64_t newer = table_->identities;
  for (const side_info& s : table_->sides) newer += s.identities;
  return newer - oldest.identities >= window_.max_ids;
}

keeper::work keeper::choose() const {
  const segment_table& t = *table_;
  if (t.stopping || t.failed) return work::none;
  const bool gives = t.oldest_released() && t.segments.front().side_written && may(work::recycle);
  const bool owes_side = may(work::side) && std::ranges::any_of(t.segments, [](const segment_info& s) {
                           return s.sealed && !s.side_written;
                         });
  const bool spills = t.oldest_spillable() && may(work::spill);
  const auto another = [&]() -> work {
    if (!found_.empty() && may(work::adopt)) return work::adopt;
    if (grows() && may(work::grow)) return work::grow;
    if (gives) return work::recycle;
    return spills && !grows() ? work::spill : work::none;
  };
  if (t.ready.empty()) {
    if (const work w = another(); w != work::none) return w;
  }
  if (owes_side) return work::side;
  if (old_side_unneeded() && may(work::forget_side)) return work::forget_side;
  if (t.passed_spill() != nullptr && may(work::forget_spill)) return work::forget_spill;
  if (!t.has_reserve && may(work::reserve)) return work::reserve;
  if (t.ready.size() < where_.setup.ready_ahead) {
    if (const work w = another(); w != work::none) return w;
  }
  if (!found_.empty() && may(work::adopt)) return work::adopt;
  const bool over = t.bytes(where_.setup.segment_size) > options_.max_bytes;
  const bool aged = t.running_ms > options_.retention_ms + t.segments.front().running_ms;
  if (gives && (over || aged)) return work::recycle;
  return spills && (over || (aged && mostly_others())) ? work::spill : work::none;
}

void keeper::run_once() {
  std::ranges::fill(failed_, false);
  for (;;) {
    work what;
    {
      std::scoped_lock lock(table_->mutex);
      what = choose();
      if (what == work::none) {
        const auto bad = [&](work w) { return !may(w); };
        table_->stuck =
            bad(work::side) || bad(work::adopt) || bad(work::grow) || bad(work::spill) || bad(work::recycle);
        break;
      }
    }
    if (const auto did = act(what); !did) failed_[static_cast<std::size_t>(what)] = true;
    tell_room();
  }
  tell_room();
}

void keeper::run() {
  ::pthread_setname_np(::pthread_self(), "log-keeper");
  std::unique_lock lock(table_->mutex);
  while (!table_->stopping) {
    table_->keeper_asked = false;
    lock.unlock();
    run_once();
    lock.lock();
    const auto asked = [&] { return table_->stopping || table_->keeper_asked; };
    if (std::ranges::any_of(failed_, [](bool f) { return f; })) {
      table_->keeper_wakes.wait_for(lock, retry_after, asked);
    } else {
      table_->keeper_wakes.wait(lock, asked);
    }
  }
}

void keeper::tell_room() {
  std::function<void()> call;
  {
    std::scoped_lock lock(table_->mutex);
    if (!table_->answered || !table_->on_room) return;
    if (!table_->failed && table_->next_segment(options_, where_.setup.segment_size) == *table_->answered)
      return;
    table_->answered.reset();
    call = table_->on_room;
  }
  call();
}

result<void> keeper::act(work what) {
  switch (what) {
    case work::side:
      return write_next_side();
    case work::reserve:
      return make_the_reserve();
    case work::adopt:
      return adopt();
    case work::grow:
      return grow();
    case work::spill:
      return spill();
    case work::recycle:
      return recycle();
    case work::forget_spill:
      return forget_spill();
    case work::forget_side:
      return forget_side();
    case work::none:
    case work::count_:
      break;
  }
  SLUICE_ASSERT(false);
  return {};
}

void keeper::fail_log(const error& why) {
  std::scoped_lock lock(table_->mutex);
  if (!table_->failed) table_->failed = final_error(why);
}

result<void> keeper::write_next_side() {
  segment_info segment;
  {
    std::scoped_lock lock(table_->mutex);
    const auto found = std::ranges::find_if(
        table_->segments, [](const segment_info& s) { return s.sealed && !s.side_written; });
    SLUICE_ASSERT(found != table_->segments.end());
    segment = *found;
  }
  const std::uint64_t number = segment.head.number;
  if (segment.identities == nullptr) {
    auto rebuilt = rebuild_identities(where_, segment.head, segment.end);
    if (!rebuilt) return fail(rebuilt.error());
    segment.identities = std::make_shared<segment_identities>(std::move(*rebuilt));
  }
  const auto wrote = write_side(where_, number, segment.head.salt, *segment.identities);
  if (!wrote) return fail(wrote.error());
  std::scoped_lock lock(table_->mutex);
  segment_info& in_log =
      table_->segments[static_cast<std::size_t>(number - table_->segments.front().head.number)];
  in_log.side_written = true;
  in_log.identities.reset();
  const auto place = std::ranges::lower_bound(table_->sides, number, {}, &side_info::number);
  table_->sides.insert(place, *wrote);
  return {};
}

result<void> keeper::make_the_reserve() {
  std::scoped_lock in_use(table_->reserve_in_use);
  if (const auto made = make_reserve(where_, {}); !made) return made;
  std::scoped_lock lock(table_->mutex);
  table_->has_reserve = true;
  return {};
}

/// Full length, durably; `zeroed`: written once, because writing over written blocks is twice as fast.
result<void> keeper::prepare(const std::string& path, bool zeroed) {
  auto to = where_.files->open(path, open_mode::create, where_.how);
  if (!to) return fail(to.error());
  if (const auto room = (*to)->allocate(where_.setup.segment_size); !room) return room;
  if (zeroed) {
    aligned_buffer zeros(std::min<std::uint64_t>(where_.setup.chunk_bytes, where_.setup.segment_size));
    std::memset(zeros.data(), 0, zeros.capacity());
    for (std::uint64_t at = 0; at < where_.setup.segment_size; at += zeros.capacity()) {
      {
        std::scoped_lock lock(table_->mutex);
        if (table_->stopping) return fail(errc::stopping, "the log stops", path);
      }
      const std::uint64_t rest = where_.setup.segment_size - at;
      const auto wrote = (*to)->write_at({zeros.data(), std::min<std::uint64_t>(zeros.capacity(), rest)}, at);
      if (!wrote) return wrote;
    }
  }
  return (*to)->sync();
}

result<void> keeper::adopt() {
  const std::uint64_t n = found_.back();
  std::size_t ready = 0;
  {
    std::scoped_lock lock(table_->mutex);
    ready = table_->ready.size();
  }
  const bool wanted = ready < where_.setup.ready_ahead;
  const auto done = wanted ? prepare(where_.pool(n), false) : where_.files->remove(where_.pool(n));
  if (!done) return done;
  found_.pop_back();
  std::scoped_lock lock(table_->mutex);
  --table_->making;
  if (wanted) table_->ready.push_back(n);
  return {};
}

result<void> keeper::grow() {
  std::uint64_t n = 0;
  {
    std::scoped_lock lock(table_->mutex);
    n = table_->next_pool++;
    ++table_->making;
  }
  const auto made = prepare(where_.pool(n), true);
  if (!made) {
    // What was begun is taken away; where even that fails, the next start takes it up.
    if (const auto gone = where_.files->remove(where_.pool(n));
        !gone && gone.error().code != errc::not_found) {
      found_.push_back(n);
      return made;
    }
  }
  std::scoped_lock lock(table_->mutex);
  --table_->making;
  if (made) table_->ready.push_back(n);
  return made;
}

/// What holds the oldest segment is copied; the segment is released by copies that are durable, nothing less.
result<void> keeper::spill() {
  segment_head segment, successor;
  std::vector<destination_need> needs;
  {
    std::scoped_lock lock(table_->mutex);
    segment = table_->segments[0].head;
    successor = table_->segments[1].head;
    std::ranges::copy_if(table_->lagging, std::back_inserter(needs),
                         [this](const destination_need& n) { return table_->holds_oldest(n); });
  }
  if (needs.empty()) return {};
  const auto made =
      write_spills(where_, segment, successor, needs, [this](std::uint64_t bytes) { return pace(bytes); });
  if (!made) return fail(made.error());
  if (const auto synced = where_.sync(); !synced) {
    fail_log(synced.error());
    return synced;
  }
  std::scoped_lock lock(table_->mutex);
  for (const spill_head& head : *made) table_->add_spill(head);
  return {};
}

/// Copying takes its time unless somebody waits for room. False: the log stops.
bool keeper::pace(std::uint64_t bytes) {
  std::unique_lock lock(table_->mutex);
  const auto hurried = [this] { return table_->stopping || pressed(); };
  if (where_.setup.threads) {
    table_->keeper_wakes.wait_for(
        lock, std::chrono::microseconds(bytes * 1'000'000 / where_.setup.spill_bytes_per_s), hurried);
  }
  return !table_->stopping;
}

/// A crash may bring it back; the next start sees that nobody needs it.
result<void> keeper::forget_spill() {
  spill_info passed;
  {
    std::scoped_lock lock(table_->mutex);
    const spill_info* const found = table_->passed_spill();
    if (found == nullptr) return {};
    passed = *found;
    table_->spills[passed.destination].pop_front();
  }
  const auto gone = where_.files->remove(where_.spill(passed.segment, passed.destination));
  if (gone) return gone;
  std::scoped_lock lock(table_->mutex);
  table_->spills[passed.destination].push_front(passed);
  return gone;
}

/// The oldest segment loses its name, durably, before anything of it may be written over: under a log name a
/// head is either right or damaged.
result<void> keeper::recycle() {
  std::uint64_t number = 0, n = 0;
  bool keep = false;
  {
    std::scoped_lock lock(table_->mutex);
    // A release since the keeper chose may hold it again.
    if (!table_->oldest_released()) return {};
    SLUICE_ASSERT(table_->segments.front().side_written);
    number = table_->segments.front().head.number;
    keep = table_->ready.size() < where_.setup.ready_ahead &&
           table_->bytes(where_.setup.segment_size) <= options_.max_bytes;
    table_->segments.pop_front();
    n = table_->next_pool++;
    ++table_->making;
  }
  result<void> done = keep ? where_.files->rename(where_.segment(number), where_.pool(n))
                           : where_.files->remove(where_.segment(number));
  if (done) done = where_.sync();
  if (!done) fail_log(done.error());
  std::scoped_lock lock(table_->mutex);
  --table_->making;
  if (done && keep) table_->ready.push_back(n);
  return done;
}

result<void> keeper::forget_side() {
  std::uint64_t number = 0;
  {
    std::scoped_lock lock(table_->mutex);
    number = table_->sides.front().number;
  }
  if (const auto gone = where_.files->remove(where_.side(number)); !gone) return gone;
  {
    std::scoped_lock lock(table_->mutex);
    table_->sides.pop_front();
  }
  // Durable before the next one goes, so that what is left never has a hole.
  const auto synced = where_.sync();
  if (!synced) fail_log(synced.error());
  return synced;
}

}  // namespace sluice::checkpoint
