// The writing half of a connection: answers, refusals, deadlines, and how it ends.
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <string>
#include <utility>

#include "messages/assert.hpp"
#include "net/http/answer.hpp"
#include "net/http/session.hpp"

namespace sluice::net::http {

namespace asio = boost::asio;
using boost::system::error_code;

void session::turn_away() {
  answer_and_close(server_problem(503, to_string(errc::overloaded), "the limit of connections is reached"));
  advance();
}

void session::answered(response r) {
  if (worker_ == nullptr || phase_ != phase::handling) return;
  const bool close = r.close || !keep_alive_;
  send(std::move(r), close);
  advance();
}

bool session::refuse_head(const head_refusal& why) {
  worker_->counted().bad_heads.fetch_add(1, std::memory_order_relaxed);
  minor_version_ = 1;
  head_only_ = false;
  const limits& bounds = worker_->options().limits;
  std::string detail(why.detail);
  if (why.status == 414) detail += " of " + std::to_string(bounds.target_bytes) + " bytes";
  if (why.status == 431)
    detail += ": at most " + std::to_string(bounds.fields) + " fields and " +
              std::to_string(bounds.head_bytes) + " bytes";
  return answer_and_close(server_problem(why.status, detail));
}

/// Answers a request whose body has not been read. A small one is read and dropped afterwards, so that the
/// connection can go on; where its end is far, or it may not come at all (Expect), the connection ends.
bool session::answer_unread(response r) {
  const std::size_t length = head_.content_length().value_or(0) > discard_bytes_max
                                 ? discard_bytes_max + 1
                                 : static_cast<std::size_t>(head_.content_length().value_or(0));
  const bool droppable =
      !head_.chunked() && length <= discard_bytes_max && (length == 0 || !head_.expect_continue());
  const bool close = r.close || !keep_alive_ || !droppable;
  send(std::move(r), close);
  discard_left_ = length;
  body_deadline_ = worker::clock::now() + worker_->options().limits.body_time;
  return true;
}

bool session::answer_and_close(response r) {
  send(std::move(r), true);
  return true;
}

void session::send(response r, bool close) {
  request_ = {};  // gives back what an unfinished one held
  received_ = length_ = capacity_ = 0;
  waits_for_lease_ = false;
  discard_left_ = 0;
  interim_ = false;
  close_after_ = close || worker_->stopping();
  write_head(out_head_, r, {minor_version_, close_after_, worker_->date()});
  if (head_only_ || r.status == 204 || r.status == 304)
    out_body_.clear();
  else
    out_body_ = std::move(r.body);
  written_ = write_mark_ = 0;
  phase_ = phase::writing;
  deadline_ = worker::clock::now() + worker_->options().limits.write_time;
}

bool session::advance_write() {
  const std::size_t head = out_head_.size();
  const std::size_t all = head + out_body_.size();
  while (written_ < all) {
    const std::size_t of_head = std::min(written_, head);
    const std::size_t of_body = written_ - of_head;
    const std::array<asio::const_buffer, 2> rest{
        asio::const_buffer(out_head_.data() + of_head, head - of_head),
        asio::const_buffer(out_body_.data() + of_body, out_body_.size() - of_body)};
    error_code ec;
    const std::size_t taken = stream_.write_some(rest, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      if (written_ - write_mark_ >= write_progress_bytes) {
        write_mark_ = written_;
        deadline_ = worker::clock::now() + worker_->options().limits.write_time;
      }
      stream_.async_wait_to_write([self = shared_from_this()](const error_code& failed) {
        if (!failed && self->worker_ != nullptr) self->advance();
      });
      return false;
    }
    if (ec) {
      close();
      return false;
    }
    written_ += taken;
  }
  return after_write();
}

bool session::after_write() {
  if (std::exchange(interim_, false)) {
    phase_ = head_.chunked() ? phase::chunks : phase::body;
    return true;
  }
  out_body_.clear();
  if (out_body_.capacity() > buffer_bytes_first) out_body_.shrink_to_fit();
  parser_.reset();
  if (close_after_) {
    // Closing at once would reset the connection when bytes are unread, and the peer might lose the answer.
    stream_.shutdown_send();
    phase_ = phase::lingering;
    linger_left_ = linger_bytes_max;
    deadline_ = worker::clock::now() + linger_time;
  } else {
    phase_ = discard_left_ > 0 ? phase::discarding : phase::head;
  }
  return true;
}

/// A request has begun, and not all of it is here.
bool session::unfinished() const noexcept {
  return (phase_ == phase::head && !unread().empty()) || phase_ == phase::body || phase_ == phase::chunks;
}

/// Answers an unfinished request; the rest of it is not waited for.
void session::give_up(response r) {
  if (phase_ == phase::head) head_only_ = false;
  cancel_read();
  answer_and_close(std::move(r));
  advance();
}

void session::refuse_unfinished() {
  if (worker_ == nullptr || !unfinished()) return;
  give_up(server_problem(503, to_string(errc::stopping), "the node stopped before the request was whole"));
}

void session::expire() {
  if (worker_ == nullptr) return;
  if (unfinished()) {
    return give_up(server_problem(408, to_string(errc::timed_out),
                                  phase_ == phase::head ? "the request head did not come in time"
                                                        : "the request body did not come in time"));
  }
  close(phase_ == phase::writing);  // of a peer that does not read, what the kernel holds goes too
}

void session::cancel_read() noexcept {
  ++read_epoch_;
  stream_.cancel();
}

void session::close_if_idle() {
  if (worker_ != nullptr && phase_ == phase::head && unread().empty()) close();
}

void session::close(bool reset) noexcept {
  if (worker_ == nullptr) return;
  worker* const from = std::exchange(worker_, nullptr);
  ++read_epoch_;
  deadline_ = time_point::max();
  stream_.close(reset);
  request_ = {};
  from->forget(*this);
}

}  // namespace sluice::net::http
