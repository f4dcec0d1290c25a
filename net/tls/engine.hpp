// TLS over one non-blocking descriptor. OpenSSL stays behind it; the loop that waits is the caller's.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "messages/result.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::tls {

/// Reads and writes on a descriptor that somebody else owns and closes; never blocks, raises no SIGPIPE. Each
/// operation drives the handshake on as far as it can. Of one thread at a time. Private to net/*.cpp.
class engine {
 public:
  enum class wants : std::uint8_t { nothing, to_read, to_write };
  struct made {
    wants next = wants::nothing;  ///< what to wait for before the same call again
    std::size_t bytes = 0;
    boost::system::error_code ec = {};  ///< set: it is over; asio's eof when the peer said goodbye
  };

  /// Null when there is no memory.
  static std::unique_ptr<engine> serve(const server_context& as, int descriptor);
  /// Believes a peer only under `host`, a name or a numeric address.
  static std::unique_ptr<engine> call(const client_context& as, int descriptor, const std::string& host);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  made handshake() noexcept;
  made read(void* into, std::size_t bytes) noexcept;
  /// Two pieces, as one record where they fit into one. A call that has to be repeated is repeated with the
  /// same bytes first, wherever they are then.
  made write(const void* first, std::size_t first_bytes, const void* second,
             std::size_t second_bytes) noexcept;
  /// Sends close_notify if that goes without waiting.
  void say_goodbye() noexcept;

  /// The reason of the last failure, for people.
  const std::string& why() const noexcept { return why_; }
  /// The peer's certificate was not believed.
  bool distrusted() const noexcept { return distrusted_; }

 private:
  struct state;
  explicit engine(std::unique_ptr<state> s);
  made outcome(int returned) noexcept;

  std::unique_ptr<state> state_;
  std::string why_;
  bool distrusted_ = false;
  bool failed_ = false;
};

}  // namespace sluice::net::tls
