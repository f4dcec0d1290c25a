// Sockets and epoll of one connection.
#include "benchmarks/load/link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "messages/assert.hpp"

namespace sluice::load {

bool link::watch(int operation, bool for_room) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | (for_room ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  event.data.u64 = tag_;
  waits_for_room_ = for_room;
  return ::epoll_ctl(epoll_, operation, fd_, &event) == 0;
}

bool link::dial(const peer_address& to) {
  SLUICE_ASSERT(state_ == state::closed);
  fd_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  const bool begun =
      ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
      (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0 || errno == EINPROGRESS);
  state_ = state::connecting;
  if (begun && watch(EPOLL_CTL_ADD, true)) return true;
  close();
  return false;
}

bool link::adopt(int fd) {
  SLUICE_ASSERT(state_ == state::closed);
  fd_ = fd;
  state_ = state::open;
  if (watch(EPOLL_CTL_ADD, false)) return true;
  close();
  return false;
}

bool link::finish_dial() {
  SLUICE_ASSERT(state_ == state::connecting);
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &outcome, &size) == 0 && outcome == 0 &&
      watch(EPOLL_CTL_MOD, false)) {
    state_ = state::open;
    return true;
  }
  close();
  return false;
}

void link::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = state::closed;
  waits_for_room_ = false;
  head_ = body_ = {};
  input_.clear();
}

void link::start(std::string_view head, std::string_view body) {
  SLUICE_ASSERT(state_ == state::open && sent_all());
  head_ = head;
  body_ = body;
  send_more();
}

void link::send_more() {
  while (!sent_all()) {
    std::array<iovec, 2> parts{{{const_cast<char*>(head_.data()), head_.size()},  // sendmsg only reads
                                {const_cast<char*>(body_.data()), body_.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t put = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      // EAGAIN, or an error: a broken socket becomes readable.
      const bool is_full = errno == EAGAIN;
      if (is_full != waits_for_room_) watch(EPOLL_CTL_MOD, is_full);
      return;
    }
    const auto count = static_cast<std::size_t>(put);
    bytes_sent_ += count;
    const std::size_t of_head = std::min(count, head_.size());
    head_.remove_prefix(of_head);
    body_.remove_prefix(count - of_head);
  }
  if (waits_for_room_) watch(EPOLL_CTL_MOD, false);
}

link::received link::receive() {
  std::array<char, 65536> piece;
  const ssize_t got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got > 0) {
    input_.append(piece.data(), static_cast<std::size_t>(got));
    return received::some;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return received::nothing;
  return received::ended;
}

bool link::take(const answer& read) {
  SLUICE_ASSERT(read.size <= input_.size());
  input_.erase(0, read.size);
  return input_.empty();
}

}  // namespace sluice::load
