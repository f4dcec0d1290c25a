// A blocking HTTP/1.1 client that sends exactly what a test says, broken requests included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/socket.hpp"

namespace sluice::testing {

using http_fields = std::vector<std::pair<std::string, std::string>>;

/// The first field of that name (any case); empty when there is none.
std::string field_of(const http_fields& fields, std::string_view name);
/// Without regard to ASCII case.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// A message as it stands at the front of a buffer.
struct http_message {
  std::string start;  ///< request or status line
  http_fields fields;
  std::string body;
};

struct http_answer {
  int status = 0;
  http_fields fields;
  std::string body;
  std::string field(std::string_view name) const { return field_of(fields, name); }
  int retry_after() const;  ///< seconds; 0 where there is no such field or it is no number
};

/// Reads one message (by Content-Length, chunked, or — answers only — to the end of the stream) from `from`,
/// with `buffer` holding what was read beyond the one before. Throws connection_lost, too_slow. Nothing when
/// the stream ends before its first byte is not an answer either: connection_lost.
http_message read_message(tcp_socket& from, std::string& buffer, milliseconds patience, bool is_answer);

/// One connection to a node.
class http_peer {
 public:
  /// Throws connection_lost.
  explicit http_peer(std::uint16_t port, milliseconds patience = milliseconds(15'000));

  /// One request with Host and Content-Length, and its answer. Throws connection_lost, too_slow.
  http_answer request(std::string_view method, std::string_view target, const http_fields& fields = {},
                      std::string_view body = {});
  http_answer post(std::string_view body, std::string_view target = "/v1/events");

  void send(std::string_view raw);
  bool told_to_continue();  ///< whether 100 (Continue) comes next: the head sent before is being served
  http_answer receive();    ///< the next answer; 100 (Continue) is passed over
  bool ended_by_peer();  ///< whether the peer ends the connection, saying nothing more, within the patience
  void finish_sending() noexcept { socket_.finish_sending(); }

 private:
  tcp_socket socket_;
  milliseconds patience_;
  std::string buffer_;  // at most one answer and what came with it
};

/// The bytes of a request with Host and, where there is a body, Content-Length.
std::string request_text(std::string_view method, std::string_view target, const http_fields& fields,
                         std::string_view body);

/// One request on a connection of its own.
http_answer get(std::uint16_t port, std::string_view target);
http_answer post(std::uint16_t port, std::string_view body, const http_fields& fields = {});

}  // namespace sluice::testing
