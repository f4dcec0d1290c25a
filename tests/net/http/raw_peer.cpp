// Plain POSIX sockets, so that nothing between script and wire interprets the bytes.
#include "tests/net/http/raw_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::net::http {
namespace {

template <class T>
void set(int fd, int level, int name, const T& value) {
  SLUICE_ASSERT(setsockopt(fd, level, name, &value, sizeof value) == 0);
}

}  // namespace

bool raw_connection::fill() {
  char buffer[64 * 1024];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  in_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string raw_connection::read_until(std::string_view end) {
  std::size_t found = std::string::npos;
  while ((found = in_.find(end)) == std::string::npos && fill()) {
  }
  const std::size_t size = found == std::string::npos ? in_.size() : found + end.size();
  std::string out = in_.substr(0, size);
  in_.erase(0, size);
  return out;
}

std::string raw_connection::read_request() {
  std::string request = read_until("\r\n\r\n");
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = request.find(name);
  if (at == std::string::npos) return {};
  const std::size_t body = std::stoul(request.substr(at + name.size()));
  while (in_.size() < body) {
    if (!fill()) return {};
  }
  request += in_.substr(0, body);
  in_.erase(0, body);
  return request;
}

bool raw_connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool raw_connection::trickle(std::string_view bytes) {
  return std::ranges::all_of(bytes, [&](const char& c) { return send(std::string_view(&c, 1)); });
}

bool raw_connection::wait_for_end() {
  while (fill()) in_.clear();
  char byte;
  return recv(fd_, &byte, 1, MSG_DONTWAIT) == 0 || errno != EAGAIN;
}

void raw_connection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void raw_connection::reset() {
  set(fd_, SOL_SOCKET, SO_LINGER, linger{1, 0});
  close();
}

listening listen_anywhere(int backlog) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  SLUICE_ASSERT(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  SLUICE_ASSERT(bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  SLUICE_ASSERT(listen(fd, backlog) == 0);
  SLUICE_ASSERT(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return {fd, ntohs(address.sin_port)};
}

raw_peer::raw_peer(std::vector<script> scripts) : scripts_(std::move(scripts)) {
  const listening socket = listen_anywhere(16);
  listener_ = socket.fd;
  port_ = socket.port;
  thread_ = std::thread([this] { serve(); });
}

raw_peer::~raw_peer() {
  shutdown(listener_, SHUT_RDWR);  // ends a waiting accept
  thread_.join();
  ::close(listener_);
}

void raw_peer::serve() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const timeval deadline{20, 0};
    set(fd, SOL_SOCKET, SO_RCVTIMEO, deadline);
    set(fd, SOL_SOCKET, SO_SNDTIMEO, deadline);
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    const auto number = static_cast<std::size_t>(connections_.fetch_add(1));
    raw_connection connection(fd);
    if (number < scripts_.size()) scripts_[number](connection);
  }
}

}  // namespace sluice::net::http
