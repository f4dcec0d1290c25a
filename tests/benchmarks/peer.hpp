// An HTTP server for the tests of the load generator: threads, blocking sockets, and a script that decides on
// each request.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::test {

struct peer_request {
  std::size_t connection = 0;  ///< in the order in which they were accepted, from 0
  std::size_t number = 0;      ///< over all connections, in the order in which they were read, from 0
  std::string method;
  std::string path;
  std::string head;
  std::string body;
};

struct peer_reply {
  std::string bytes;  ///< sent as it is; `answer_with` makes one
  bool ends = false;  ///< the connection is closed after `bytes`
};

/// A whole answer with a Content-Length.
std::string answer_with(int status, const std::string& body, const std::string& more_fields = "");

/// Listens on 127.0.0.1 until it is destroyed. The script is called under a lock, one request at a time. At
/// most 10,000 connections.
class peer {
 public:
  using script = std::function<peer_reply(const peer_request&)>;

  explicit peer(script decide, std::uint16_t port = 0);
  /// Answers each request on its head, reads nothing of its body and keeps the connection open.
  struct on_head {
    script decide;
  };
  explicit peer(on_head early);
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return accepted_.load(); }
  /// All requests so far.
  std::vector<peer_request> requests() const;

 private:
  void accept_all();
  void serve(int fd, std::size_t connection);
  bool serve_one(int fd, std::size_t connection, std::string& input);

  void listen(std::uint16_t port);

  script decide_;
  bool on_head_ = false;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> accepted_{0};
  mutable std::mutex mutex_;
  bool ending_ = false;
  std::vector<int> open_;
  std::vector<peer_request> requests_;
  std::list<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace sluice::test
