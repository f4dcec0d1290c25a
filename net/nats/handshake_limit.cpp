#include "net/nats/handshake_limit.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <optional>

namespace sluice::net::nats {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

thread_local std::optional<steady_clock::time_point> limit;

/// Before each step of a handshake: its reads and writes may take what is left.
void on_step(const SSL* of, int, int) {
  if (!limit) return;
  const int socket = SSL_get_fd(of);
  if (socket < 0) return;
  const auto left = std::chrono::duration_cast<microseconds>(*limit - steady_clock::now()).count();
  if (left <= 0) {
    ::shutdown(socket, SHUT_RDWR);
    return;
  }
  const timeval time{left / 1'000'000, left % 1'000'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

/// OpenSSL calls it for each session that is made anywhere in the process.
void on_session(void* session, void*, CRYPTO_EX_DATA*, int, long, void*) {
  if (limit) SSL_set_info_callback(static_cast<SSL*>(session), on_step);
}

}  // namespace

handshake_limit::handshake_limit(steady_clock::time_point deadline) noexcept {
  [[maybe_unused]] static const int registered =
      SSL_get_ex_new_index(0, nullptr, on_session, nullptr, nullptr);
  limit = deadline;
}

handshake_limit::~handshake_limit() { limit.reset(); }

}  // namespace sluice::net::nats
