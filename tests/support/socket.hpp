// Plain blocking TCP over loopback with deadlines: the ground under the test's own HTTP client and receivers.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/deadline.hpp"

namespace sluice::testing {

/// The peer refused, reset or ended the connection.
struct connection_lost : std::runtime_error {
  using runtime_error::runtime_error;
};
/// The peer neither answered nor went away within the time given.
struct too_slow : std::runtime_error {
  using runtime_error::runtime_error;
};

/// A port of 127.0.0.1 that nobody listens on now and that no other call gets while this process lives, in
/// whatever process of the tests. Below the range that connections take their own port from, so that it stays
/// free while a node is down and no connection can meet itself on it.
std::uint16_t free_port();

/// One TCP socket; closes itself.
class tcp_socket {
 public:
  tcp_socket() noexcept = default;
  explicit tcp_socket(int fd) noexcept : fd_(fd) {}
  tcp_socket(tcp_socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), last_arrival_ns_(other.last_arrival_ns_) {}
  tcp_socket& operator=(tcp_socket&& other) noexcept;
  ~tcp_socket() { close(); }

  static tcp_socket connect(std::uint16_t port);  ///< throws connection_lost
  static tcp_socket listen(std::uint16_t port);   ///< throws std::runtime_error

  tcp_socket accept();  ///< the next connection, or none when the listener was shut down
  void send(std::string_view bytes, milliseconds patience);  ///< all of it, or throws
  /// Appends what has come, at least one byte; false at the end of the stream. Throws too_slow,
  /// connection_lost.
  bool receive(std::string& to, milliseconds patience);
  /// From here on the kernel notes when bytes reach the socket, whenever they are read; of a listener: those
  /// of its connections. It begins with this some time later, if nobody else had asked.
  void note_arrivals();
  /// When the last of the bytes that were read had reached the socket, on the wall clock in nanoseconds; 0
  /// when nothing was noted.
  std::int64_t last_arrival_ns() const noexcept { return last_arrival_ns_; }
  /// Whether a read would not block (bytes, end or fault) within `patience`.
  bool readable(milliseconds patience) const;
  void finish_sending() noexcept;  ///< half-close
  void reset_on_close() noexcept;  ///< the close will be a reset
  void shutdown() noexcept;        ///< both ways; wakes a thread that reads
  void close() noexcept;
  int fd() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
  std::int64_t last_arrival_ns_ = 0;
};

}  // namespace sluice::testing
