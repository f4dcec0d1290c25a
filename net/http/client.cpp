// One connection and one request at a time, driven on one io thread: no locks, and every step checks that its
// attempt is still the current one.
#include "net/http/client.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

#include "messages/assert.hpp"
#include "net/http/field.hpp"
#include "net/runtime_impl.hpp"
#include "net/stream.hpp"

namespace sluice::net::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using beast::error_code;

constexpr std::size_t read_bytes = 16 * 1024;  // asked of the socket at once
constexpr auto arrival_poll = std::chrono::milliseconds(1);

// Keeps of an answer what a reply holds; stores no other field, so trailers cost nothing.
class answer_parser final : public beast::http::basic_parser<false> {
 public:
  answer_parser(std::size_t head_bytes, std::size_t body_kept, bool bodiless,
                const std::vector<std::string>& keep)
      : body_kept_(body_kept), keep_(keep) {
    skip(bodiless);  // an answer to HEAD has none, whatever its length says
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(head_bytes, UINT32_MAX)));
    body_limit(boost::none);  // counted by the client, framing included
  }

  reply what;

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, error_code&) override {
  }
  void on_response_impl(int code, beast::string_view, int, error_code&) override { what.status = code; }
  void on_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                     error_code&) override {
    if (is_header_done()) return;
    if (known == beast::http::field::retry_after && what.retry_after.empty())
      what.retry_after.assign(value.data(), value.size());
    for (const std::string& kept : keep_)
      if (beast::iequals(name, kept)) what.fields.emplace_back(kept, std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return keep(body); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    return keep(body);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t keep(beast::string_view body) {
    what.body.append(body.data(), std::min(body.size(), body_kept_ - what.body.size()));
    return body.size();
  }

  std::size_t body_kept_;
  const std::vector<std::string>& keep_;
};

// A socket with everything that its operations point into. Each connection is a new one: an operation that
// outlives its attempt can then never touch the next connection.
struct connection {
  connection(asio::io_context& on, std::size_t buffer_max)
      : io(stream::socket(on.get_executor())), in(buffer_max) {}

  stream io;
  beast::flat_buffer in;
  std::string head, body;   // of the request under way
  std::size_t written = 0;  // of it
  bool writing = false;     // some of it is still to go, and may
  bool is_written() const noexcept { return written == head.size() + body.size(); }
};

// Bytes that the kernel was given and the peer's has not acknowledged.
bool all_acknowledged(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes == 0;
}

tl::unexpected<attempt_failure> failed(bool sent, errc code, std::string detail, const error_code& ec = {}) {
  const int sys = ec.category() == boost::system::system_category() ? ec.value() : 0;
  if (ec) detail += ": " + ec.message();
  return tl::unexpected(attempt_failure{error{code, std::move(detail), {}, sys}, sent});
}

// What must not be put on a wire, whoever asks.
std::optional<error> check(const client_options& options, const outgoing& what) {
  if (options.origin.tls && options.tls == nullptr)
    return error{errc::unsupported,
                 "https to " + options.origin.authority() + " without authorities to believe",
                 {},
                 0};
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  const bool clean = !to_string(what.method).empty() && std::ranges::all_of(what.target, visible) &&
                     (what.target.empty() || what.target.front() == '/') &&
                     is_field_value(what.content_type) &&
                     std::ranges::all_of(what.fields, [](const auto& field) {
                       return is_field_name(field.first) && is_field_value(field.second);
                     });
  if (!clean)
    return error{errc::bad_request, "the request has a character that HTTP does not allow there", {}, 0};
  return std::nullopt;
}

ip_address address_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  return address.is_v4() ? ip_address(address.to_v4().to_bytes()) : ip_address(address.to_v6().to_bytes());
}

std::string request_head(const url& origin, const outgoing& what) {
  std::string head(to_string(what.method));
  head.append(" ").append(what.target.empty() ? origin.target : what.target).append(" HTTP/1.1\r\n");
  const auto add = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  add("Host", origin.authority());
  const bool named = std::ranges::any_of(
      what.fields, [](const auto& field) { return beast::iequals(field.first, "User-Agent"); });
  if (!named) add("User-Agent", "sluice");
  const bool has_body = !what.body.empty() || what.method == method::post || what.method == method::put;
  if (has_body && !what.content_type.empty()) add("Content-Type", what.content_type);
  if (has_body) add("Content-Length", std::to_string(what.body.size()));
  for (const auto& [name, value] : what.fields) add(name, value);
  return head += "\r\n";
}

