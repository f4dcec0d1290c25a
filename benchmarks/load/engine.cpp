// The sender's epoll loop, its clocks and the pace of an open loop.
#include "benchmarks/load/engine.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_dial_limit{5'000};
constexpr milliseconds sweep_late{100};
constexpr milliseconds progress_every{250};
constexpr std::uint64_t pacer_tag = ~std::uint64_t{0};
constexpr int events_at_once = 256;

error system_error(const char* what) {
  return {errc::io, what + std::generic_category().message(errno), "", errno};
}

}  // namespace

sender::engine::~engine() {
  connections_.clear();
  if (pacer_ >= 0) ::close(pacer_);
  if (epoll_ >= 0) ::close(epoll_);
}

result<void> sender::engine::open() {
  SLUICE_ASSERT(options_.connections >= 1 && options_.connections <= connections_max);
  auto first = connect_to(options_.to, first_dial_limit);
  if (!first) return tl::unexpected(first.error());
  peer_.size = sizeof peer_.storage;
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  pacer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = pacer_tag;
  if (::getpeername(*first, reinterpret_cast<sockaddr*>(&peer_.storage), &peer_.size) != 0 || epoll_ < 0 ||
      pacer_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, pacer_, &event) != 0) {
    auto failed = system_error("cannot set up the sender: ");
    ::close(*first);
    return tl::unexpected(std::move(failed));
  }
  for (std::size_t i = 0; i < options_.connections; ++i) {
    auto batches = options_.batches;
    batches.stream += i;
    auto& c = connections_.emplace_back(epoll_, i, batches);
    c.head = "POST " + options_.to.path + " HTTP/1.1\r\nHost: " + host_field(options_.to) +
             "\r\nContent-Type: application/json\r\nContent-Length: ";
  }
  if (!connections_.front().socket.adopt(*first))
    return tl::unexpected(system_error("cannot watch a socket: "));
  return {};
}

void sender::engine::prepare_run() {
  outcome_ = {};
  fault_.reset();
  idle_.clear();
  stopping_ = false;
  paced_ = 0;
  quota_left_ = 0;
  now_ = began_ = clock::now();
  sweep_at_ = now_ + sweep_late;
  progress_at_ = now_ + progress_every;
  stamp_.set(std::chrono::system_clock::now());
  const auto count = connections_.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto& c = connections_[i];
    c.is_idle = false;
    c.quota = c.given_up ? 0 : run_.batches / count + (i < run_.batches % count ? 1 : 0);
    quota_left_ += c.quota;
  }
  outcome_.unsent = run_.batches - quota_left_;
}

result<outcome> sender::engine::run(const run_options& options) {
  run_ = options;
  prepare_run();
  std::uint64_t bytes_before = 0;
  for (const auto& c : connections_) bytes_before += c.socket.bytes_sent();
  for (auto& c : connections_) advance(c);
  while (step() && !fault_) {
  }
  finish_run();
  for (const auto& c : connections_) outcome_.bytes_sent += c.socket.bytes_sent();
  outcome_.bytes_sent -= bytes_before;
  if (fault_) return tl::unexpected(*fault_);
  return std::move(outcome_);
}

