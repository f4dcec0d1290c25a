// Plain sockets with one deadline for everything.
#include "tests/net/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace sluice::net::http::testing_support {
namespace {

int connected(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  const timeval deadline{20, 0};
  const int on = 1;
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return made;
  ::close(made);
  return -1;
}

}  // namespace

bool answer::says(std::string_view field_line) const {
  return head.find("\r\n" + std::string(field_line) + "\r\n") != std::string::npos;
}

raw_client::raw_client(std::uint16_t port) : socket_(connected(port)) {
  if (socket_ < 0) throw std::runtime_error("cannot connect to port " + std::to_string(port));
}

raw_client::~raw_client() { ::close(socket_); }

bool raw_client::can_connect(std::uint16_t port) {
  const int made = connected(port);
  if (made >= 0) ::close(made);
  return made >= 0;
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto taken = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

bool raw_client::fill() {
  if (at_end_) return false;
  std::array<char, 65536> some;
  const auto came = ::recv(socket_, some.data(), some.size(), 0);
  if (came == 0 || (came < 0 && errno != EAGAIN)) at_end_ = true;
  if (came <= 0) return false;
  unread_.append(some.data(), static_cast<std::size_t>(came));
  return true;
}

answer raw_client::receive(bool without_body) {
  std::size_t end;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return {};
  answer got;
  got.head = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  if (got.head.compare(0, 9, "HTTP/1.1 ") == 0) got.status = std::atoi(got.head.c_str() + 9);
  const auto field = got.head.find("\r\nContent-Length: ");
  if (without_body || field == std::string::npos) return got;
  const auto length = static_cast<std::size_t>(std::strtoull(got.head.c_str() + field + 18, nullptr, 10));
  while (unread_.size() < length)
    if (!fill()) return {};
  got.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return got;
}

bool raw_client::ended(std::string* rest) {
  while (fill()) {
  }
  if (rest != nullptr) *rest = unread_;
  return at_end_;
}

void raw_client::half_close() { ::shutdown(socket_, SHUT_WR); }

std::string post(std::string_view path, std::string_view body, std::string_view more_fields) {
  std::string text = "POST ";
  text.append(path).append(" HTTP/1.1\r\nHost: a\r\nContent-Length: ").append(std::to_string(body.size()));
  text.append("\r\n").append(more_fields).append("\r\n").append(body);
  return text;
}

std::string get(std::string_view path, std::string_view more_fields) {
  std::string text = "GET ";
  text.append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(more_fields).append("\r\n");
  return text;
}

}  // namespace sluice::net::http::testing_support
