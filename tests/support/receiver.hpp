// A webhook receiver that believes nothing: it notes every request with a monotonic time and its exact bytes,
// and answers as the test's policy says — well, badly, late or not at all.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_peer.hpp"

namespace sluice::testing {

/// One request as it came.
struct delivery {
  steady::time_point at;        ///< when its last byte was read
  std::int64_t arrived_ns = 0;  ///< when its last byte reached the socket, on the wall clock; 0: not noted
  std::string target;
  http_fields fields;
  std::string body;
  std::vector<std::string> ids;  ///< of the events in the body, in order
  std::string webhook_id;
  std::size_t connection = 0;  ///< that it came over: the how manieth accepted, from 0
  int answered = 0;  ///< status of the answer once it was sent; 0 before, and for ever where there was none
};

/// What to do with a request. An answer with `Connection: close` ends its connection.
struct reply {
  enum class manner {
    answer,   ///< after `delay`
    hang,     ///< say nothing until the peer goes away or the receiver stops
    cut,      ///< send the head and half of the body, then reset
    trickle,  ///< send the answer one byte a `delay`
    flood,    ///< promise a body of 10 GB and send until the peer has had enough
  };
  int status = 200;
  http_fields fields = {};
  milliseconds delay{0};
  manner how = manner::answer;
  std::string body = R"({"noted":true})";
};

/// HTTP server on 127.0.0.1, a thread a connection (at most 256). Stopped, it refuses connections; started
/// again it has the same port. Thread-safe.
class receiver {
 public:
  /// Called for each request, one at a time, with the number of requests before it.
  using policy = std::function<reply(const delivery&, std::size_t)>;

  receiver();   ///< on a free port, not started, answering 200
  ~receiver();  ///< stops

  void start();
  void stop();  ///< closes every connection; returns when no thread is left
  void answer_with(policy how);

  std::uint16_t port() const noexcept { return port_; }
  std::size_t connections() const;  ///< accepted since it was made
  std::vector<delivery> deliveries() const;
  /// Ids of the requests answered 2xx, in the order in which they came, repeats included.
  std::vector<std::string> received() const;
  /// Whether `count` different ids were answered 2xx within `patience`.
  bool wait_for_events(std::size_t count, milliseconds patience) const;
  /// Whether `count` requests came, whatever they were answered.
  bool wait_for_requests(std::size_t count, milliseconds patience) const;
  /// The most events that came in any window of one second, over all requests, answered or not.
  std::size_t fastest_second() const;
  /// The same by the kernel's notes of when each reached the socket, however late it was read. Throws when
  /// one has none.
  std::size_t fastest_second_at_the_socket() const;

 private:
  struct connection {
    tcp_socket socket;
    std::size_t number = 0;
    std::thread served_by;
    bool over = false;
  };

  void accept_all();
  void serve(connection& with);
  bool serve_one(connection& with, std::string& buffer);
  reply note(delivery what, std::size_t& number);
  void send_reply(connection& with, const reply& how, std::size_t number);
  std::size_t fastest_second(const std::function<std::chrono::nanoseconds(const delivery&)>& when) const;
  bool pause(milliseconds time);  ///< false when the receiver stops meanwhile
  void reap(bool all);

  const std::uint16_t port_;
  mutable std::mutex guard_;
  mutable std::condition_variable changed_;
  policy policy_;                    // guarded by guard_, as all below
  std::deque<delivery> deliveries_;  // grows with the test's own load
  std::set<std::string> settled_;
  std::list<connection> connections_;
  std::size_t accepted_ = 0;
  bool stopping_ = false;
  tcp_socket listener_;
  std::thread acceptor_;
};

/// The replies in turn, then the last one for ever.
receiver::policy scripted(std::vector<reply> replies);

}  // namespace sluice::testing