struct job {
  std::string head, body;
  bool bodiless = false;  // its answer
  std::optional<error> refused;
  std::function<void()> arrived;
  std::function<void(attempt)> done;
};

}  // namespace

struct client::impl : std::enable_shared_from_this<client::impl> {
  impl(runtime::impl& on, client_options o)
      : loops(on),
        thread(on.next_thread()),
        options(std::move(o)),
        context_(on.context(thread)),
        resolver_(context_),
        deadline_(context_),
        arrival_(context_) {}

  void start(job& what);
  void close();

  runtime::impl& loops;
  const unsigned thread;
  const client_options options;

 private:
  using link = std::shared_ptr<connection>;

  void arm(std::chrono::milliseconds time, bool sent, const char* what);
  void connect();
  void connect_to(std::vector<tcp::endpoint> endpoints);
  void secure();
  void exchange();
  void write(const link& to);
  void look_for_arrival();
  void read();
  void on_read(const error_code& ec, std::size_t bytes);
  void parse();
  void on_end_of_stream();
  void answered(bool keep);
  void give_up(attempt why);
  void watch();
  void finish(attempt how);
  void drop(bool abort);

  asio::io_context& context_;
  tcp::resolver resolver_;
  asio::steady_timer deadline_, arrival_;
  std::uint64_t attempt_ = 0;          // steps of another attempt than this are void
  std::function<void(attempt)> done_;  // set while an attempt is under way
  std::function<void()> arrived_;      // until it is called, or the attempt ends
  std::string head_, body_;            // until there is a connection
  bool bodiless_ = false;              // the answer to come
  link connection_;
  std::optional<answer_parser> answer_;
  std::size_t head_seen_ = 0, rest_seen_ = 0;  // bytes parsed of the answer's heads, and of what follows
  bool closed_ = false;
};

void client::impl::start(job& what) {
  if (closed_) return;
  SLUICE_ASSERT(done_ == nullptr);
  ++attempt_;
  done_ = std::move(what.done);
  arrived_ = std::move(what.arrived);
  if (what.refused) return finish(tl::unexpected(attempt_failure{*std::move(what.refused), false}));
  head_ = std::move(what.head);
  body_ = std::move(what.body);
  bodiless_ = what.bodiless;
  if (connection_ && !connection_->io.is_quiet()) drop(false);
  if (!connection_) return connect();
  connection_->io.cancel();  // `watch`, whose handler copes with coming late
  exchange();
}

void client::impl::close() {
  closed_ = true;
  ++attempt_;
  done_ = nullptr;
  arrived_ = nullptr;
  deadline_.cancel();
  arrival_.cancel();
  resolver_.cancel();
  drop(true);
}

void client::impl::arm(std::chrono::milliseconds time, bool sent, const char* what) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this(), mine = attempt_, time, sent, what](const error_code& ec) {
    // A deadline that was moved while its handler waited for its turn is not due.
    if (ec || mine != self->attempt_ || self->deadline_.expiry() > asio::steady_timer::clock_type::now())
      return;
    self->give_up(failed(sent, errc::timed_out,
                         std::string(what) + " " + self->options.origin.authority() + " within " +
                             std::to_string(time.count()) + " ms"));
  });
}

void client::impl::connect() {
  arm(options.connect_time, false, "no connection to");
  error_code not_numeric;
  const auto address = asio::ip::make_address(options.origin.host, not_numeric);
  if (!not_numeric) return connect_to({tcp::endpoint(address, options.origin.port)});
  resolver_.async_resolve(
      options.origin.host, std::to_string(options.origin.port), tcp::resolver::numeric_service,
      [self = shared_from_this(), mine = attempt_](const error_code& ec,
                                                   const tcp::resolver::results_type& found) {
        if (mine != self->attempt_) return;
        if (!ec) return self->connect_to({found.begin(), found.end()});
        self->give_up(failed(false, errc::unreachable, "cannot resolve " + self->options.origin.host, ec));
      });
}

