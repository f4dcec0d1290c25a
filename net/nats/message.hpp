// What goes into a JetStream stream and what is known of it afterwards: the words between whoever publishes
// and whoever hands over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::net::nats {

/// One message to publish.
struct message {
  std::string subject;
  std::string id;  ///< `Nats-Msg-Id`: within its window the stream stores the same id once
  std::string body;
};

/// What is known of a message at the end of its burst.
struct acknowledgement {
  enum class kind : std::uint8_t {
    stored,   ///< the stream has it; also when it had it before
    refused,  ///< for what the message is (its size): it will be refused whenever it comes again
    unknown,  ///< nothing was heard, or the stream could not: it may be stored or not
  };
  kind how = kind::unknown;
  std::string why = {};  ///< in one line, printable; empty when stored
};

/// How a burst ended: one acknowledgement a message, in the order in which they were handed over.
struct burst_end {
  std::vector<acknowledgement> of;
  bool sent = false;  ///< a byte of a message may have left, so it may count against a rate
};

/// Sends one burst; `done` is called once, on any thread, and must not block. One burst at a time: the caller
/// waits for `done` before the next. Callable on any thread.
using burst_sender = std::function<void(std::vector<message> burst, std::function<void(burst_end)> done)>;

}  // namespace sluice::net::nats
