// The emulated Genesys Cloud as a process of its own: a peer for the node under test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_peer.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {

class sandbox {
 public:
  /// Where it speaks plainly, and where over TLS, with certificates of its own.
  enum class transport { plain, tls };

  /// `sluice sandbox` on a free port with `arguments` beside, started.
  explicit sandbox(std::vector<std::string> arguments = {}, transport how = transport::plain);

  /// On the same port and with the same certificates as before; it remembers nothing else. Returns when it
  /// listens, throws std::runtime_error when it does not.
  void start();

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return url_; }  ///< `http://127.0.0.1:PORT`, or https
  std::string authority() const { return (dir_.path() / "tls" / "ca.pem").string(); }  ///< of its certificate
  /// Port of the receiver of that index, in the order of the arguments.
  std::uint16_t receiver(std::size_t index) const { return receivers_.at(index); }

  /// A token for the client that it prints.
  std::string token() const;
  /// One call of the subscription API: `target` is what follows its path, as `/ID` or `?pageSize=1`.
  http_answer api(std::string_view token, std::string_view method, std::string_view target = {},
                  std::string_view body = {}) const;
  /// Subscribes and returns the id. Throws std::runtime_error where that is refused.
  std::string subscribe(std::string_view body) const;
  http_answer request(std::string_view method, std::string_view target, const http_fields& fields = {},
                      std::string_view body = {}) const;
  /// `POST /sandbox/…`
  http_answer control(std::string_view path, std::string_view body) const;
  std::string state() const;                    ///< of GET /sandbox/state
  std::string ledger(std::size_t index) const;  ///< of that receiver

  std::optional<exit_status> ended(milliseconds patience) { return child_->wait(patience); }
  exit_status stop();  ///< SIGTERM and the end; throws when it stays
  std::string output() const { return read_text(dir_.path() / "stdout.log"); }
  std::string errors() const { return read_text(dir_.path() / "stderr.log"); }

 private:
  void read_addresses();

  temp_dir dir_;
  std::vector<std::string> arguments_;
  std::optional<process> child_;
  std::string url_;
  std::uint16_t port_ = 0;
  std::vector<std::uint16_t> receivers_;
};

}  // namespace sluice::testing
