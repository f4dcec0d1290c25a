// How answers come home from any thread: one mailbox an io thread, one wake-up for all that wait in it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>

#include "net/http/server.hpp"

namespace sluice::net::http {

class mailbox;
class session;

/// What an exchange holds. The session may be gone when the answer comes, the server too: both are only
/// looked up.
struct exchange::state {
  state(std::shared_ptr<mailbox> home, std::weak_ptr<session> asker) noexcept
      : to(std::move(home)), from(std::move(asker)) {}

  std::shared_ptr<mailbox> to;
  std::weak_ptr<session> from;
  response answer;
  bool hangs_up = false;        ///< there is no answer: the connection ends
  std::unique_ptr<state> next;  ///< in a mailbox: the one that came after
};

/// Answers on the way to the sessions of one io thread, in the order they were given. Thread-safe. Bounded by
/// the number of connections: each has at most one request under way.
class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  explicit mailbox(boost::asio::io_context& home) noexcept : home_(&home) {}
  ~mailbox() { close(); }
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  /// Keeps an answered exchange for its session and wakes the io thread if it was the first; drops it once
  /// closed.
  void put(std::unique_ptr<exchange::state> answered);
  /// From now on every answer is dropped and the io_context is not touched any more.
  void close() noexcept;

 private:
  void deliver();
  std::unique_ptr<exchange::state> take_all() noexcept;

  std::mutex lock_;
  boost::asio::io_context* home_;  ///< null once closed
  std::unique_ptr<exchange::state> first_;
  exchange::state* last_ = nullptr;
};

}  // namespace sluice::net::http
