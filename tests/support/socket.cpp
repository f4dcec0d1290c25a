// Sockets of the tests: POSIX calls, so that a defect of a networking library cannot hide itself.
#include "tests/support/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace sluice::testing {
namespace {

constexpr unsigned first_port = 18000, ports = 14000;  // Linux takes ephemeral ports from 32768 on

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool ready(int fd, short events, milliseconds patience) {
  const auto deadline = steady::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady::now()).count();
    pollfd watched{fd, events, 0};
    const int count = ::poll(&watched, 1, static_cast<int>(left > 0 ? left : 0));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

int new_socket(int domain = AF_INET) {
  const int fd = ::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(std::string("cannot make a socket: ") + std::strerror(errno));
  return fd;
}

bool bind_to(int fd, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// Whether no other test has the port; then it is this process's until its end. A name without a file, which
/// the kernel gives to one socket at a time and takes back with it.
bool claim(std::uint16_t port) {
  const std::string name = "sluice-test-port-" + std::to_string(port);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = new_socket(AF_UNIX);  // left open: the claim
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return true;
  ::close(fd);
  return false;
}

}  // namespace

std::uint16_t free_port() {
  static std::atomic<unsigned> next{static_cast<unsigned>(::getpid()) * 61U};
  for (unsigned tried = 0; tried < ports; ++tried) {
    const auto port = static_cast<std::uint16_t>(first_port + next.fetch_add(1) % ports);
    const tcp_socket probe(new_socket());
    if (bind_to(probe.fd(), port) && claim(port)) return port;
  }
  throw std::runtime_error("no free port");
}

tcp_socket& tcp_socket::operator=(tcp_socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    last_arrival_ns_ = other.last_arrival_ns_;
  }
  return *this;
}

tcp_socket tcp_socket::connect(std::uint16_t port) {
  tcp_socket made(new_socket());
  const sockaddr_in address = loopback(port);
  int failed = 0;
  do failed = ::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (failed != 0 && errno == EINTR);
  if (failed != 0)
    throw connection_lost("connecting to port " + std::to_string(port) + ": " + std::strerror(errno));
  const int on = 1;
  ::setsockopt(made.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

tcp_socket tcp_socket::listen(std::uint16_t port) {
  tcp_socket made(new_socket());
  const int on = 1;
  ::setsockopt(made.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind_to(made.fd_, port) || ::listen(made.fd_, 256) != 0) {
    throw std::runtime_error("listening on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  return made;
}

tcp_socket tcp_socket::accept() {
  int fd = -1;
  do fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (fd >= 0) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return tcp_socket(fd);
}

void tcp_socket::send(std::string_view bytes, milliseconds patience) {
  const auto deadline = steady::now() + patience;
  while (!bytes.empty()) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady::now());
    if (!ready(fd_, POLLOUT, left)) throw too_slow("the peer takes no bytes");
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) throw connection_lost(std::string("sending: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void tcp_socket::note_arrivals() {
  const int on = 1;
  if (::setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
    throw std::runtime_error(std::string("no stamps of arrivals: ") + std::strerror(errno));
}

bool tcp_socket::receive(std::string& to, milliseconds patience) {
  char bytes[16384];
  alignas(cmsghdr) char notes[256];
  for (;;) {
    if (!ready(fd_, POLLIN, patience)) throw too_slow("the peer says nothing");
    iovec where{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &where;
    message.msg_iovlen = 1;
    message.msg_control = notes;
    message.msg_controllen = sizeof notes;
    const ssize_t got = ::recvmsg(fd_, &message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) throw connection_lost(std::string("receiving: ") + std::strerror(errno));
    to.append(bytes, static_cast<std::size_t>(got));
    for (cmsghdr* note = CMSG_FIRSTHDR(&message); note != nullptr; note = CMSG_NXTHDR(&message, note)) {
      if (note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec at{};
      std::memcpy(&at, CMSG_DATA(note), sizeof at);
      last_arrival_ns_ = std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
    }
    return got > 0;
  }
}

bool tcp_socket::readable(milliseconds patience) const { return ready(fd_, POLLIN, patience); }

void tcp_socket::finish_sending() noexcept { ::shutdown(fd_, SHUT_WR); }

void tcp_socket::reset_on_close() noexcept {
  const linger abrupt{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
}

void tcp_socket::shutdown() noexcept { ::shutdown(fd_, SHUT_RDWR); }

void tcp_socket::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace sluice::testing