/// One turn of the loop; false when the run is over.
bool sender::engine::step() {
  now_ = clock::now();
  const int stop = run_.stop != nullptr ? run_.stop->load(std::memory_order_relaxed) : 0;
  const bool is_over = run_.batches > 0 ? quota_left_ == 0 : now_ - began_ >= run_.duration;
  if (!stopping_ && (is_over || stop > 0)) {
    stopping_ = true;
    // By the clock, not by when it was looked at: so many batches were due in the time asked for, no more.
    stopped_ = is_over && run_.batches == 0
                   ? began_ + std::chrono::duration_cast<clock::duration>(run_.duration)
                   : now_;
  }
  const bool all_gone =
      std::all_of(connections_.begin(), connections_.end(), [](const auto& c) { return c.given_up; });
  if (stop > 1 || all_gone || (stopping_ && (batches_open_ == 0 || now_ - stopped_ >= options_.drain)))
    return false;
  if (now_ >= sweep_at_) sweep();
  if (options_.rate > 0 && !stopping_) pace();
  if (run_.progress && now_ >= progress_at_) {
    progress_at_ = now_ + progress_every;
    outcome_.seconds = std::chrono::duration<double>(now_ - began_).count();
    run_.progress(outcome_);
  }
  std::array<epoll_event, events_at_once> ready;
  auto wait = std::min(sweep_at_, progress_at_);
  if (run_.batches == 0 && !stopping_)
    wait = std::min(wait, began_ + std::chrono::duration_cast<clock::duration>(run_.duration));
  const auto pause = std::chrono::ceil<milliseconds>(wait - clock::now()).count();
  const int count = ::epoll_wait(epoll_, ready.data(), events_at_once,
                                 static_cast<int>(std::clamp<long long>(pause, 0, 100)));
  if (count < 0 && errno != EINTR) {
    fault_ = system_error("epoll failed: ");
    return false;
  }
  now_ = clock::now();
  stamp_.set(std::chrono::system_clock::now());
  for (int i = 0; i < count; ++i) dispatch(ready[static_cast<std::size_t>(i)]);
  return true;
}

void sender::engine::dispatch(const epoll_event& event) {
  if (event.data.u64 == pacer_tag) {
    std::uint64_t expirations = 0;
    // Nothing to read means that the timer was set anew in the meantime.
    if (::read(pacer_, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
      fault_ = system_error("the timer failed: ");
    return;
  }
  auto& c = connections_[event.data.u64];
  if (c.socket.now() == link::state::connecting) {
    if (c.socket.finish_dial()) {
      c.was_answered = false;
      advance(c);
    } else {
      lose(c);
    }
    return;
  }
  if (c.socket.now() == link::state::open && (event.events & EPOLLOUT) != 0) c.socket.send_more();
  if (c.socket.now() == link::state::open && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(c);
}

/// Looks at every connection's clocks.
void sender::engine::sweep() {
  sweep_at_ = now_ + sweep_late;
  for (auto& c : connections_) {
    const bool waits = c.under_way || c.socket.now() == link::state::connecting;
    if (waits && now_ >= c.limit) lose(c);
    advance(c);
  }
}

std::chrono::steady_clock::time_point sender::engine::due_of(std::uint64_t number) const {
  return began_ + std::chrono::nanoseconds(std::llround(static_cast<double>(number) * 1e9 / options_.rate));
}

/// Gives batches that are due to connections that are free; sets the timer for the next one.
void sender::engine::pace() {
  while (!idle_.empty() && due_of(paced_) <= now_) {
    auto& c = *idle_.front();
    idle_.pop_front();
    c.is_idle = false;
    if (c.socket.now() != link::state::open) continue;  // it comes back when it is open again
    make_batch(c, due_of(paced_++));
  }
  if (!idle_.empty()) sleep_until_due();
}

void sender::engine::sleep_until_due() {
  const auto pause =
      std::chrono::duration_cast<std::chrono::nanoseconds>(due_of(paced_) - clock::now()).count();
  const long long nanoseconds = std::max<long long>(pause, 1);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  if (::timerfd_settime(pacer_, 0, &when, nullptr) != 0) fault_ = system_error("the timer failed: ");
}

void sender::engine::finish_run() {
  now_ = clock::now();
  outcome_.seconds = std::chrono::duration<double>(now_ - began_).count();
  for (auto& c : connections_) {
    if (!c.has_batch) continue;
    ++outcome_.unfinished;
    settle(c);
    c.under_way = false;
    c.socket.close();
  }
  if (run_.batches > 0) {
    outcome_.unsent += quota_left_;
  } else if (options_.rate > 0) {
    // What should have been sent before the end and never was: it has waited at least until then.
    const auto end = stopping_ ? stopped_ : now_;
    for (; due_of(paced_) < end; ++paced_) {
      ++outcome_.unsent;
      outcome_.latency.record(static_cast<std::uint64_t>((end - due_of(paced_)).count()));
    }
  }
  if (run_.progress) run_.progress(outcome_);
}

}  // namespace sluice::load
