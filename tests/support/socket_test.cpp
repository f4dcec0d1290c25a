// Goal: tests that run at the same time never share a port. Method: two processes that would look for ports
// in the same order, one being the other's copy.
#include "tests/support/socket.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>

namespace sluice::testing {
namespace {

constexpr std::size_t count = 20;
using ports = std::array<std::uint16_t, count>;

ports take_ports() {
  ports taken{};
  for (std::uint16_t& each : taken) each = free_port();
  return taken;
}

TEST(free_port, is_given_to_one_process_only) {
  int results[2], release[2];
  ASSERT_EQ(::pipe(results), 0);
  ASSERT_EQ(::pipe(release), 0);
  const pid_t copy = ::fork();
  ASSERT_GE(copy, 0);
  if (copy == 0) {
    const ports taken = take_ports();
    char end = 0;
    const bool told = ::write(results[1], taken.data(), sizeof taken) == static_cast<ssize_t>(sizeof taken);
    ::_exit(told && ::read(release[0], &end, 1) == 1 ? 0 : 1);  // holds its ports until it is let go
  }
  ports theirs{};
  ASSERT_EQ(::read(results[0], theirs.data(), sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  const ports ours = take_ports();
  ASSERT_EQ(::write(release[1], "x", 1), 1);
  int status = -1;
  ASSERT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(status, 0);
  for (const int fd : {results[0], results[1], release[0], release[1]}) ::close(fd);

  std::set<std::uint16_t> different(ours.begin(), ours.end());
  different.insert(theirs.begin(), theirs.end());
  EXPECT_EQ(different.size(), 2 * count);
}

TEST(free_port, is_free_for_a_listener) { EXPECT_TRUE(tcp_socket::listen(free_port())); }

}  // namespace
}  // namespace sluice::testing
