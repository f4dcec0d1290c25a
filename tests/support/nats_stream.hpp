// Streams of a nats-server as an operator sees them: made, emptied, and read back message by message.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

struct nats_stream_limits {
  std::int64_t messages_max = -1;  ///< -1: none
  std::int32_t message_bytes_max = -1;
  bool discard_new = false;  ///< when full the stream says no; else it drops its oldest
  std::chrono::seconds duplicate_window{120};
};

struct nats_stored {
  std::string subject, id, body;  ///< id: Nats-Msg-Id
  friend bool operator==(const nats_stored&, const nats_stored&) = default;
};

/// What a server asks of those who connect; empty: nothing.
struct nats_login {
  std::string user = {}, password = {}, token = {}, credentials = {};
  std::string ca = {}, certificate = {}, key = {};  ///< PEM files; with `ca` the connection has TLS
};

/// One connection; not thread-safe. Everything throws std::runtime_error.
class nats_streams {
 public:
  explicit nats_streams(std::uint16_t port, const nats_login& login = {});
  ~nats_streams();

  void make(const std::string& name, const std::string& subject, const nats_stream_limits& limits = {});
  void empty(const std::string& name);
  std::uint64_t count(const std::string& name);
  /// When the server stored each message, since 1970, in the stream's order.
  std::vector<std::chrono::nanoseconds> times(const std::string& name);
  /// In the stream's order.
  std::vector<nats_stored> read(const std::string& name);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice::testing