void client::impl::connect_to(std::vector<tcp::endpoint> endpoints) {
  if (options.guard) {
    std::string first;  // why there was none
    std::erase_if(endpoints, [&](const tcp::endpoint& to) {
      auto why = options.guard->refuse(address_of(to));
      if (why && first.empty()) first = *std::move(why);
      return why.has_value();
    });
    if (endpoints.empty())
      return give_up(
          failed(false, errc::refused, options.origin.authority() + " must not be reached: " + first));
  }
  connection_ =
      std::make_shared<connection>(context_, options.head_bytes + options.body_read + 2 * read_bytes);
  asio::async_connect(
      connection_->io.lowest(), endpoints,
      [self = shared_from_this(), mine = attempt_, to = connection_](error_code ec, const auto&) {
        if (mine != self->attempt_) return;
        if (!ec) to->io.lowest().non_blocking(true, ec);
        if (!ec) to->io.lowest().set_option(tcp::no_delay(true), ec);
        if (!ec) return self->secure();
        self->give_up(
            failed(false, errc::unreachable, "cannot connect to " + self->options.origin.authority(), ec));
      });
}

void client::impl::secure() {
  if (!options.origin.tls) return exchange();
  auto& io = connection_->io;
  auto engine = tls::engine::call(*options.tls, io.lowest().native_handle(), options.origin.host);
  if (!engine)
    return give_up(failed(false, errc::unreachable, "no memory for TLS to " + options.origin.authority()));
  io.secure(std::move(engine));
  io.async_handshake([self = shared_from_this(), mine = attempt_, to = connection_](const error_code& ec) {
    if (mine != self->attempt_) return;
    if (!ec) return self->exchange();
    const std::string with = " " + self->options.origin.authority();
    const std::string why = to->io.why();
    if (to->io.distrusted())
      return self->give_up(failed(false, errc::untrusted, "TLS does not trust" + with + ": " + why));
    self->give_up(why.empty() ? failed(false, errc::unreachable, "no TLS with" + with, ec)
                              : failed(false, errc::unreachable, "no TLS with" + with + ": " + why));
  });
}

void client::impl::exchange() {
  arm(options.request_time, true, "no complete answer from");
  connection_->head = std::move(head_);
  connection_->body = std::move(body_);
  connection_->written = 0;
  connection_->writing = true;
  answer_.emplace(options.head_bytes, options.body_kept, bodiless_, options.keep);
  head_seen_ = rest_seen_ = 0;
  write(connection_);
  read();
}

// A write that fails is not the end, for the peer may have answered without reading all: the read tells.
void client::impl::write(const link& to) {
  connection& c = *to;
  while (c.writing && !c.is_written()) {
    const std::size_t of_head = std::min(c.written, c.head.size()), of_body = c.written - of_head;
    error_code ec;
    c.written += c.io.write_some({asio::buffer(c.head) + of_head, asio::buffer(c.body) + of_body}, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      return c.io.async_wait_to_write([self = shared_from_this(), to](const error_code& failed) {
        if (failed) to->writing = false;
        self->write(to);
      });
    }
    if (ec) c.writing = false;
  }
  c.writing = false;
  if (to == connection_ && c.is_written()) look_for_arrival();
}

// The kernel tells nobody when the last acknowledgement comes, so it is asked.
void client::impl::look_for_arrival() {
  if (!arrived_) return;
  if (all_acknowledged(connection_->io.lowest().native_handle())) return std::exchange(arrived_, nullptr)();
  arrival_.expires_after(arrival_poll);
  arrival_.async_wait([self = shared_from_this(), mine = attempt_](const error_code& ec) {
    if (!ec && mine == self->attempt_) self->look_for_arrival();
  });
}

void client::impl::read() {
  connection_->io.async_read_some(connection_->in.prepare(read_bytes),
                                  [self = shared_from_this(), mine = attempt_, from = connection_](
                                      const error_code& ec, std::size_t bytes) {
                                    if (mine == self->attempt_) self->on_read(ec, bytes);
                                  });
}

