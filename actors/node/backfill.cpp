// The copies and how far they came are one group, so a crash neither repeats nor skips an event. What was
// copied needs the old segment no more: it may be recycled for the copies of the next.
#include "actors/node/backfill.hpp"

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/checkpoint/rewritten_events.hpp"
#include "actors/node/commit_now.hpp"
#include "actors/node/reread.hpp"
#include "actors/route/router.hpp"

namespace sluice::node {
namespace {

using checkpoint::committed_group_ptr;
using checkpoint::log_feed;

/// Bounds of one record, passed by its last event at most.
constexpr std::size_t events_at_once = 1000, bytes_at_once = 1u << 20;
constexpr std::size_t bite_bytes = 4u << 20;

result<std::vector<committed_group_ptr>> next_groups(log_feed& feed, log_feed::reader& who,
                                                     group_number after) {
  auto tail = feed.next(who, after, bite_bytes);
  if (tail.found != log_feed::where::file) return std::move(tail.groups);
  std::promise<result<std::vector<committed_group_ptr>>> fetched;
  feed.fetch(who, after, bite_bytes, [&](auto groups) { fetched.set_value(std::move(groups)); });
  return fetched.get_future().get();
}

class copier final : public checkpoint::record_visitor {
 public:
  copier(destination_id to, const backfill_sources& from)
      : to_(to), from_(from), reader_(*from.key), router_(from.rules, from.split) {}

  result<std::uint64_t> run() {
    release();
    auto& feed = from_.log->feed();
    const auto reading = feed.add_reader([] {});
    const auto begin = from_.log->group_before(owed().backfilled + 1);
    if (!begin) return fail(begin.error());
    group_number after = *begin;
    for (bool more = true; more && owed().backfill_upto != 0;) {
      const auto groups = next_groups(feed, *reading, after);
      if (!groups) return fail(groups.error());
      more = !groups->empty();
      for (const auto& group : *groups) {
        after = group->header().number;
        more = group->header().first_position <= owed().backfill_upto;
        if (!more) break;
        const auto read = checkpoint::visit_records(group->header(), group->content(), *this);
        if (!read) return fail(read.error());
        if (failed_) return fail(*failed_);
      }
    }
    if (owed().backfill_upto != 0) {
      if (auto written = write(owed().backfill_upto); !written) return fail(written.error());
    }
    return copied_;
  }

  void on_batch(const checkpoint::batch_view& batch) override {
    events_.clear();
    places_.clear();
    for (std::size_t i = 0; i < batch.entries.size() && !failed_; ++i) {
      const event_entry& e = batch.entries[i];
      const position at = batch.first + i;
      if (at <= owed().backfilled || at > owed().backfill_upto || e.quarantined() || e.cut != 0) continue;
      events_.push_back({batch.slice(e), batch.id(e), batch.source(e)});
      places_.push_back({at, batch.head.received_ms});
      if (events_.size() == events_at_once) take();
    }
    if (!failed_) take();
  }

 private:
  struct place {
    position at;
    std::int64_t received_ms;
  };

  const checkpoint::destination_state& owed() const { return from_.state->destinations()[to_]; }

  /// What the rules send there of the gathered events.
  void take() {
    const auto read = reader_.read(events_, [&](decoded& events, std::string_view body, std::size_t first) {
      if (failed_) return;
      target_sets targets;
      if (const auto routed = router_.apply(events, targets); !routed) {
        failed_ = routed.error();
        return;
      }
      for (std::size_t i = 0; i < events.entries.size() && !failed_; ++i) {
        for (const target& t : targets[events.entries[i].targets]) {
          if (t.destination == to_) add(events.entries[i], body, t, places_[first + i]);
        }
      }
    });
    if (!read && !failed_) failed_ = read.error();
    events_.clear();
    places_.clear();
  }

  void add(event_entry entry, std::string_view body, const target& to, const place& was) {
    entry.targets = copies_.targets.intern({&to, 1});
    copies_.add(entry, body);
    copies_.before.push_back({was.at, was.received_ms, 0, 0, 0});
    if (copies_.entries.size() < events_at_once && copies_.body.size() < bytes_at_once) return;
    if (auto written = write(was.at); !written) failed_ = written.error();
  }

  /// Everything up to `upto` was looked at.
  result<void> write(position upto) {
    checkpoint::group_builder group(
        from_.log->buffers()->take(2 * checkpoint::block_bytes + copies_.record_bytes()));
    copies_.kind = checkpoint::rewrite_kind::backfill;
    copies_.received_ms = from_.when.wall_ms;
    bool fits = copies_.entries.empty() || copies_.append_to(group);
    fits = fits && group.append_control(
                       {.kind = checkpoint::control_kind::backfilled, .destination = to_, .at = upto}, {});
    SLUICE_ASSERT(fits);
    if (auto done = commit_now(group, *from_.log, *from_.state, from_.when); !done) return done;
    copied_ += copies_.entries.size();
    copies_ = {};
    release();
    return {};
  }
  void release() { from_.log->release(from_.state->needed_from(), from_.state->audited().upto + 1); }

  const destination_id to_;
  const backfill_sources& from_;
  rereader reader_;
  route::router router_;
  std::vector<accepted_event> events_;  // of the batch under way
  std::vector<place> places_;           // beside them
  checkpoint::rewritten_events copies_;
  std::uint64_t copied_ = 0;
  std::optional<error> failed_;
};

}  // namespace

result<std::uint64_t> backfill(destination_id to, const backfill_sources& from) {
  return copier(to, from).run();
}

}  // namespace sluice::node
