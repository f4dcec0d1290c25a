// A bound on the TLS handshakes of a library that makes them on a blocking socket, without a deadline, and
// shows neither socket nor session: a server that stops answering there would hold its thread for ever.
#pragma once

#include <chrono>

namespace sluice::net::nats {

/// While it lives, handshakes that this thread makes with OpenSSL end by `deadline`, with an error. One at a
/// time in a thread; those of other threads are left alone.
class handshake_limit {
 public:
  explicit handshake_limit(std::chrono::steady_clock::time_point deadline) noexcept;
  ~handshake_limit();
  handshake_limit(const handshake_limit&) = delete;
  handshake_limit& operator=(const handshake_limit&) = delete;
};

}  // namespace sluice::net::nats
