// How an answer looks on the wire: status line, the server's own fields, problem documents. Pure: time is a
// parameter.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "net/http/server.hpp"

namespace sluice::net::http {

/// Reason phrase of RFC 9110 section 15; empty for a status that has none there.
std::string_view reason_of(int status) noexcept;

/// IMF-fixdate (RFC 9110 5.6.7), kept until the second changes. For one thread.
class date_field {
 public:
  std::string_view at(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

/// What the server knows of the connection when it answers.
struct answer_context {
  int minor_version = 1;
  bool close = false;
  std::string_view date;
};

/// Writes status line and fields, with the empty line, over `out`. Values lose control characters, so that no
/// text from elsewhere can end a line. Content-Length is that of the body also where the body is not sent
/// (HEAD).
void write_head(std::string& out, const response& r, const answer_context& context);

/// The answers that the server gives itself, as problem documents; 429 and 503 with `Retry-After: 1`.
response server_problem(int status, std::string_view detail);
response server_problem(int status, std::string_view error, std::string_view detail);

}  // namespace sluice::net::http
