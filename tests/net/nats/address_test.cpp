// Goal: a server's address is read in one way or refused. Method: a table of both kinds; what all URLs share
// is held by url_test.
#include "net/nats/address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net::nats {
namespace {

TEST(nats_address, is_taken_apart) {
  const struct {
    std::string_view text;
    server_address expected;
    std::string_view authority;
  } rows[] = {
      {"nats://nats.example", {false, "nats.example", 4222}, "nats.example"},
      {"nats://nats.example:4222", {false, "nats.example", 4222}, "nats.example"},
      {"nats://nats.example:14222", {false, "nats.example", 14222}, "nats.example:14222"},
      {"tls://nats.example", {true, "nats.example", 4222}, "nats.example"},
      {"TLS://Nats.Example:443", {true, "nats.example", 443}, "nats.example:443"},
      {"nats://127.0.0.1:1", {false, "127.0.0.1", 1}, "127.0.0.1:1"},
      {"nats://[::1]", {false, "::1", 4222}, "[::1]"},
      {"tls://[2001:DB8::1]:4333", {true, "2001:db8::1", 4333}, "[2001:db8::1]:4333"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_address(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << to_string(parsed.error());
    EXPECT_EQ(*parsed, row.expected) << row.text << ": " << parsed->authority();
    EXPECT_EQ(parsed->authority(), row.authority);
  }
}

TEST(nats_address, is_refused) {
  const struct {
    const char* name;
    std::string text;
    std::string_view part_of_detail;
  } rows[] = {
      {"empty", "", "empty"},
      {"no scheme", "nats.example:4222", "nats:// or tls://"},
      {"another protocol's", "https://nats.example", "nats:// or tls://"},
      {"WebSocket", "ws://nats.example", "nats:// or tls://"},
      {"no host", "nats://", "no host"},
      {"port alone", "nats://:4222", "no host"},
      {"user and password", "nats://user:secret@nats.example", "user name"},
      {"token", "nats://secret@nats.example", "user name"},
      {"slash", "nats://nats.example/", "follow"},
      {"path", "nats://nats.example/a", "follow"},
      {"query", "nats://nats.example?tls=no", "follow"},
      {"fragment", "nats://nats.example#a", "follow"},
      {"two servers", "nats://a.example,nats://b.example", "letters"},
      {"port 0", "nats://nats.example:0", "port"},
      {"port too large", "nats://nats.example:65536", "port"},
      {"IPv6 without brackets", "nats://::1", "no host"},
      {"octal address", "nats://0177.0.0.1", "IPv4"},
      {"space", "nats://nats.example ", "space"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_address(row.text);
    ASSERT_FALSE(parsed) << row.name;
    EXPECT_EQ(parsed.error().code, errc::bad_request) << row.name;
    EXPECT_NE(parsed.error().detail.find(row.part_of_detail), std::string::npos)
        << row.name << ": " << parsed.error().detail;
    EXPECT_EQ(to_string(parsed.error()).find("secret"), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace sluice::net::nats
