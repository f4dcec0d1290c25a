// A publisher, the real nats-server that it publishes to, and the count of how often each burst ended.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/nats/publisher.hpp"
#include "tests/support/nats_server.hpp"
#include "tests/support/nats_stream.hpp"

namespace sluice::net::nats {

using kind = acknowledgement::kind;
using sluice::testing::nats_server;
using sluice::testing::nats_stored;
using sluice::testing::nats_streams;

inline server_address at(std::uint16_t port, std::string host = "127.0.0.1", bool tls = false) {
  return {tls, std::move(host), port};
}

/// An answer comes whenever the machine gets to it: no test waits for this.
inline constexpr std::chrono::milliseconds long_time{30'000};
/// Of bursts that get no answer.
inline constexpr std::chrono::milliseconds short_time{300};

inline publisher_options to(std::vector<server_address> servers) {
  publisher_options options;
  options.servers = std::move(servers);
  options.timeout = long_time;
  return options;
}
inline publisher_options to(const nats_server& server) { return to({at(server.port())}); }

inline message numbered(int n, std::string subject = "events.a") {
  return {std::move(subject), "id-" + std::to_string(n), R"({"n":)" + std::to_string(n) + "}"};
}
inline std::vector<message> numbered_up_to(int count) {
  std::vector<message> all;
  for (int n = 0; n < count; ++n) all.push_back(numbered(n));
  return all;
}

class nats_publisher_test : public ::testing::Test {
 protected:
  struct under_way {
    std::atomic<int> ends = 0;
    std::promise<burst_end> first;
  };

  publisher& with(publisher_options options) {
    publisher_ = std::make_unique<publisher>(std::move(options));
    return *publisher_;
  }
  std::future<burst_end> begin(std::vector<message> burst) {
    auto seen = bursts_.emplace_back(std::make_shared<under_way>());
    publisher_->publish(std::move(burst), [seen](burst_end end) {
      if (seen->ends++ == 0) seen->first.set_value(std::move(end));
    });
    return seen->first.get_future();
  }
  burst_end publish(std::vector<message> burst) {
    auto end = begin(std::move(burst));
    if (end.wait_for(2 * long_time) != std::future_status::ready) {
      ADD_FAILURE() << "the burst did not end";
      return {};
    }
    return end.get();
  }
  /// For tests whose bursts get no answer in time later: the first one may take the time that it takes.
  void connect() {
    bool stored = false;
    for (int tries = 0; tries < 100 && !stored; ++tries)
      stored = publish({numbered(0)}).of.at(0).how == kind::stored;
    EXPECT_TRUE(stored);
  }
  void expect(kind how, const std::string& part_of_why, const burst_end& end) {
    EXPECT_FALSE(end.of.empty());
    for (const acknowledgement& one : end.of) {
      EXPECT_EQ(one.how, how) << one.why;
      EXPECT_NE(one.why.find(part_of_why), std::string::npos) << one.why;
      EXPECT_EQ(one.why.find("secret"), std::string::npos) << one.why;
    }
  }
  void expect_stored(const burst_end& end) { expect(kind::stored, "", end); }

  void TearDown() override {
    publisher_.reset();
    for (const auto& seen : bursts_) EXPECT_EQ(seen->ends, 1) << "a burst ends once";
  }

  std::unique_ptr<publisher> publisher_;
  std::vector<std::shared_ptr<under_way>> bursts_;
};

}  // namespace sluice::net::nats
