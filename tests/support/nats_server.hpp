// A real nats-server with JetStream for a test: started, killed, stopped and started again on the same port
// and the same store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {

class nats_server {
 public:
  /// Listens on a free port of 127.0.0.1 once this returns. `configuration`: what is said besides port and
  /// store
  /// (`authorization { … }`, `tls { … }`). Throws std::runtime_error with the server's log.
  explicit nats_server(std::string configuration = {});

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

  void kill();    ///< as kill -9 does; what the kernel was given stays
  void start();   ///< again, after kill
  void freeze();  ///< it keeps its connections and says nothing
  void thaw();
  /// Until bytes of a client have come to the frozen server; throws std::runtime_error when none do.
  void wait_for_unread() const;

  std::string log() const;

 private:
  void wait_for_greeting();

  temp_dir directory_;
  std::uint16_t port_;
  std::optional<process> running_;
};

}  // namespace sluice::testing
