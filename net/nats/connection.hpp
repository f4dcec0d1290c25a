// One connection to one NATS server, never mended: what was under way when it broke is not known, and whoever
// publishes has to know that. libnats stays behind it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "messages/result.hpp"
#include "net/nats/inbox.hpp"
#include "net/nats/message.hpp"

namespace sluice::net::nats {

struct server_address;
struct publisher_options;

class connection {
 public:
  enum class put : std::uint8_t { queued, too_large, failed };

  /// Resolves the name, judges its addresses and connects to the first that passed and answers, within the
  /// options' timeout; TLS where the address says so or the server asks for it, 1.2 or newer, the peer always
  /// verified. The detail is one printable line without secrets.
  static result<std::shared_ptr<connection>> open(const server_address& server,
                                                  const publisher_options& options);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Where the answers come to.
  inbox& answers() noexcept;
  bool is_open() const;
  /// What the server or the library said last, of no message in particular; printable, without secrets.
  std::string complaint() const;
  /// Bytes of a message, headers included, that the server takes.
  std::int64_t payload_bytes_max() const;

  /// Queues a message whose answer shall come under `number`. Writes when the buffer is full, and then may
  /// block up to the options' timeout.
  put publish(const message& what, std::uint64_t number);
  /// Writes what is queued, by `deadline`; false when it could not.
  bool flush(std::chrono::steady_clock::time_point deadline);
  /// Ends it; the calls above then end, too. From any thread.
  void close();

  /// Frees what the library keeps for the calling thread, which ends.
  static void release_thread() noexcept;

 private:
  struct impl;
  explicit connection(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::net::nats
