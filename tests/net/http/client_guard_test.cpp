// Goal: a guarded client connects to no address that its guard refuses, however the origin is written or
// resolved. Method: a table of origins against a peer that counts its connections.
#include "tests/net/http/client_fixture.hpp"

namespace sluice::net::http {
namespace {

client_options guarded(const std::vector<std::string>& allow) {
  std::vector<network> ranges;
  for (const std::string& text : allow) ranges.push_back(parse_network(text).value());
  client_options options;
  options.guard.emplace(std::move(ranges));
  return options;
}

struct client_guard_test : client_test {};

TEST_F(client_guard_test, refuses_before_it_connects) {
  peer_.emplace(std::vector{answering(ok)});
  struct {
    std::string host;
    std::string why;
  } const table[] = {
      {"127.0.0.1", "127.0.0.1 is in 127.0.0.0/8 (loopback)"},
      {"127.1.2.3", "127.1.2.3 is in 127.0.0.0/8 (loopback)"},
      {"::1", "::1 is in ::1/128 (loopback)"},
      {"::ffff:127.0.0.1", "127.0.0.1 is in 127.0.0.0/8 (loopback)"},
      {"2002:7f00:1::", "2002:7f00:1:: stands for 127.0.0.1 is in 127.0.0.0/8 (loopback)"},
      {"64:ff9b::a9fe:a9fe",
       "64:ff9b::a9fe:a9fe stands for 169.254.169.254 is in 169.254.169.254/32 (cloud metadata)"},
      {"10.0.0.1", "10.0.0.1 is in 10.0.0.0/8 (private)"},
      {"0.0.0.0", "0.0.0.0 is in 0.0.0.0/8 (this network)"},
      {"localhost", "(loopback)"},
  };
  for (const auto& r : table) {
    connect_to(r.host, peer_->port(), guarded({"192.168.0.0/16"}));
    const attempt how = post();
    expect_failure(errc::refused, false, how);
    if (how) continue;
    EXPECT_NE(how.error().why.detail.find(" must not be reached: "), std::string::npos)
        << how.error().why.detail;
    EXPECT_NE(how.error().why.detail.find(r.why), std::string::npos)
        << r.host << ": " << how.error().why.detail;
  }
  EXPECT_EQ(peer_->connections(), 0);
}

TEST_F(client_guard_test, goes_where_it_may) {
  run({answering(ok)}, guarded({"127.0.0.0/8"}));
  expect_status(200, post());
  expect_status(200, post());
  EXPECT_EQ(peer_->connections(), 1);
}

// The name has ::1 too on most machines, which is not open: the connection must not go there.
TEST_F(client_guard_test, takes_of_a_name_what_it_may) {
  peer_.emplace(std::vector{answering(ok)});
  connect_to("localhost", peer_->port(), guarded({"127.0.0.1"}));
  expect_status(200, post());
}

TEST_F(client_guard_test, judges_again_at_each_connect) {
  peer_.emplace(std::vector{answering_once(ok), answering_once(ok)});
  connect_to("localhost", peer_->port(), guarded({}));
  for (int i = 0; i < 3; ++i) expect_failure(errc::refused, false, post());
  EXPECT_EQ(peer_->connections(), 0);
}

}  // namespace
}  // namespace sluice::net::http
