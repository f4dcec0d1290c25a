// Goal: only what every reader takes for this machine is this machine. Method: cases.
#include "net/loopback.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

TEST(loopback, is_what_can_only_mean_this_machine) {
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"", "localhost.", "localhost.example", "127.0.0.1.example", "127.1", "127.0.0.01",
                           "0x7f.0.0.1", "2130706433", "0.0.0.0", "10.0.0.1", "128.0.0.1", "::", "::2",
                           "[::1]", "::ffff:127.0.0.1", "::1%lo", "127.0.0.1:80"})
    EXPECT_FALSE(is_loopback(host)) << host;
  EXPECT_FALSE(is_loopback(std::string("127.0.0.1\0.example", 18)));
  EXPECT_FALSE(is_loopback(std::string(5000, '1')));
}

}  // namespace
}  // namespace sluice::net
