// Blocking sockets with poll(): these calls stand beside the load, never in it.
#include "benchmarks/load/target.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

namespace sluice::load {
namespace {

using clock = std::chrono::steady_clock;

std::string reason(int code) { return std::generic_category().message(code); }

/// Closes its descriptor.
class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Waits until the socket can do what `events` say; ETIMEDOUT, another errno, or 0.
int wait_for(int fd, short events, clock::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) return ETIMEDOUT;
    pollfd waiting{fd, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return errno;
  }
}

int connect_socket(int fd, const addrinfo& address, clock::time_point until) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (const int failed = wait_for(fd, POLLOUT, until); failed != 0) return failed;
  int outcome = 0;
  socklen_t size = sizeof outcome;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &size) == 0 ? outcome : errno;
}

}  // namespace

result<target> parse_target(std::string_view url) {
  const std::string place(url);
  constexpr std::string_view scheme = "http://";
  if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  if (url.find("://") != std::string_view::npos)
    return fail(errc::wrong_use, "only http:// is understood", place);
  target to;
  if (const auto slash = url.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < url.size()) to.path = url.substr(slash);
    url = url.substr(0, slash);
  }
  const auto is_odd = [](char c) { return c <= ' ' || c == 0x7f || c == '@' || c == '#'; };
  if (std::any_of(url.begin(), url.end(), is_odd) || std::any_of(to.path.begin(), to.path.end(), is_odd)) {
    return fail(errc::wrong_use, "expected http://host:port/path", place);
  }
  auto colon = url.rfind(':');
  if (url.starts_with('[')) {
    const auto bracket = url.find(']');
    if (bracket == std::string_view::npos)
      return fail(errc::wrong_use, "the bracket of the address is not closed", place);
    to.host = url.substr(1, bracket - 1);
    colon = bracket + 1 < url.size() ? bracket + 1 : std::string_view::npos;
    if (colon != std::string_view::npos && url[colon] != ':')
      return fail(errc::wrong_use, "expected http://host:port/path", place);
  } else {
    to.host = url.substr(0, colon);
  }
  if (to.host.empty())
    return fail(errc::wrong_use, "the host is missing; expected http://host:port/path", place);
  if (colon != std::string_view::npos) {
    const auto digits = url.substr(colon + 1);
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
    if (code != std::errc{} || end != digits.data() + digits.size() || to.port == 0) {
      return fail(errc::wrong_use, "the port is not a number from 1 to 65535", place);
    }
  }
  return to;
}

std::string host_field(const target& to) {
  const bool is_ipv6 = to.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

std::string to_string(const target& to) { return "http://" + host_field(to) + to.path; }

result<int> connect_to(const target& to, std::chrono::milliseconds limit) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto place = host_field(to);
  if (const int failed = ::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
      failed != 0) {
    return fail(errc::unreachable, std::string("cannot resolve the name: ") + ::gai_strerror(failed), place);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int last = EADDRNOTAVAIL;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    descriptor fd(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) {
      last = errno;
      continue;
    }
    last = connect_socket(fd.get(), *address, clock::now() + limit);
    if (last != 0) continue;
    const int on = 1;
    if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) last = errno;
    if (last == 0) return fd.release();
  }
  return fail(errc::unreachable, "cannot connect: " + reason(last), place, last);
}

result<answer> get(const target& to, std::string_view path, std::chrono::milliseconds limit) {
  const auto until = clock::now() + limit;
  auto connected = connect_to(to, limit);
  if (!connected) return tl::unexpected(connected.error());
  const descriptor fd(*connected);
  const auto place = "http://" + host_field(to) + std::string(path);
  const std::string request =
      "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + host_field(to) + "\r\nConnection: close\r\n\r\n";
  // Far less than a socket buffer, so one call takes it whole.
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return fail(errc::closed, "the request could not be sent: " + reason(errno), place, errno);
  }
  std::string input;
  std::array<char, 16384> piece;
  while (true) {
    const ssize_t got = ::recv(fd.get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      const int failed = wait_for(fd.get(), POLLIN, until);
      if (failed == ETIMEDOUT) return fail(errc::timed_out, "no answer in time", place);
      if (failed != 0) return fail(errc::io, reason(failed), place, failed);
      continue;
    }
    if (got < 0) return fail(errc::closed, "the connection broke: " + reason(errno), place, errno);
    input.append(piece.data(), static_cast<std::size_t>(got));
    auto parsed = read_answer(input, got == 0);
    if (parsed.state == answer_state::complete) return parsed;
    if (parsed.state == answer_state::malformed)
      return fail(errc::bad_request, "the answer is not HTTP/1.1 or too long", place);
    if (got == 0) return fail(errc::closed, "the connection ended before the answer did", place);
  }
}

result<std::uint16_t> free_port() {
  const descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (fd.get() < 0 || ::bind(fd.get(), generic, size) != 0 || ::getsockname(fd.get(), generic, &size) != 0) {
    return fail(errc::io, "no free port: " + reason(errno), "127.0.0.1", errno);
  }
  return ntohs(address.sin_port);
}

}  // namespace sluice::load
