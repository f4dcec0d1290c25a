// The client's side of the NATS protocol, as far as a publisher needs it: lines in, lines out. Pure. Why not
// libnats: version 3.4.1 (Debian 12) spins and grows for ever when a server goes silent between its greeting
// and its first PONG, makes TLS handshakes without a deadline, and puts passwords into its JSON unescaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/result.hpp"
#include "net/nats/message.hpp"

namespace sluice::net::nats {

/// What a server says of itself.
struct server_info {
  bool tls_required = false, tls_available = false, headers = false;
  std::int64_t payload_bytes_max = 0;
  std::string nonce;  ///< to be signed by who has a key; empty: none asked for
};
/// errc::bad_request without a max_payload: with 0 every message would be refused for good.
result<server_info> read_info(std::string_view json);

/// What CONNECT says of the client; empty: nothing.
struct identity {
  std::string user, password, token, jwt, signature;
};
std::string connect_line(const identity& who, bool has_tls);

/// Appends HPUB with `Nats-Msg-Id` and, unless `stream` is empty, `Nats-Expected-Stream`. The caller has seen
/// to it that subject and id are printable and have no space.
void append_publish(std::string& to, const message& what, std::string_view reply, std::string_view stream);
/// Bytes of a message as a server counts them for its max_payload: headers and body.
std::size_t payload_bytes(const message& what, std::string_view stream);

/// Something that a server says. Views into the buffer that it was read from.
struct operation {
  enum class kind : std::uint8_t { info, message, ping, pong, ok, error };
  kind what = kind::ok;
  std::string_view subject = {};  ///< of a message
  std::string_view text = {};     ///< JSON of info, body of a message, text of an error without its quotes
  bool no_responders = false;     ///< the message is the server's status 503
  std::size_t bytes = 0;          ///< from the front of the buffer
};
inline constexpr std::size_t line_bytes_max = 64 * 1024;      ///< INFO names a cluster's servers
inline constexpr std::size_t incoming_bytes_max = 64 * 1024;  ///< of a message: answers have a few hundred

/// The first operation of `buffer`; nothing when its end has not come. errc::bad_request when it is no NATS,
/// and errc::too_large beyond the limits above.
result<std::optional<operation>> read_operation(std::string_view buffer);

}  // namespace sluice::net::nats
