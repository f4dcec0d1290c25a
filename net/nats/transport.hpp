// A connected socket, with or without TLS, for one thread that waits: everything ends by a deadline or when
// the thread is woken.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "messages/result.hpp"
#include "net/address_guard/address_guard.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::tls {
class engine;
}

namespace sluice::net::nats {

class wakeup;

class transport {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class moved : std::uint8_t { bytes, timed_out, woken, lost };

  /// To the first address that answers; those before the last may take a part of the time each. `wake` ends
  /// waits and outlives this.
  static result<std::unique_ptr<transport>> connect(const std::vector<ip_address>& to, std::uint16_t port,
                                                    time_point deadline, const wakeup& wake);
  ~transport();
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  /// TLS from here on; believes a peer only under `host`.
  result<void> secure(std::shared_ptr<const tls::client_context> as, const std::string& host,
                      time_point deadline);

  /// Waits until some bytes of `out` have gone (and are taken from it) or some have come (at most 16 KiB,
  /// appended to `in`).
  moved exchange(std::string& out, std::string& in, time_point deadline);
  /// Why it was lost, for people.
  const std::string& why() const noexcept { return why_; }

 private:
  enum class step : std::uint8_t { done, later, failed };

  transport(int descriptor, const wakeup& wake) noexcept;
  moved wait(short events, time_point deadline) const;
  step send(std::string& out, short& events);
  step receive(std::string& in, short& events);
  step failed(std::string why);

  const int descriptor_;
  const wakeup& wake_;
  std::shared_ptr<const tls::client_context> context_;
  std::unique_ptr<tls::engine> tls_;
  std::string why_;
};

}  // namespace sluice::net::nats
