// Goal: a client may go at any moment, and then its callback is never called. Method: destroy it in each
// state that an attempt has, from outside and from its own callback.
#include "tests/net/http/client_fixture.hpp"

namespace sluice::net::http {
namespace {

using client_lifetime_test = client_test;

TEST_F(client_lifetime_test, ends_what_is_under_way_when_destroyed) {
  run({[this](raw_connection& c) {
    c.read_request();
    happened_.set_value();
    if (c.wait_for_end()) ended_.set_value();
  }});
  const auto seen = begin();
  happened_.get_future().wait();
  client_.reset();
  EXPECT_EQ(ended_.get_future().wait_for(patience), std::future_status::ready)
      << "the connection stayed open";
  EXPECT_EQ(seen->calls, 0);
  EXPECT_EQ(seen.use_count(), 2) << "the callback was kept";
}

TEST_F(client_lifetime_test, may_be_destroyed_at_any_moment) {
  run(std::vector<raw_peer::script>(200, [](raw_connection& c) {
    c.read_request();
    c.send(ok);
  }));
  const std::uint16_t port = peer_->port();
  for (int i = 0; i < 100; ++i) {
    connect_to(i % 2 == 0 ? "127.0.0.1" : "localhost", port);
    begin();
    if (i % 3 == 0) std::this_thread::yield();
    client_.reset();
    EXPECT_LE(outcomes_.back()->calls, 1);
  }
}

TEST_F(client_lifetime_test, may_be_destroyed_while_connecting) {
  const black_hole hole;
  connect_to("127.0.0.1", hole.port());
  const auto seen = begin();
  client_.reset();
  EXPECT_EQ(seen->calls, 0);
}

TEST_F(client_lifetime_test, may_be_destroyed_by_its_own_callback) {
  run({answering(ok)});
  client_->send({.body = "{}"}, [this](attempt how) {
    client_.reset();
    status_.set_value(how ? how->status : 0);
  });
  EXPECT_EQ(status_.get_future().get(), 200);
}

TEST_F(client_lifetime_test, may_be_asked_again_by_its_own_callback) {
  run({answering(ok)});
  client_->send({.body = "{}"}, [this](attempt) {
    client_->send({.body = "{}"},
                  [this](attempt how) { status_.set_value(how ? how->status : 0); });
  });
  EXPECT_EQ(status_.get_future().get(), 200);
  EXPECT_EQ(peer_->connections(), 1);
}

TEST_F(client_lifetime_test, may_outlive_the_loops_with_a_request_under_way) {
  run({[this](raw_connection& c) {
    c.read_request();
    happened_.set_value();
    c.wait_for_end();
  }});
  const auto seen = begin();
  happened_.get_future().wait();
  runtime_.stop();
  client_.reset();
  EXPECT_EQ(seen->calls, 0);
}

}  // namespace
}  // namespace sluice::net::http
