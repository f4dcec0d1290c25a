// What one io thread does for one server: accept, keep its sessions, and watch their deadlines with one timer
// for all.
#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "messages/result.hpp"
#include "net/http/answer.hpp"
#include "net/http/exchange.hpp"
#include "net/http/server.hpp"
#include "net/stream.hpp"

namespace sluice::net::http {

class session;

/// What the workers of one server share. Outlives them; the counters are relaxed, for people.
struct common {
  server_options options;
  byte_budget& budget;
  handler& app;
  std::atomic<std::uint64_t> connections = 0, accepted = 0, refused_connections = 0, bad_heads = 0;
};

/// Lives on one io thread: but for `listen`, every member runs there. Sessions are told of its end by
/// `close`.
class worker : public std::enable_shared_from_this<worker> {
 public:
  using clock = std::chrono::steady_clock;
  using executor = stream::executor;
  using tcp = boost::asio::ip::tcp;
  using socket = stream::socket;

  /// Connections beyond the limit that are answered 503 at one time; further ones are closed at once.
  static constexpr std::size_t turned_away_max = 64;

  worker(boost::asio::io_context& home, common& of);

  /// Opens the listening socket, shared (SO_REUSEPORT) with the other workers.
  result<void> listen(const tcp::endpoint& at);
  void start();
  void stop_accepting();
  void refuse_unfinished();
  /// Ends everything: no handler is called and nothing of `common` is touched after it.
  void shut_down();

  // For sessions.
  const server_options& options() const noexcept { return common_.options; }
  byte_budget& budget() const noexcept { return common_.budget; }
  handler& app() const noexcept { return common_.app; }
  common& counted() const noexcept { return common_; }
  const std::shared_ptr<mailbox>& answers() const noexcept { return answers_; }
  bool stopping() const noexcept { return stopping_; }
  std::string_view date() { return date_.at(std::time(nullptr)); }
  /// Calls `retry_lease` of the session in about 10 ms.
  void wait_for_lease(std::shared_ptr<session> who);
  void forget(session& closed);
  /// A request was handed to the application.
  void handed_over();

 private:
  using timer = boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, executor>;

  void accept();
  void accepted(const boost::system::error_code& ec, socket peer);
  void admit(socket peer);
  void add(const std::shared_ptr<session>& opened);
  void pause_accepting();
  void sweep_later();
  void sweep();
  void retry_leases();

  boost::asio::io_context& home_;
  common& common_;
  boost::asio::basic_socket_acceptor<tcp, executor> acceptor_;
  std::shared_ptr<mailbox> answers_;
  timer sweep_timer_, accept_timer_, lease_timer_;
  std::chrono::milliseconds sweep_every_;
  date_field date_;
  std::vector<std::shared_ptr<session>> sessions_;  ///< at most limits.connections and turned_away_max
  std::vector<std::shared_ptr<session>> waiting_;   ///< each at most once
  std::size_t turned_away_ = 0;
  bool sweeping_ = false;
  bool handing_over_ = false;  ///< `handled` will be called
  bool stopping_ = false;
  bool down_ = false;
};

}  // namespace sluice::net::http
