// What a stream's answer to a published message says, as the node tells cases apart. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/nats/message.hpp"

namespace sluice::net::nats {

inline constexpr std::size_t answer_bytes_max = 4096;  ///< JetStream's have a few hundred

/// The answer is JetStream's PubAck or its error, as JSON; anything else, or longer, is no acknowledgement,
/// so unknown. Refused is only what the message is: its size. `stream`: the one that was expected, or empty.
acknowledgement read_publish_answer(std::string_view answer, std::string_view stream);

/// Why nobody answered for `subject` (the server's status 503).
acknowledgement no_stream_listens(std::string_view subject);

}  // namespace sluice::net::nats
