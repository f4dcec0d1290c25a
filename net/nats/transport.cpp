#include "net/nats/transport.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/nats/wakeup.hpp"
#include "net/tls/engine.hpp"

namespace sluice::net::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t read_bytes = 16 * 1024;

bool is_later(int sys) { return sys == EAGAIN || sys == EWOULDBLOCK || sys == EINTR; }

socklen_t write_address(const ip_address& address, std::uint16_t port, sockaddr_storage& to) {
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes().data(), sizeof v4.sin_addr);
    std::memcpy(&to, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, address.bytes().data(), sizeof v6.sin6_addr);
  std::memcpy(&to, &v6, sizeof v6);
  return sizeof v6;
}

short events_of(tls::engine::wants what) { return what == tls::engine::wants::to_read ? POLLIN : POLLOUT; }

std::string text_of(const tls::engine& tls, const boost::system::error_code& ec) {
  return tls.why().empty() ? ec.message() : tls.why();
}

}  // namespace

transport::transport(int descriptor, const wakeup& wake) noexcept : descriptor_(descriptor), wake_(wake) {}

transport::~transport() {
  if (tls_ != nullptr) tls_->say_goodbye();
  ::close(descriptor_);
}

result<std::unique_ptr<transport>> transport::connect(const std::vector<ip_address>& to, std::uint16_t port,
                                                      time_point deadline, const wakeup& wake) {
  error why{errc::unreachable, "there is no address", {}, 0};
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto now = steady_clock::now();
    const auto until = now + (deadline - now) / static_cast<long>(to.size() - i);
    sockaddr_storage address{};
    const socklen_t size = write_address(to[i], port, address);
    const int descriptor =
        ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (descriptor < 0) {
      why = {errc::unreachable, std::strerror(errno), {}, errno};
      continue;
    }
    std::unique_ptr<transport> made(new transport(descriptor, wake));
    int sys = 0;
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), size) != 0) sys = errno;
    if (sys == EINPROGRESS || sys == EINTR) {
      const moved how = made->wait(POLLOUT, until);
      if (how == moved::woken) return fail(errc::stopping, "the wait was ended");
      if (how == moved::timed_out) {
        why = {errc::timed_out, "no answer in time", {}, 0};
        continue;
      }
      socklen_t bytes = sizeof sys;
      if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &sys, &bytes) != 0) sys = errno;
    }
    if (sys == 0) {
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return made;
    }
    why = {errc::unreachable, std::strerror(sys), {}, sys};
  }
  return fail(std::move(why));
}

transport::moved transport::wait(short events, time_point deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
    std::array<pollfd, 2> watched{{{descriptor_, events, 0}, {wake_.descriptor(), POLLIN, 0}}};
    const int ready =
        ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<long>(left, 0, 60'000)));
    if (ready < 0 && errno != EINTR) return moved::lost;
    if (ready > 0) return watched[1].revents != 0 ? moved::woken : moved::bytes;
    if (left <= 0) return moved::timed_out;
  }
}

result<void> transport::secure(std::shared_ptr<const tls::client_context> as, const std::string& host,
                               time_point deadline) {
  context_ = std::move(as);
  tls_ = tls::engine::call(*context_, descriptor_, host);
  if (tls_ == nullptr) return fail(errc::unreachable, "TLS cannot be used");
  for (;;) {
    const auto made = tls_->handshake();
    if (made.ec)
      return fail(tls_->distrusted() ? errc::untrusted : errc::unreachable, text_of(*tls_, made.ec));
    if (made.next == tls::engine::wants::nothing) return {};
    const moved how = wait(events_of(made.next), deadline);
    if (how == moved::timed_out) return fail(errc::timed_out, "no answer in time");
    if (how == moved::woken) return fail(errc::stopping, "the wait was ended");
  }
}

transport::moved transport::exchange(std::string& out, std::string& in, time_point deadline) {
  for (;;) {
    short events = 0;
    const step sent = out.empty() ? step::later : send(out, events);
    // What has come is taken also when nothing can be sent any more: it may say why.
    const step received = receive(in, events);
    if (received == step::done || sent == step::done) return moved::bytes;
    if (received == step::failed || sent == step::failed) return moved::lost;
    if (const moved how = wait(events, deadline); how != moved::bytes) return how;
  }
}

transport::step transport::send(std::string& out, short& events) {
  if (tls_ != nullptr) {
    const auto made = tls_->write(out.data(), out.size(), nullptr, 0);
    if (made.ec) return failed(text_of(*tls_, made.ec));
    if (made.next != tls::engine::wants::nothing) {
      events = static_cast<short>(events | events_of(made.next));
      return step::later;
    }
    out.erase(0, made.bytes);
    return step::done;
  }
  const ssize_t sent = ::send(descriptor_, out.data(), out.size(), MSG_NOSIGNAL);
  if (sent > 0) {
    out.erase(0, static_cast<std::size_t>(sent));
    return step::done;
  }
  if (!is_later(errno)) return failed(std::strerror(errno));
  events |= POLLOUT;
  return step::later;
}

transport::step transport::receive(std::string& in, short& events) {
  std::array<char, read_bytes> piece;
  if (tls_ != nullptr) {
    const auto made = tls_->read(piece.data(), piece.size());
    if (made.ec) return failed(text_of(*tls_, made.ec));
    if (made.next != tls::engine::wants::nothing) {
      events = static_cast<short>(events | events_of(made.next));
      return step::later;
    }
    in.append(piece.data(), made.bytes);
    return step::done;
  }
  const ssize_t got = ::recv(descriptor_, piece.data(), piece.size(), 0);
  if (got > 0) {
    in.append(piece.data(), static_cast<std::size_t>(got));
    return step::done;
  }
  if (got == 0) return failed("the server ended it");
  if (!is_later(errno)) return failed(std::strerror(errno));
  events |= POLLIN;
  return step::later;
}

transport::step transport::failed(std::string why) {
  if (why_.empty()) why_ = std::move(why);
  return step::failed;
}

}  // namespace sluice::net::nats
