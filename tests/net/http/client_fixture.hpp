// A client, a scripted peer for it, and the count of how often each attempt ended.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http/client.hpp"
#include "tests/net/http/raw_peer.hpp"

namespace sluice::net::http {

using namespace std::chrono_literals;

inline constexpr auto patience = 20s;
inline const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Counts how often an attempt ends.
struct outcome {
  std::atomic<int> calls = 0;
  std::promise<attempt> first;
};

class client_test : public testing::Test {
 protected:
  /// A peer with these scripts, and a client of it.
  void run(std::vector<raw_peer::script> scripts, client_options options = {}) {
    peer_.emplace(std::move(scripts));
    connect_to("127.0.0.1", peer_->port(), std::move(options));
  }
  void connect_to(std::string host, std::uint16_t port, client_options options = {}) {
    options.origin.host = std::move(host);
    options.origin.port = port;
    options.origin.target = "/in?x=1";
    client_ = std::make_unique<client>(runtime_, std::move(options));
  }

  std::shared_ptr<outcome> begin(std::string body = "{}",
                                 std::vector<std::pair<std::string, std::string>> fields = {}) {
    auto seen = outcomes_.emplace_back(std::make_shared<outcome>());
    outgoing what;
    what.fields = std::move(fields);
    what.body = std::move(body);
    return begin(std::move(what), seen);
  }
  std::shared_ptr<outcome> begin(outgoing what, std::shared_ptr<outcome> seen) {
    client_->send(std::move(what), [seen](attempt how) {
      if (seen->calls++ == 0) seen->first.set_value(std::move(how));
    });
    return seen;
  }
  attempt post(std::string body = "{}", std::vector<std::pair<std::string, std::string>> fields = {}) {
    auto ends = begin(std::move(body), std::move(fields))->first.get_future();
    if (ends.wait_for(patience) != std::future_status::ready) {
      ADD_FAILURE() << "the attempt did not end";
      return tl::unexpected(attempt_failure{});
    }
    return ends.get();
  }
  void expect_status(int status, const attempt& how) {
    ASSERT_TRUE(how) << to_string(how.error().why);
    EXPECT_EQ(how->status, status);
  }
  void expect_failure(errc code, bool sent, const attempt& how) {
    ASSERT_FALSE(how) << how->status;
    EXPECT_EQ(to_string(how.error().why.code), to_string(code)) << how.error().why.detail;
    EXPECT_EQ(how.error().sent, sent) << how.error().why.detail;
    EXPECT_FALSE(how.error().why.detail.empty());
  }

  void TearDown() override {
    client_.reset();
    runtime_.stop();
    for (const auto& seen : outcomes_) EXPECT_LE(seen->calls, 1) << "an attempt ended twice";
  }

  // What scripts tell or are told; here, because a script or a callback may outlive the body of its test.
  std::promise<std::string> request_;
  std::promise<int> status_;
  std::promise<void> happened_, ended_;
  std::optional<raw_peer> peer_;
  runtime runtime_{1};
  std::unique_ptr<client> client_;
  std::vector<std::shared_ptr<outcome>> outcomes_;
};

/// Answers one request after the other with `answer` until the client goes.
inline raw_peer::script answering(std::string answer) {
  return [answer = std::move(answer)](raw_connection& c) {
    while (!c.read_request().empty()) c.send(answer);
  };
}

/// Reads one request, sends `answer` and waits for the client to end the connection.
inline raw_peer::script answering_once(std::string answer) {
  return [answer = std::move(answer)](raw_connection& c) {
    c.read_request();
    c.send(answer);
    c.wait_for_end();
  };
}

/// Listens, but its queue is full: connecting to it goes on for ever.
class black_hole {
 public:
  black_hole() : listener_(listen_anywhere(0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener_.port);
    for (int& fd : fillers_) {
      fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  ~black_hole() {
    for (const int fd : fillers_) close(fd);
    close(listener_.fd);
  }
  std::uint16_t port() const noexcept { return listener_.port; }

 private:
  listening listener_;
  int fillers_[16] = {};
};

}  // namespace sluice::net::http