void client::impl::on_read(const error_code& ec, std::size_t bytes) {
  connection_->in.commit(bytes);
  if (!ec) return parse();
  if (ec == asio::error::eof) return on_end_of_stream();
  give_up(failed(true, errc::closed, "the connection to " + options.origin.authority() + " broke", ec));
}

void client::impl::parse() {
  auto& in = connection_->in;
  while (in.size() > 0) {
    const bool in_head = !answer_->is_header_done();
    // Beast's parser asserts the five bytes of a last chunk, which are the least that is still to come.
    if (!in_head && answer_->chunked() && in.size() < 5) break;
    error_code ec;
    const std::size_t parsed = answer_->put(in.data(), ec);  // stops where the head ends
    in.consume(parsed);
    (in_head ? head_seen_ : rest_seen_) += parsed;
    if (head_seen_ > options.head_bytes || ec == beast::http::error::header_limit) break;
    if (ec == beast::http::error::need_more) break;
    if (ec) return give_up(failed(true, errc::bad_request, "the answer is not HTTP/1.1", ec));
    if (!answer_->is_done()) continue;
    const int status = answer_->what.status;
    const bool interim = status / 100 == 1 && status != 101;  // RFC 9110 section 15.2
    if (!interim)
      return answered(answer_->keep_alive() && connection_->is_written() && in.size() == 0 && status != 101);
    answer_.emplace(options.head_bytes, options.body_kept, bodiless_, options.keep);
  }
  if (head_seen_ > options.head_bytes ||
      (!answer_->is_header_done() && head_seen_ + in.size() >= options.head_bytes)) {
    return give_up(
        failed(true, errc::too_large,
               "the head of the answer is longer than " + std::to_string(options.head_bytes) + " bytes"));
  }
  if (answer_->is_header_done() && rest_seen_ + in.size() > options.body_read) return answered(false);
  read();
}

void client::impl::on_end_of_stream() {
  error_code ec;
  if (answer_->is_header_done()) answer_->put_eof(ec);
  if (answer_->is_done() && !ec) return answered(false);
  give_up(failed(true, errc::closed,
                 options.origin.authority() + " closed the connection before its answer ended"));
}

void client::impl::answered(bool keep) {
  attempt given = std::move(answer_->what);
  if (keep) {
    connection_->head = {};
    connection_->body = {};
    connection_->written = 0;
    watch();
  } else {
    drop(!connection_->is_written());
  }
  finish(std::move(given));
}

void client::impl::give_up(attempt why) {
  resolver_.cancel();
  drop(true);
  finish(std::move(why));
}

// While no request is under way, what becomes readable is the end, out of turn, or TLS's own: only with the
// last is the connection of further use.
void client::impl::watch() {
  connection_->io.lowest().async_wait(
      tcp::socket::wait_read, [self = shared_from_this(), idle = connection_](const error_code& ec) {
        if (ec || self->connection_ != idle || self->done_ != nullptr) return;
        idle->io.secured() && idle->io.is_quiet() ? self->watch() : self->drop(false);
      });
}

void client::impl::finish(attempt how) {
  ++attempt_;
  deadline_.cancel();
  arrival_.cancel();
  arrived_ = nullptr;
  answer_.reset();
  // The caller may end this client from within.
  const auto done = std::exchange(done_, nullptr);
  done(std::move(how));
}

void client::impl::drop(bool abort) {
  if (!connection_) return;
  connection_->io.close(abort);
  connection_.reset();
}

client::client(runtime& on, client_options options)
    : impl_(std::make_shared<impl>(on.get(), std::move(options))) {}

client::~client() {
  impl_->loops.run_and_wait(impl_->thread, [&] { impl_->close(); });
}

void client::send(outgoing what, std::function<void(attempt)> done) {
  // Shared because runtime's work must be copyable; it has one holder at a time.
  auto work = std::make_shared<job>();
  work->refused = check(impl_->options, what);
  if (!work->refused) work->head = request_head(impl_->options.origin, what);
  work->bodiless = what.method == method::head;
  work->body = std::move(what.body);
  work->arrived = std::move(what.arrived);
  work->done = std::move(done);
  impl_->loops.post(impl_->thread, [self = impl_, work] { self->start(*work); });
}

}  // namespace sluice::net::http
