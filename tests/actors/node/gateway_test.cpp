// Goal: a request is answered also when the stage that it needs is not there, as between two lives of one and
// at the stop. Method: the gateway behind a server on loopback, its stages never connected or connected no
// more.
#include "actors/node/gateway.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "net/lease.hpp"
#include "net/runtime.hpp"
#include "tests/support/http_peer.hpp"

namespace sluice::node {
namespace {

using testing::milliseconds;

class gateway_without_stages : public ::testing::Test {
 protected:
  gateway_without_stages() {
    net::http::server_options anywhere;
    anywhere.port = 0;
    auto listening = net::http::server::listen(io_, anywhere, budget_, gate_.ingestion(true));
    if (!listening) throw std::runtime_error(to_string(listening.error()));
    server_ = std::move(*listening);
    server_->start();
    gate_.enter(phase::running);
    gate_.connect_ingest([] {});
    gate_.connect_scrape([](const auto& respond) { respond("metrics"); });
  }

  void disconnect() {
    gate_.connect_ingest({});
    gate_.connect_scrape({});
  }

  telemetry::edge edge_;
  checkpoint::board board_;
  admin::api api_{admin::guard({})};
  gateway gate_{{.edge = &edge_, .board = &board_, .subscription = nullptr, .api = &api_}};
  net::byte_budget budget_{1 << 20};
  net::runtime io_{1};
  std::unique_ptr<net::http::server> server_;
};

TEST_F(gateway_without_stages, keeps_a_batch_and_refuses_it_when_nobody_takes_it) {
  disconnect();
  testing::http_peer peer(server_->port());
  peer.send(testing::request_text("POST", "/v1/events", {}, R"({"events":[]})"));
  ASSERT_TRUE(testing::wait_until([&] { return gate_.under_way() == 1; }, milliseconds(10'000)));
  gate_.inbox().drain_into([](std::unique_ptr<batch>) {});
  EXPECT_EQ(peer.receive().status, 503);
  EXPECT_EQ(gate_.under_way(), 0U);
}

TEST_F(gateway_without_stages, answers_a_scrape_503) {
  EXPECT_EQ(testing::get(server_->port(), "/metrics").status, 200);
  disconnect();
  EXPECT_EQ(testing::get(server_->port(), "/metrics").status, 503);
  gate_.enter(phase::stopping);
  const auto answer = testing::get(server_->port(), "/metrics");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("stopping"), std::string::npos) << answer.body;
}

}  // namespace
}  // namespace sluice::node
