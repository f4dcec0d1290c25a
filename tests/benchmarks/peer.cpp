// Shutting the sockets down is what ends the threads.
#include "tests/benchmarks/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice::test {
namespace {

bool send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t put = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return false;
    sent += static_cast<std::size_t>(put);
  }
  return true;
}

bool receive_more(int fd, std::string& input) {
  std::array<char, 65536> piece;
  const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  input.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace

std::string answer_with(int status, const std::string& body, const std::string& more_fields) {
  return "HTTP/1.1 " + std::to_string(status) + " Answer\r\nContent-Type: application/json\r\n" +
         more_fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

peer::peer(script decide, std::uint16_t port) : decide_(std::move(decide)) { listen(port); }

peer::peer(on_head early) : decide_(std::move(early.decide)), on_head_(true) { listen(0); }

void peer::listen(std::uint16_t port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the test's server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

peer::~peer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& worker : workers_) worker.join();
  ::close(listener_);
}

std::vector<peer_request> peer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void peer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (ending_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    workers_.emplace_back([this, fd, number = accepted_++] { serve(fd, number); });
  }
}

void peer::serve(int fd, std::size_t connection) {
  std::string input;
  while (serve_one(fd, connection, input)) {
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

bool peer::serve_one(int fd, std::size_t connection, std::string& input) {
  std::size_t head_end = 0;
  while ((head_end = input.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more(fd, input)) return false;
  }
  peer_request request;
  request.connection = connection;
  request.head = input.substr(0, head_end + 4);
  const auto length_at = request.head.find("Content-Length: ");
  const std::size_t length =
      length_at == std::string::npos ? 0 : std::stoul(request.head.substr(length_at + 16));
  while (!on_head_ && input.size() < request.head.size() + length) {
    if (!receive_more(fd, input)) return false;
  }
  request.body = input.substr(request.head.size(), length);
  input.erase(0, request.head.size() + length);
  const auto space = request.head.find(' ');
  request.method = request.head.substr(0, space);
  request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);

  peer_reply reply;
  {
    const std::lock_guard lock(mutex_);
    request.number = requests_.size();
    requests_.push_back(request);
    reply = decide_(request);
  }
  if (!send_all(fd, reply.bytes)) return false;
  if (on_head_) {
    pollfd until_shut_down{fd, 0, 0};
    ::poll(&until_shut_down, 1, -1);
    return false;
  }
  return !reply.ends;
}

}  // namespace sluice::test
