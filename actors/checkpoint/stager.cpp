#include "actors/checkpoint/stager.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::checkpoint {

commit_counts& commit_counts::operator+=(const commit_counts& more) {
  groups += more.groups;
  batches += more.batches;
  accepted += more.accepted;
  dropped += more.dropped;
  duplicates += more.duplicates;
  quarantined += more.quarantined;
  for (std::size_t i = 0; i < lag_buckets.size(); ++i) lag_buckets[i] += more.lag_buckets[i];
  lag_sum_s += more.lag_sum_s;
  if (more.batches > 0) lag_max_s = more.lag_max_s;
  return *this;
}

namespace {

void count_lag(commit_counts& counts, double lag_s) {
  const auto bucket = std::ranges::lower_bound(lag_bounds_s, lag_s);
  ++counts.lag_buckets[static_cast<std::size_t>(std::distance(lag_bounds_s.begin(), bucket))];
  counts.lag_sum_s += lag_s;
}

}  // namespace

stager::stager(segment_log& log, dedup_window& window, log_state& state, options o)
    : log_(log), window_(window), state_(state), options_(o) {}

void stager::push(epoch from, batch_group_ptr group) {
  auto held = std::make_shared<held_group>(held_group{from, group->batches.size()});
  if (held->remaining == 0) left_.push_back(from);
  for (auto& b : group->batches) {
    held_batch item{std::move(b), held, {}};
    if (refusing_ || held_) {
      answer(item, fail(refusing_ ? *refusing_ : *held_));
    } else if (item.what->events.entries.empty()) {
      answer(item, receipt{});
    } else {
      batches_.push_back(std::move(item));
    }
  }
  group->batches.clear();
}

void stager::push(outcome_ptr settled, std::function<void()> durable) {
  records_.push_back({std::move(settled), std::nullopt, std::nullopt, std::move(durable)});
}

void stager::push(const offer_head& offer, std::function<void()> durable) {
  ++urgent_records_;
  records_.push_back({nullptr, offer, std::nullopt, std::move(durable)});
}

void stager::push(const control_head& control, std::string name, std::function<void()> durable) {
  ++urgent_records_;
  records_.push_back({nullptr, std::nullopt, std::pair{control, std::move(name)}, std::move(durable)});
}

void stager::push(std::shared_ptr<const rewritten_events> events,
                  std::function<void(const result<void>&)> ended) {
  ++urgent_records_;
  waiting w;
  w.rewritten = std::move(events);
  w.ended = std::move(ended);
  w.durable = [tell = w.ended] { tell({}); };
  records_.push_back(std::move(w));
}

void stager::audited(group_number upto, std::uint64_t file_length) {
  audit_ = audited_head{upto, file_length};
}

bool stager::pending() const noexcept {
  return !batches_.empty() || !records_.empty() || open_.group != nullptr || (flush_audit_ && audit_);
}

bool stager::urgent() const noexcept {
  return !batches_.empty() || urgent_records_ > 0 || !open_.batches.empty();
}

void stager::open(staged& s, std::size_t bytes) {
  const std::size_t capacity = std::min<std::size_t>(bytes + block_bytes, group_bytes_max);
  s.group = std::make_unique<group_builder>(log_.buffers()->take(capacity));
  s.ids_begin = s.ids_end = window_.end();
}

bool stager::goes_to_full(const batch& b) const {
  if (full_.empty()) return false;
  if (b.events.quarantined > 0 && std::ranges::find(full_, dead_letters_id) != full_.end()) return true;
  for (std::size_t set = 1; set < b.targets.size(); ++set) {
    for (const auto& t : b.targets[set]) {
      if (std::ranges::find(full_, t.destination) != full_.end()) return true;
    }
  }
  return false;
}

