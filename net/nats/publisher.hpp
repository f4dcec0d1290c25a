// Messages into a JetStream stream, a burst at a time over one connection: what was stored is what the caller
// has to know, so each message waits for the stream's own answer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address_guard/address_guard.hpp"
#include "net/nats/address.hpp"
#include "net/nats/message.hpp"

namespace sluice::net::nats {

struct publisher_options {
  std::vector<server_address> servers;  ///< at least one; tried in turn, from the one that was last good
  /// Where they may be; empty: anywhere. Each address of a name is judged at each connect.
  std::optional<address_guard> guard = {};
  std::string stream = {};  ///< `Nats-Expected-Stream`; empty: whichever has the subject
  std::string user = {}, password = {}, token = {};  ///< user and password, or token, or neither
  std::string credentials = {};                      ///< path of a .creds file (JWT and seed); empty: none
  /// Paths of PEM files; empty: the system's authorities alone, no client certificate.
  std::string ca = {}, certificate = {}, key = {};
  /// For one server: connect, TLS and INFO together (a name's resolution has the system's own times). For a
  /// burst: from its first byte to its last answer.
  std::chrono::milliseconds timeout{5000};
};

/// Thread-safe. Has a thread of its own; connects when the first burst asks, and anew after a loss.
class publisher {
 public:
  explicit publisher(publisher_options options);
  ~publisher();  ///< ends what is under way; its `done` is called before this returns
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  /// See burst_sender.
  void publish(std::vector<message> burst, std::function<void(burst_end)> done);

  struct impl;

 private:
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::net::nats
