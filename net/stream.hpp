// A connected socket, with or without TLS, as the sessions and the client use it: what differs between the
// two ends here. Private to net/*.cpp.
#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>

#include "net/tls/engine.hpp"

namespace sluice::net {

/// Non-blocking, on one io thread. At most one read and one write wait at a time; an operation that waits
/// holds its handler, and the handler what keeps this alive. With TLS the handshake happens within the first
/// operation, so it needs no phase, and no deadline, of its own.
class stream {
 public:
  using executor = boost::asio::io_context::executor_type;
  using socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor>;
  using error_code = boost::system::error_code;

  explicit stream(socket connected) : socket_(std::move(connected)) {}
  stream(socket connected, std::unique_ptr<tls::engine> secured)
      : socket_(std::move(connected)), tls_(std::move(secured)) {}

  socket& lowest() noexcept { return socket_; }
  bool secured() const noexcept { return tls_ != nullptr; }
  /// Numeric address of the other end; empty when it has gone.
  std::string peer() const {
    error_code ec;
    const auto at = socket_.remote_endpoint(ec);
    return ec ? std::string() : at.address().to_string();
  }
  /// From here on bytes are TLS. The socket is connected and non-blocking.
  void secure(std::unique_ptr<tls::engine> with) noexcept { tls_ = std::move(with); }
  /// Why the last TLS operation failed, for people; empty when it was not TLS that failed.
  std::string why() const { return tls_ ? tls_->why() : std::string(); }
  bool distrusted() const noexcept { return tls_ != nullptr && tls_->distrusted(); }

  /// The handshake alone, for who must know that it is over: `done(error_code)`, maybe from within.
  template <class Done>
  void async_handshake(Done done) {
    const auto made = tls_->handshake();
    if (made.next == tls::engine::wants::nothing) return done(made.ec);
    wait(made.next, [this, done = std::move(done)](const error_code& ec) mutable {
      if (ec) return done(ec);
      async_handshake(std::move(done));
    });
  }

  /// `done(error_code, bytes)`, never from within. At the end of the stream: asio::error::eof.
  template <class Done>
  void async_read_some(boost::asio::mutable_buffer into, Done done) {
    if (!tls_) return socket_.async_read_some(into, std::move(done));
    const auto made = tls_->read(into.data(), into.size());
    if (made.next == tls::engine::wants::nothing) {
      boost::asio::post(socket_.get_executor(),
                        [done = std::move(done), made]() mutable { done(made.ec, made.bytes); });
      return;
    }
    wait(made.next, [this, into, done = std::move(done)](const error_code& ec) mutable {
      if (ec) return done(ec, std::size_t{0});
      async_read_some(into, std::move(done));
    });
  }

  /// Takes what it can now; would_block: `async_wait_to_write`.
  std::size_t write_some(const std::array<boost::asio::const_buffer, 2>& from, error_code& ec) {
    if (!tls_) return socket_.write_some(from, ec);
    const auto made = tls_->write(from[0].data(), from[0].size(), from[1].data(), from[1].size());
    write_waits_ = made.next;
    ec = made.next == tls::engine::wants::nothing ? made.ec : error_code(boost::asio::error::would_block);
    return made.bytes;
  }
  /// `done(error_code)` when the write may go on.
  template <class Done>
  void async_wait_to_write(Done done) {
    wait(tls_ ? write_waits_ : tls::engine::wants::to_write, std::move(done));
  }

  /// Neither ended by the peer nor holding bytes for us. TLS's own messages are taken.
  bool is_quiet() {
    char byte;
    if (tls_) return tls_->read(&byte, 1).next == tls::engine::wants::to_read;
    error_code ec;
    socket_.receive(boost::asio::buffer(&byte, 1), MSG_PEEK, ec);
    return ec == boost::asio::error::would_block;
  }

  /// Says to the peer that nothing more comes; what it sends still arrives.
  void shutdown_send() noexcept {
    if (tls_) tls_->say_goodbye();
    error_code ignored;  // a peer that has gone shows at the read
    socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
  }
  /// Everything that waits ends with operation_aborted.
  void cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
  }
  /// `reset`: what the kernel still holds for the peer goes too.
  void close(bool reset) noexcept {
    error_code ignored;  // closing frees the descriptor whatever it says
    if (reset)
      socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    else if (tls_)
      tls_->say_goodbye();
    socket_.close(ignored);
  }

 private:
  template <class Done>
  void wait(tls::engine::wants what, Done done) {
    socket_.async_wait(what == tls::engine::wants::to_read ? boost::asio::socket_base::wait_read
                                                           : boost::asio::socket_base::wait_write,
                       std::move(done));
  }

  socket socket_;
  std::unique_ptr<tls::engine> tls_;
  tls::engine::wants write_waits_ = tls::engine::wants::to_write;
};

}  // namespace sluice::net