bool stager::append(staged& to, held_batch& b, moment now) {
  const auto& entries = b.what->events.entries;
  if (to.group->disk_bytes() + group_builder::batch_bytes(*b.what) > to.group->capacity()) return false;
  window_.prefetch(entries);
  is_new_.assign(entries.size(), 0);
  receipt said;
  commit_counts counts;
  counts.batches = 1;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& e = entries[i];
    if (!window_.insert(e.identity, now.running_ms)) {
      ++said.duplicates;
      continue;
    }
    is_new_[i] = 1;
    if (e.quarantined()) {
      ++said.quarantined;
      continue;
    }
    ++said.accepted;
    if (e.targets == 0) ++said.dropped;
    if (e.timestamp_ms != no_timestamp) {
      // A timestamp ahead of our clock is no negative lag.
      const double lag_s =
          static_cast<double>(std::max<std::int64_t>(0, b.what->received_ms - e.timestamp_ms)) / 1e3;
      count_lag(counts, lag_s);
      counts.lag_max_s = std::max(counts.lag_max_s, lag_s);
    }
  }
  const bool appended = to.group->append_batch(*b.what, is_new_, options_.keep_whole);
  SLUICE_ASSERT(appended);
  to.ids_end = window_.end();
  counts.accepted = said.accepted;
  counts.dropped = said.dropped;
  counts.duplicates = said.duplicates;
  counts.quarantined = said.quarantined;
  to.counts += counts;
  b.said = said;
  return true;
}

bool stager::append(staged& to, const waiting& w) {
  if (w.offer) return to.group->append_offer(*w.offer);
  if (w.rewritten) return w.rewritten->append_to(*to.group);
  if (w.control) return to.group->append_control(w.control->first, w.control->second);
  std::vector<named_event> names;
  names.reserve(w.settled->names.size());
  for (const auto& n : w.settled->names) names.push_back({n.at, n.id, n.source, n.region});
  return to.group->append_outcome(w.settled->head, w.settled->reason, names);
}

void stager::stage(moment now) {
  // A window that is full of pending identities has no room to decide: the commit under way confirms them.
  const auto room_for = [&](const held_batch& b) {
    return window_.end() -
               (committing_   ? out_.ids_begin
                : open_.group ? open_.ids_begin
                              : window_.end()) +
               b.what->events.entries.size() <=
           window_.max_ids();
  };
  while (!records_.empty()) {
    if (!open_.group) open(open_, committing_ ? options_.group_bytes : 64u << 10);
    if (!append(open_, records_.front())) {
      if (open_.group->records() > 0) return;
      // An outcome with many names, or events with a large one among them.
      const auto& events = records_.front().rewritten;
      open(open_, std::max(options_.group_bytes * 4, events ? block_bytes + events->record_bytes() : 0));
      const bool fits = append(open_, records_.front());
      SLUICE_ASSERT(fits);
    }
    if (!records_.front().settled) --urgent_records_;
    open_.records.push_back(std::move(records_.front()));
    records_.pop_front();
  }
  if (!batches_.empty() && !open_.group) {
    std::size_t bytes = 0;
    for (const auto& b : batches_) {
      bytes += group_builder::batch_bytes(*b.what);
      if (bytes >= options_.group_bytes) break;
    }
    const std::size_t first = group_builder::batch_bytes(*batches_.front().what);
    open(open_, std::max(first, committing_ ? options_.group_bytes : std::min(bytes, options_.group_bytes)));
  }
  while (!batches_.empty()) {
    auto& b = batches_.front();
    if (goes_to_full(*b.what)) {
      answer(b, fail(errc::backlog_full, "a destination's backlog is full"));
    } else {
      if (!room_for(b) || !append(open_, b, now)) return;
      open_.batches.push_back(std::move(b));
    }
    batches_.pop_front();
  }
}

