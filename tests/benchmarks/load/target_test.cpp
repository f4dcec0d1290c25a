// Goal: addresses are read strictly, and a plain GET works or says why not.
// Method: a table of addresses; a small server in the test.
#include "benchmarks/load/target.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/benchmarks/peer.hpp"

namespace sluice::load {
namespace {

TEST(Target, TableOfAddresses) {
  struct row {
    std::string input;
    std::optional<target> expected;
  };
  const std::vector<row> rows{
      {"http://127.0.0.1:8080/v1/events", target{"127.0.0.1", 8080, "/v1/events"}},
      {"http://node.example", target{"node.example", 80, "/v1/events"}},
      {"http://node.example/", target{"node.example", 80, "/v1/events"}},
      {"localhost:9000", target{"localhost", 9000, "/v1/events"}},
      {"http://[::1]:8080/in?x=1", target{"::1", 8080, "/in?x=1"}},
      {"http://[::1]", target{"::1", 80, "/v1/events"}},
      {"https://node.example", std::nullopt},
      {"ftp://node.example", std::nullopt},
      {"http://", std::nullopt},
      {"http://:80/", std::nullopt},
      {"http://a:0/", std::nullopt},
      {"http://a:65536/", std::nullopt},
      {"http://a:8o/", std::nullopt},
      {"http://a:/", std::nullopt},
      {"http://[::1/", std::nullopt},
      {"http://[::1]x/", std::nullopt},
      {"http://user@host/", std::nullopt},
      {"http://a b/", std::nullopt},
      {"http://a/x\r\ny: z", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& r : rows) {
    const auto parsed = parse_target(r.input);
    ASSERT_EQ(parsed.has_value(), r.expected.has_value()) << r.input;
    if (parsed) {
      EXPECT_EQ(*parsed, *r.expected) << r.input;
    } else {
      EXPECT_EQ(parsed.error().code, errc::wrong_use) << r.input;
    }
  }
}

TEST(Target, IsWrittenBackWithPortAndBrackets) {
  EXPECT_EQ(to_string(target{"::1", 80, "/x"}), "http://[::1]:80/x");
  EXPECT_EQ(host_field(target{"a", 1, "/"}), "a:1");
}

TEST(Target, GetReturnsTheAnswer) {
  test::peer server([](const test::peer_request& r) {
    return r.path == "/readyz" ? test::peer_reply{test::answer_with(200, "ready"), true}
                               : test::peer_reply{"", true};
  });
  const target to{"127.0.0.1", server.port(), "/v1/events"};
  const auto answered = get(to, "/readyz", std::chrono::seconds(10));
  ASSERT_TRUE(answered) << to_string(answered.error());
  EXPECT_EQ(answered->status, 200);
  EXPECT_EQ(answered->body, "ready");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_NE(server.requests()[0].head.find("Host: 127.0.0.1:" + std::to_string(server.port())),
            std::string::npos);

  const auto dropped = get(to, "/other", std::chrono::seconds(10));
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().code, errc::closed);
}

TEST(Target, AFreePortRefusesConnections) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  const auto connected = connect_to({"127.0.0.1", *port, "/"}, std::chrono::seconds(10));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, errc::unreachable);
}

}  // namespace
}  // namespace sluice::load
