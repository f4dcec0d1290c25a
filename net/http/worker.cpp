// Accepts connections on one io thread and sweeps their deadlines.
#include "net/http/worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "net/http/session.hpp"

namespace sluice::net::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds accept_pause{100};  ///< after EMFILE and its kind
constexpr std::chrono::milliseconds lease_retry{10};

/// Often enough that a deadline is met to a quarter of the shortest limit, and never more than 100 times a
/// second.
std::chrono::milliseconds sweep_interval(const limits& l) {
  const auto shortest = std::min({l.head_time, l.body_idle, l.body_time, l.keep_alive, l.write_time});
  return std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(250));
}

}  // namespace

worker::worker(asio::io_context& home, common& of)
    : home_(home),
      common_(of),
      acceptor_(home.get_executor()),
      answers_(std::make_shared<mailbox>(home)),
      sweep_timer_(home.get_executor()),
      accept_timer_(home.get_executor()),
      lease_timer_(home.get_executor()),
      sweep_every_(sweep_interval(of.options.limits)) {}

result<void> worker::listen(const tcp::endpoint& at) {
  error_code ec;
  acceptor_.open(at.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.set_option(reuse_port(true), ec);
  if (!ec) acceptor_.bind(at, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return fail(errc::io, "cannot listen: " + ec.message(), {}, ec.value());
  return {};
}

void worker::start() {
  if (!down_ && !stopping_) accept();
}

void worker::stop_accepting() {
  if (down_ || stopping_) return;
  stopping_ = true;
  error_code ignored;  // closing frees the descriptor whatever it says
  acceptor_.close(ignored);
  accept_timer_.cancel();
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    const auto one = sessions_[i];
    one->close_if_idle();
  }
}

void worker::refuse_unfinished() {
  if (down_) return;
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    const auto one = sessions_[i];
    one->refuse_unfinished();
  }
}

void worker::shut_down() {
  if (down_) return;
  stop_accepting();
  down_ = true;
  answers_->close();
  sweep_timer_.cancel();
  lease_timer_.cancel();
  waiting_.clear();
  while (!sessions_.empty()) {
    const auto one = sessions_.back();
    one->close();
  }
}

void worker::accept() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& ec, socket peer) {
    self->accepted(ec, std::move(peer));
  });
}

void worker::accepted(const error_code& ec, socket peer) {
  if (down_ || stopping_) return;
  if (!ec) {
    admit(std::move(peer));
    return accept();
  }
  // The peer went away before it was accepted: nothing of ours.
  if (ec == asio::error::connection_aborted || ec == boost::system::errc::protocol_error) return accept();
  // No descriptor or memory is left: the connection stays in the backlog, asking again at once would only
  // spin.
  pause_accepting();
}

void worker::pause_accepting() {
  accept_timer_.expires_after(accept_pause);
  accept_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec && !self->down_ && !self->stopping_) self->accept();
  });
}

void worker::admit(socket peer) {
  error_code ec;
  peer.non_blocking(true, ec);
  if (!ec) peer.set_option(tcp::no_delay(true), ec);
  if (ec) return;  // reset in the meantime
  stream connection(std::move(peer));
  if (common_.options.tls) {
    auto secured = tls::engine::serve(*common_.options.tls, connection.lowest().native_handle());
    if (!secured) return;  // no memory: the connection closes
    connection.secure(std::move(secured));
  }
  if (common_.connections.fetch_add(1, std::memory_order_relaxed) < common_.options.limits.connections) {
    common_.accepted.fetch_add(1, std::memory_order_relaxed);
    const auto opened = std::make_shared<session>(*this, std::move(connection), true);
    add(opened);
    return opened->start();
  }
  common_.connections.fetch_sub(1, std::memory_order_relaxed);
  common_.refused_connections.fetch_add(1, std::memory_order_relaxed);
  if (turned_away_ == turned_away_max) return;
  ++turned_away_;
  const auto opened = std::make_shared<session>(*this, std::move(connection), false);
  add(opened);
  opened->turn_away();
}

void worker::add(const std::shared_ptr<session>& opened) {
  opened->slot = sessions_.size();
  sessions_.push_back(opened);
  if (!sweeping_) sweep_later();
}

void worker::forget(session& closed) {
  if (closed.counted())
    common_.connections.fetch_sub(1, std::memory_order_relaxed);
  else
    --turned_away_;
  const std::size_t slot = closed.slot;
  sessions_.back()->slot = slot;
  std::swap(sessions_[slot], sessions_.back());
  sessions_.pop_back();
}

/// Behind whatever is ready now: asio runs handlers in the order in which they became ready.
void worker::handed_over() {
  if (std::exchange(handing_over_, true)) return;
  asio::post(home_, [self = shared_from_this()] {
    self->handing_over_ = false;
    if (!self->down_) self->app().handled();
  });
}

void worker::sweep_later() {
  sweeping_ = true;
  sweep_timer_.expires_after(sweep_every_);
  sweep_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec && !self->down_) self->sweep();
  });
}

void worker::sweep() {
  const auto now = clock::now();
  // From the back: a session that ends is replaced by the last one, which has been looked at.
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    if (sessions_[i]->deadline() > now) continue;
    const auto one = sessions_[i];
    one->expire();
  }
  sweeping_ = false;
  if (!sessions_.empty()) sweep_later();
}

void worker::wait_for_lease(std::shared_ptr<session> who) {
  waiting_.push_back(std::move(who));
  if (waiting_.size() > 1) return;
  lease_timer_.expires_after(lease_retry);
  lease_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec && !self->down_) self->retry_leases();
  });
}

void worker::retry_leases() {
  for (const auto& one : std::exchange(waiting_, {})) one->retry_lease();
}

}  // namespace sluice::net::http