stager::next stager::take(moment now, job& out) {
  SLUICE_ASSERT(!committing_);
  stage(now);
  if (open_.group && open_.group->records() == 0) open_ = {};
  if (!open_.group && !(flush_audit_ && audit_)) return next::nothing;
  if (!open_.group) open(open_, 64u << 10);
  const bool rewrites =
      std::ranges::any_of(open_.records, [](const waiting& w) { return w.rewritten != nullptr; });
  // What settles events may take the last of the room.
  const bool settles = open_.batches.empty() && !rewrites;
  const std::size_t needed = open_.group->disk_bytes();
  const auto reserve = settles ? 0 : options_.outcome_reserve;
  const auto room = log_.plan(std::min<std::size_t>(needed + reserve, group_bytes_max));
  if (room == segment_log::room::coming) return next::wait;
  if (room == segment_log::room::full) {
    if (settles) return next::wait;
    // What was decided does not count; the records that settle events go into a group of their own, from the
    // reserve.
    const error why{errc::log_full, "the log is full", {}, 0};
    refuse_batches(open_, why);
    put_back(open_);
    refuse_rewritten(why);
    for (auto& b : batches_) answer(b, fail(why));
    batches_.clear();
    return take(now, out);
  }
  if (audit_ && open_.group->append_audited(*audit_)) {
    open_.audited = true;
    audit_.reset();
  }
  out.state.clear();
  if (log_.plan(open_.group->disk_bytes()) == segment_log::room::rotates) out.state = state_.serialize();
  out_ = std::move(open_);
  open_ = {};
  out.group = std::move(out_.group);
  committing_ = true;
  return next::commit;
}

void stager::finish(held_batch& b) {
  if (--b.of->remaining == 0) left_.push_back(b.of->from);
  b.what.reset();
}

void stager::answer(held_batch& b, const result<receipt>& said) {
  b.what->done.complete(said);
  finish(b);
}

void stager::refuse_batches(staged& s, const error& why) {
  for (auto& b : s.batches) answer(b, fail(why));
  s.batches.clear();
  window_.roll_back(s.ids_begin);
}

void stager::refuse_rewritten(const error& why) {
  std::deque<waiting> kept;
  for (waiting& w : std::exchange(records_, {})) {
    if (w.rewritten) {
      --urgent_records_;
      w.ended(fail(why));
    } else {
      kept.push_back(std::move(w));
    }
  }
  records_ = std::move(kept);
}

// Undecides a group that never reached the disk: its batches and records wait again, in their order.
void stager::put_back(staged& s) {
  window_.roll_back(std::min(s.ids_begin, window_.end()));
  for (auto b = s.batches.rbegin(); b != s.batches.rend(); ++b) batches_.push_front(std::move(*b));
  for (auto r = s.records.rbegin(); r != s.records.rend(); ++r) {
    if (!r->settled) ++urgent_records_;
    records_.push_front(std::move(*r));
  }
  s = {};
}

void stager::completed(const result<committed_group_ptr>& done, commit_counts& counts) {
  SLUICE_ASSERT(committing_);
  committing_ = false;
  if (done) {
    const auto& group = **done;
    const auto applied = state_.apply(group.header(), group.content());
    SLUICE_ASSERT(applied.has_value());
    window_.confirm(out_.ids_end);
    for (auto& b : out_.batches) answer(b, b.said);
    for (auto& r : out_.records)
      if (r.durable) r.durable();
    counts += out_.counts;
    ++counts.groups;
  } else if (done.error().code == errc::no_space) {
    if (open_.group) put_back(open_);
    refuse_batches(out_, error{errc::log_full, "no room on the disk of the log", {}, 0});
    put_back(out_);
  } else {
    const error why{errc::not_durable, "checkpoint persistence failed", {}, 0};
    for (auto& b : out_.batches) answer(b, fail(why));
    out_ = {};
    refuse_all(why);
  }
  out_ = {};
}

void stager::refuse_all(const error& why) {
  refusing_ = why;
  for (auto& b : open_.batches) answer(b, fail(why));
  for (auto& b : batches_) answer(b, fail(why));
  open_.batches.clear();
  batches_.clear();
}

}  // namespace sluice::checkpoint
