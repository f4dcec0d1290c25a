// Opens the listeners and spreads them over the io threads.
#include "net/http/server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/http/worker.hpp"
#include "net/runtime_impl.hpp"

namespace sluice::net::http {
namespace {

using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

/// Free ports are found by the probe; another process may take one before it is bound again.
constexpr int free_port_tries = 8;

std::string place_of(const server_options& o) {
  const bool v6 = o.address.find(':') != std::string::npos;
  return (v6 ? "[" + o.address + "]" : o.address) + ":" + std::to_string(o.port);
}

/// Binds without SO_REUSEPORT, which fails where anybody listens already, and tells the port.
result<std::uint16_t> probe(boost::asio::io_context& on, const tcp::endpoint& at) {
  tcp::acceptor trial(on);
  error_code ec;
  trial.open(at.protocol(), ec);
  if (!ec) trial.set_option(boost::asio::socket_base::reuse_address(true), ec);
  if (!ec) trial.bind(at, ec);
  tcp::endpoint bound;
  if (!ec) bound = trial.local_endpoint(ec);
  if (ec) return fail(errc::io, "cannot listen: " + ec.message(), {}, ec.value());
  return bound.port();
}

}  // namespace

struct server::impl {
  impl(runtime& on, server_options o, byte_budget& budget, handler& to)
      : loops(on.get()), shared{std::move(o), budget, to} {}

  result<void> listen_on_all(const tcp::endpoint& at) {
    std::vector<std::shared_ptr<worker>> opened;
    for (unsigned i = 0; i < loops.threads(); ++i) {
      opened.push_back(std::make_shared<worker>(loops.context(i), shared));
      if (auto done = opened.back()->listen(at); !done) return done;
    }
    workers = std::move(opened);
    return {};
  }

  void on_each(void (worker::*what)()) {
    for (unsigned i = 0; i < workers.size(); ++i) loops.run_and_wait(i, [&] { (workers[i].get()->*what)(); });
  }

  runtime::impl& loops;
  common shared;
  std::vector<std::shared_ptr<worker>> workers;  ///< one a thread
  std::uint16_t port = 0;
};

result<std::unique_ptr<server>> server::listen(runtime& on, server_options options, byte_budget& budget,
                                               handler& to) {
  const std::string place = place_of(options);
  error_code ec;
  const auto address = boost::asio::ip::make_address(options.address, ec);
  if (ec) return fail(errc::invalid_config, "not a numeric IPv4 or IPv6 address", place);
  const tcp::endpoint wanted(address, options.port);
  auto made = std::make_unique<impl>(on, std::move(options), budget, to);
  for (int left = wanted.port() == 0 ? free_port_tries : 1; left > 0; --left) {
    const auto port = probe(made->loops.context(0), wanted);
    if (!port) return fail(port.error().code, port.error().detail, place, port.error().sys);
    made->port = *port;
    const auto listening = made->listen_on_all({address, *port});
    if (listening) break;
    if (left == 1)
      return fail(listening.error().code, listening.error().detail, place, listening.error().sys);
  }
  return std::unique_ptr<server>(new server(std::move(made)));
}

server::server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
server::~server() { impl_->on_each(&worker::shut_down); }
void server::start() { impl_->on_each(&worker::start); }
void server::stop_accepting() { impl_->on_each(&worker::stop_accepting); }
void server::refuse_unfinished() { impl_->on_each(&worker::refuse_unfinished); }
std::uint16_t server::port() const noexcept { return impl_->port; }

server_counts server::counts() const noexcept {
  const auto& from = impl_->shared;
  constexpr auto relaxed = std::memory_order_relaxed;
  return {from.connections.load(relaxed), from.accepted.load(relaxed), from.refused_connections.load(relaxed),
          from.bad_heads.load(relaxed)};
}

}  // namespace sluice::net::http
