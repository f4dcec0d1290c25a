// One connection to one NATS server, never mended: what was under way when it broke is not known, and whoever
// publishes has to know that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "messages/result.hpp"
#include "net/nats/inbox.hpp"
#include "net/nats/message.hpp"
#include "net/nats/protocol.hpp"
#include "net/nats/transport.hpp"
#include "net/oauth2/redactor.hpp"

namespace sluice::net::nats {

struct server_address;
struct publisher_options;

/// Of one thread.
class connection {
 public:
  using time_point = transport::time_point;

  /// Resolves the name (in the system's own times), judges its addresses, and connects, with TLS where the
  /// address says so or the server asks for it, until the server has taken the credentials; within the
  /// options' timeout. The detail is one printable line without secrets. `wake` ends waits and outlives this.
  static result<std::unique_ptr<connection>> open(const server_address& server,
                                                  const publisher_options& options, const wakeup& wake);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// A burst of `count` messages begins; see inbox.
  std::uint64_t begin(std::size_t count);
  /// Where the answers come to.
  inbox& answers() noexcept { return answers_; }
  /// Bytes of a message, headers included, that the server takes.
  std::int64_t payload_bytes_max() const noexcept { return info_.payload_bytes_max; }

  /// Whether the server takes a message of this size.
  bool takes(const message& what) const;
  /// Queues it; its answer comes under `number`.
  void publish(const message& what, std::uint64_t number);
  /// Bytes that wait to be sent.
  std::size_t queued() const noexcept { return out_.size(); }
  /// Waits until something has gone or come, and takes in what has come.
  transport::moved exchange(time_point deadline);
  /// Asks whether the server is there; false when it owes too many answers to that.
  bool ping();
  /// Why it was lost, or what the server said last of no message in particular; printable, without secrets.
  std::string complaint() const;

 private:
  connection() = default;
  result<void> connect(const server_address& server, const publisher_options& options, const wakeup& wake);
  result<void> load_tls(const publisher_options& options);
  result<void> greet(const server_address& server, const publisher_options& options, time_point deadline);
  result<void> sign_in(const publisher_options& options, bool has_tls, time_point deadline);
  /// Until the server has said `what`; its errors and the wait's end are errors.
  result<void> await(operation::kind what, time_point deadline);
  void take_in();
  void take_in(const operation& said);

  std::shared_ptr<const tls::client_context> tls_;  // when it is needed
  std::unique_ptr<transport> bytes_;
  std::string out_, in_;
  std::string prefix_;  // of reply subjects; ends with a dot
  std::string stream_;
  server_info info_;
  inbox answers_;
  oauth2::redactor secrets_;
  std::string complaint_;
  std::optional<error> broken_;  // by what the server said
  std::optional<operation::kind> awaited_;
  int pings_out_ = 0;
};

}  // namespace sluice::net::nats
