// HTTP/1.1 client for one origin: one connection kept alive, one request in flight, everything bounded in
// time and bytes. Follows no redirects, decodes no codings, knows no proxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/result.hpp"
#include "net/address_guard/address_guard.hpp"
#include "net/http/method.hpp"
#include "net/runtime.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::http {

/// `http[s]://host[:port]/path[?query]`, parsed strictly: no userinfo, no fragment, no other scheme.
struct url {
  bool tls = false;  ///< https
  std::string host;  ///< name, IPv4 or IPv6 without brackets
  std::uint16_t port = 80;
  std::string target = "/";
  std::string authority()
      const;  ///< for the Host field: host, brackets for IPv6, port unless it is the default
};
result<url> parse_url(std::string_view text);

struct client_options {
  url origin;
  std::shared_ptr<const tls::client_context> tls = {};  ///< whom to believe; an https origin needs it
  /// Where the origin may be; empty: anywhere. Each address that its name has at a connect is judged, and the
  /// connection goes to one that passed. When none does the attempt fails with errc::refused, not sent.
  std::optional<address_guard> guard = {};
  std::vector<std::string> keep = {};  ///< lower-case names of fields that `reply::fields` shall have
  std::chrono::milliseconds connect_time{5'000};  ///< resolve, connect and TLS handshake together
  std::chrono::milliseconds request_time{5'000};  ///< from the first byte sent to the last byte of the answer
  std::size_t head_bytes = 16 * 1024;             ///< of an answer
  std::size_t body_kept = 64 * 1024;    ///< of an answer's body; more is read and thrown away up to body_read
  std::size_t body_read = 1024 * 1024;  ///< beyond it the answer counts as given and the connection is closed
};

/// What came back.
struct reply {
  int status = 0;
  std::string retry_after;  ///< as it came, empty when absent
  std::string body;         ///< its first bytes
  /// Those of client_options::keep, names in lower case.
  std::vector<std::pair<std::string, std::string>> fields = {};

  /// The first field of this name, or empty.
  std::string_view field(std::string_view name) const noexcept {
    for (const auto& [known, value] : fields)
      if (known == name) return value;
    return {};
  }
};

/// A request as it goes out; Host and Content-Length are the client's, User-Agent where `fields` has none.
struct outgoing {
  http::method method = http::method::post;
  std::string target = {};                        ///< origin-form; empty: the origin's own
  std::string content_type = "application/json";  ///< not sent when empty
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};  ///< PUT and POST have a Content-Length also when it is empty
  /// Called on an io thread once the peer's kernel has acknowledged every byte of the request, as seen within
  /// a millisecond; not at all when the attempt ends before. Must not block.
  std::function<void()> arrived = {};
};

/// Why an attempt has no reply. `sent`: the peer may have seen the request (so it may count against a rate).
struct attempt_failure {
  error why;
  bool sent = false;
};
using attempt = tl::expected<reply, attempt_failure>;

/// Thread-safe. A request is sent over the kept connection when the peer left it open, else over a new one; a
/// kept connection that turns out closed before a byte of the answer came is a failure with sent = true (a
/// request is not repeated here: that is the caller's decision).
class client {
 public:
  client(runtime& on, client_options options);
  ~client();  ///< cancels what is under way; its callback is not called any more once this returns
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// `done` runs once, on an io thread, and must not block. One request at a time: the caller waits for
  /// `done` before the next.
  void send(outgoing what, std::function<void(attempt)> done);

  struct impl;

 private:
  std::shared_ptr<impl> impl_;
};

}  // namespace sluice::net::http
