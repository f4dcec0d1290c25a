// Calls leave without the feed's lock. A reader's own lock is held during its calls, so that its destructor
// can promise that none follows.
#include "actors/checkpoint/tail_feed.hpp"

#include <pthread.h>
#include <algorithm>

#include <utility>

#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

/// Read from the files at once, whoever asks for less: others come for the rest.
constexpr std::size_t read_bytes = 4u << 20;
/// Kept of what was read.
constexpr std::size_t fetched_bytes = 32u << 20;

}  // namespace

struct tail_feed::slot {
  slot(wake w, std::optional<target> lane) : call(std::move(w)), of(lane) {}
  std::mutex calls;   ///< held while `call` or a fetch's `done` runs
  bool alive = true;  ///< guarded by `calls`
  wake call;
  const std::optional<target> of;
  bool armed = false;       ///< guarded by the feed's lock; likewise below
  group_number from = 0;    ///< behind this group …
  group_number passed = 0;  ///< … and up to this one nothing is for the reader
  bool fetching = false;
  fetch_hint hint;  ///< of whoever serves its fetch

  std::optional<destination_id> destination() const noexcept {
    return of ? std::optional(of->destination) : std::nullopt;
  }
  /// Where a reader that has everything up to `after` goes on. It may have gone back.
  group_number behind(group_number after) const noexcept {
    return after >= from ? std::max(after, passed) : after;
  }
  /// Nothing for it lies between where it goes on behind `after` and `upto`.
  void pass(group_number after, group_number upto) noexcept {
    if (after < from || after > passed) from = after;
    passed = upto;
  }
};

class tail_feed::handle final : public log_feed::reader {
 public:
  handle(tail_feed& feed, std::shared_ptr<slot> s) : feed_(&feed), slot_(std::move(s)) {}
  ~handle() override {
    {
      std::scoped_lock lock(slot_->calls);
      slot_->alive = false;
    }
    std::scoped_lock lock(feed_->mutex_);
    std::erase(feed_->slots_, slot_);
    std::erase_if(feed_->jobs_, [this](const job& j) { return j.who == slot_; });
  }
  const std::shared_ptr<slot>& state() const noexcept { return slot_; }

 private:
  tail_feed* feed_;
  std::shared_ptr<slot> slot_;
};

tail_feed::tail_feed(segment_fetcher fetcher, std::size_t tail_bytes, group_number last, group_number durable,
                     bool thread)
    : fetcher_(std::move(fetcher)), ring_(tail_bytes, last), fetched_(fetched_bytes), durable_(durable) {
  if (thread) thread_ = std::thread([this] { run(); });
}

tail_feed::~tail_feed() { stop(); }

void tail_feed::stop() {
  std::deque<job> left;
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
    left.swap(jobs_);
    for (const job& j : left) j.who->fetching = false;
  }
  jobs_come_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (job& j : left) {
    std::scoped_lock calls(j.who->calls);
    if (j.who->alive) j.done(fail(errc::stopping, "the log stops"));
  }
}

void tail_feed::publish(committed_group_ptr group, group_number durable) {
  {
    std::scoped_lock lock(mutex_);
    SLUICE_ASSERT(durable > durable_);
    durable_ = durable;
    if (group == nullptr) return;
    for (const auto& s : slots_) {
      if (!s->armed) continue;
      if (s->of && !group->may_hold(*s->of)) {
        s->passed = group->header().number;
      } else {
        s->armed = false;
        waking_.push_back(s);
      }
    }
    ring_.push(std::move(group));
  }
  for (const auto& s : waking_) {
    std::scoped_lock calls(s->calls);
    if (s->alive) s->call();
  }
  waking_.clear();
}

std::unique_ptr<log_feed::reader> tail_feed::add_reader(wake call, std::optional<target> of) {
  auto made = std::make_shared<slot>(std::move(call), of);
  std::scoped_lock lock(mutex_);
  slots_.push_back(made);
  return std::make_unique<handle>(*this, std::move(made));
}

log_feed::tail_read tail_feed::next(reader& who, group_number after, std::size_t max_bytes) {
  slot& s = *static_cast<handle&>(who).state();
  std::scoped_lock lock(mutex_);
  group_number behind = s.behind(after);
  while (behind < ring_.floor()) {
    const auto* known = fetched_.find(behind, s.destination());
    if (known == nullptr) return {where::file, {}};
    if (auto groups = groups_behind(known->groups, behind, max_bytes, s.of); !groups.empty())
      return {where::memory, std::move(groups)};
    s.pass(after, behind = known->upto);
  }
  // Who needs no file any more must not keep one open that the keeper takes away: its space would stay taken.
  if (!s.fetching) s.hint.from.reset();
  if (behind < ring_.last()) {
    if (auto groups = ring_.behind(behind, max_bytes, s.of); !groups.empty())
      return {where::memory, std::move(groups)};
  }
  s.pass(after, std::max(behind, ring_.last()));
  s.armed = true;
  return {where::wait, {}};
}

void tail_feed::fetch(reader& who, group_number after, std::size_t max_bytes, fetched done) {
  job what{static_cast<handle&>(who).state(), after, max_bytes, std::move(done)};
  {
    std::scoped_lock lock(mutex_);
    SLUICE_ASSERT(!what.who->fetching);
    what.who->fetching = true;
    what.after = what.who->behind(what.after);
    if (!stopping_ && thread_.joinable()) {
      jobs_.push_back(std::move(what));
      jobs_come_.notify_one();
      return;
    }
  }
  serve(what);
}

void tail_feed::run() {
  ::pthread_setname_np(::pthread_self(), "log-reader");
  std::unique_lock lock(mutex_);
  for (;;) {
    jobs_come_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    job what = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    serve(what);
    what = {};
    lock.lock();
  }
}

void tail_feed::serve(job& what) {
  auto got = read(what);
  {
    std::scoped_lock lock(mutex_);
    what.who->fetching = false;
  }
  std::scoped_lock calls(what.who->calls);
  if (what.who->alive) what.done(std::move(got));
}

// Who waited behind another reader finds what that one has read.
result<std::vector<committed_group_ptr>> tail_feed::read(job& what) {
  const auto of = what.who->destination();
  group_number upto = 0;
  {
    std::scoped_lock lock(mutex_);
    if (stopping_) return fail(errc::stopping, "the log stops");
    if (const auto* known = fetched_.find(what.after, of))
      return groups_behind(known->groups, what.after, what.max_bytes, {});
    upto = ring_.floor() > what.after ? ring_.floor() : durable_;
  }
  fetch_hint& hint = what.who->hint;
  auto got = fetcher_.fetch(hint, of, what.after, upto, std::max(read_bytes, what.max_bytes));
  // As in `next`.
  if (!got || got->empty() || got->back()->header().number >= upto) hint.from.reset();
  if (!got || got->empty()) return got;
  auto first = groups_behind(*got, what.after, what.max_bytes, {});
  std::scoped_lock lock(mutex_);
  fetched_.put(what.after, of, std::move(*got));
  return first;
}

group_number tail_feed::durable() const {
  std::scoped_lock lock(mutex_);
  return durable_;
}

}  // namespace sluice::checkpoint
