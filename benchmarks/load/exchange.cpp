// What happens on one connection of the sender: a batch is made, sent, answered, sent again or given up.
#include <utility>

#include "benchmarks/load/engine.hpp"
#include "messages/assert.hpp"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds dial_limit{5'000};
constexpr milliseconds redial_pause{50};
constexpr milliseconds retry_pause_default{1'000};
constexpr milliseconds retry_pause_max{30'000};
constexpr milliseconds sweep_soon{5};

}  // namespace

/// Does what the connection can do next; leaves it where it waits for the socket, the clock or a due time.
void sender::engine::advance(connection& c) {
  if (c.given_up || c.under_way || c.socket.now() == link::state::connecting) return;
  if (c.socket.now() == link::state::closed) {
    if (now_ < c.dial_at) return sweep_in(sweep_soon);
    c.limit = now_ + dial_limit;
    if (!c.socket.dial(peer_)) lose(c);
    return;
  }
  if (c.has_batch) {
    if (now_ < c.retry_at) return sweep_in(sweep_soon);
    return transmit(c);
  }
  if (stopping_ || (run_.batches > 0 && c.quota == 0)) return;
  if (options_.rate <= 0) {
    make_batch(c, now_);
  } else if (!c.is_idle) {
    c.is_idle = true;
    idle_.push_back(&c);
  }
}

void sender::engine::make_batch(connection& c, clock::time_point due) {
  const bool repeats = c.maker.next(stamp_.text());
  if (repeats) ++outcome_.batches_repeated;
  if (run_.batches > 0) {
    --c.quota;
    --quota_left_;
  }
  c.has_batch = true;
  ++batches_open_;
  c.due = due;
  c.retries = 0;
  c.retry_at = now_;
  c.down_since.reset();
  if (book_ != nullptr && !repeats) {
    note(book_->offered(c.maker));
    if (fault_) return;
  }
  transmit(c);
}

void sender::engine::transmit(connection& c) {
  constexpr std::string_view length_field = "Content-Length: ";
  c.head.resize(c.head.rfind(length_field) + length_field.size());
  c.head.append(std::to_string(c.maker.body().size())).append("\r\n\r\n");
  c.under_way = true;
  c.limit = now_ + options_.answer_timeout;
  ++outcome_.requests;
  c.socket.start(c.head, c.maker.body());
}

void sender::engine::read(connection& c) {
  const auto got = c.socket.receive();
  if (got == link::received::nothing) return;
  const bool ended = got == link::received::ended;
  if (!c.under_way) return lose(c);  // closed while idle, or bytes that nobody asked for
  const auto a = c.socket.read(ended);
  if (a.state == answer_state::complete) {
    take_answer(c, a, ended);
  } else if (a.state == answer_state::malformed || ended) {
    lose(c);
  }
}

void sender::engine::take_answer(connection& c, const answer& a, bool ended) {
  ++outcome_.answers[a.status];
  c.under_way = false;
  c.was_answered = true;
  c.down_since.reset();
  const bool clean = c.socket.take(a);
  // Answered before the whole body was sent: what is left of it would be read as the next request.
  if (a.closes || ended || !clean || !c.socket.sent_all()) {
    c.socket.close();
    c.dial_at = now_;
  }
  if (a.status / 100 == 2) {
    acknowledge(c, a);
  } else if ((a.status == 429 || a.status == 503) && c.retries < options_.retries_max) {
    ++c.retries;
    ++outcome_.retried;
    const milliseconds asked = a.retry_after_seconds
                                   ? milliseconds(std::uint64_t{*a.retry_after_seconds} * 1000)
                                   : retry_pause_default;
    c.retry_at = now_ + std::min(asked, retry_pause_max);
  } else {
    ++outcome_.failed;
    settle(c);
  }
  advance(c);
}

void sender::engine::acknowledge(connection& c, const answer& a) {
  ++outcome_.batches_acked;
  outcome_.events_acked += c.maker.events();
  const auto waited = std::chrono::duration_cast<std::chrono::nanoseconds>(now_ - c.due).count();
  outcome_.latency.record(static_cast<std::uint64_t>(std::max<long long>(waited, 0)));
  const auto accepted = count_in(a.body, "accepted");
  const auto duplicates = count_in(a.body, "duplicates").value_or(0);
  outcome_.accepted += accepted.value_or(0);
  outcome_.duplicates += duplicates;
  outcome_.dropped += count_in(a.body, "dropped").value_or(0);
  outcome_.quarantined += count_in(a.body, "quarantined").value_or(0);
  if (book_ != nullptr) {
    const auto events = c.maker.events();
    const auto said = !accepted              ? promise::unstated
                      : *accepted == events  ? promise::accepted
                      : duplicates == events ? promise::duplicate
                                             : promise::mixed;
    note(book_->acked(c.maker, said));
  }
  settle(c);
}

void sender::engine::settle(connection& c) {
  SLUICE_ASSERT(c.has_batch && batches_open_ > 0);
  c.has_batch = false;
  --batches_open_;
}

/// The socket is gone or no longer of use. The batch on it stays and is sent again, as long as `reopen_for`
/// allows.
void sender::engine::lose(connection& c) {
  const bool in_row = !c.was_answered;
  c.socket.close();
  if (c.under_way) ++outcome_.lost;
  c.under_way = false;
  c.was_answered = false;
  if (!c.down_since) c.down_since = now_;
  if (now_ - *c.down_since >= options_.reopen_for) return give_up(c);
  c.dial_at = in_row ? now_ + redial_pause : now_;
  sweep_in(sweep_soon);
}

void sender::engine::give_up(connection& c) {
  c.given_up = true;
  if (c.has_batch) {
    ++outcome_.failed;
    settle(c);
  }
  outcome_.unsent += c.quota;
  quota_left_ -= c.quota;
  c.quota = 0;
}

}  // namespace sluice::load
