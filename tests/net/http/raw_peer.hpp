// A server that does exactly what a script says, byte for byte, on a port of its own: what no honest server
// does, too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::net::http {

/// One accepted connection, used by one script. Blocking; no call waits longer than 20 s.
class raw_connection {
 public:
  explicit raw_connection(int fd) noexcept : fd_(fd) {}
  ~raw_connection() { close(); }
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  /// The next bytes up to and including `end`, or what came before the stream ended.
  std::string read_until(std::string_view end);
  /// A head and as many bytes as its Content-Length says; empty when the peer closed before it was complete.
  std::string read_request();
  /// False when the peer is gone.
  bool send(std::string_view bytes);
  /// Sends `bytes` one by one, each in a segment of its own.
  bool trickle(std::string_view bytes);
  /// True once the peer has ended the connection.
  bool wait_for_end();
  void close();
  /// Ends the connection with a RST.
  void reset();

 private:
  bool fill();

  int fd_;
  std::string in_;
};

/// Serves one connection after the other with the scripts in order; ends those beyond at once.
class raw_peer {
 public:
  using script = std::function<void(raw_connection&)>;

  explicit raw_peer(std::vector<script> scripts);
  ~raw_peer();  ///< waits for the script under way
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  int connections() const noexcept { return connections_.load(); }

 private:
  void serve();

  std::vector<script> scripts_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// A listening socket on 127.0.0.1 and any free port.
struct listening {
  int fd;
  std::uint16_t port;
};
listening listen_anywhere(int backlog);

}  // namespace sluice::net::http
