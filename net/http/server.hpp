// HTTP/1.1 server: strict heads, bounded everything, one request under way per connection. Knows requests and
// responses, nothing of what they mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/result.hpp"
#include "net/http/method.hpp"
#include "net/lease.hpp"
#include "net/runtime.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::http {

/// Limits of one listener; each is counted and named in the answer that refuses.
struct limits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t fields = 100;
  std::size_t target_bytes = 4096;
  std::size_t body_bytes = 8 * 1024 * 1024;
  std::size_t connections = 2048;
  std::chrono::milliseconds head_time{10'000};   ///< first byte of a head to its end
  std::chrono::milliseconds body_idle{10'000};   ///< between two reads of a body
  std::chrono::milliseconds body_time{30'000};   ///< the whole body
  std::chrono::milliseconds keep_alive{60'000};  ///< idle between requests
  std::chrono::milliseconds write_time{10'000};  ///< a peer that does not read its answer
  std::chrono::milliseconds lease_wait{
      1'000};  ///< a body in the middle waits this long for the in-flight limit
};

/// A complete request. `body` is followed by at least 64 readable bytes and charged to `held`.
struct request {
  http::method method = method::other;
  std::string target;            ///< origin-form, path and query as they came
  std::string content_type;      ///< as it came, empty when absent
  std::string content_encoding;  ///< as it came, empty when absent
  std::vector<std::pair<std::string, std::string>>
      fields;        ///< every other field the handler asked for (server_options::keep)
  std::string peer;  ///< numeric address of who sent it, where it was asked for (server_options::tell_peer)
  std::unique_ptr<char[]> body_bytes;
  std::size_t body_size = 0;
  lease held;

  std::string_view path() const noexcept { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view body() const noexcept { return {body_bytes.get(), body_size}; }
  /// The first of `fields` of this name, or empty.
  std::string_view field(std::string_view name) const noexcept {
    for (const auto& [known, value] : fields)
      if (known == name) return value;
    return {};
  }
};

/// An answer. Content-Length, Date and Connection are the server's.
struct response {
  int status = 200;
  std::string_view content_type = "application/json";  ///< static text
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> fields;  ///< static names
  bool close = false;                                            ///< end the connection after it
};

/// An RFC 9457 problem document: `error` beside type, title, status and detail. `place` becomes part of
/// detail.
response problem(int status, std::string_view error, std::string_view detail);

/// The one answer of one request. Move-only, may be answered from any thread (the write happens on the
/// connection's own; many answers share one wake-up); destroyed unanswered it answers 503 with `Retry-After:
/// 1`. Answering a connection that is gone does nothing.
class exchange {
 public:
  struct state;
  exchange() noexcept;
  explicit exchange(std::unique_ptr<state> s) noexcept;
  exchange(exchange&&) noexcept;
  exchange& operator=(exchange&&) noexcept;
  ~exchange();

  void respond(response r) noexcept;
  /// Instead of an answer: ends the connection without a byte of one, as a peer that broke down would.
  void hang_up() noexcept;
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  std::unique_ptr<state> state_;
};

/// What a head alone decides, before a byte of the body is read.
struct head_view {
  http::method method;
  std::string_view target, content_type, content_encoding;
  /// Value of a field by lower-case name, or empty.
  std::function<std::string_view(std::string_view)> field;
};

/// The application behind a listener. Called on io threads; must not block.
class handler {
 public:
  virtual ~handler() = default;
  /// A response here refuses the request on its head (wrong path, method, media type, no admission): the body
  /// is not read, and the connection closes when there is one. Called once a request, before `Expect:
  /// 100-continue` is met.
  virtual std::unique_ptr<response> refuse(const head_view& head) = 0;
  virtual void handle(request&& what, exchange&& to) = 0;
  /// Follows one or more `handle` on the same thread, once the thread has served everything that was ready
  /// with them: what they began can be passed on together.
  virtual void handled() {}
};

struct server_options {
  std::string address = "127.0.0.1";  ///< numeric IPv4 or IPv6
  std::uint16_t port = 8080;          ///< 0: any free one
  http::limits limits;
  std::vector<std::string> keep;  ///< lower-case names of further fields that handlers want to see
  bool tell_peer = false;         ///< handlers want to see who sent a request
  std::shared_ptr<const tls::server_context> tls;  ///< null: plain HTTP
};

/// Counted for metrics; each value only grows, but `connections`.
struct server_counts {
  std::uint64_t connections = 0, accepted = 0, refused_connections = 0, bad_heads = 0;
};

/// One listener on every io thread (SO_REUSEPORT), its bind probed without it first, so that a second process
/// on the same port is refused instead of sharing it silently.
class server {
 public:
  /// Binds and listens, accepts nothing until `start`. `to` and `budget` outlive the server.
  static result<std::unique_ptr<server>> listen(runtime& on, server_options options, byte_budget& budget,
                                                handler& to);
  ~server();  ///< closes every connection and returns when no handler runs any more

  void start();
  /// Closes the listening sockets and idle connections; requests under way are answered, each connection
  /// closing then.
  void stop_accepting();
  /// After `stop_accepting`: requests whose head or body is still coming are answered 503 with Retry-After.
  /// Each connection ends when its peer has taken its answer, or a second later; `counts().connections` tells
  /// when all have.
  void refuse_unfinished();
  std::uint16_t port() const noexcept;
  server_counts counts() const noexcept;

  struct impl;

 private:
  explicit server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::net::http
