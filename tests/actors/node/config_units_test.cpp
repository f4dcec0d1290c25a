// Goal: every unit is read exactly or refused with what is wrong. Method: tables of texts.
#include "actors/node/config/units.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "actors/node/config/nearest.hpp"

namespace sluice::config {
namespace {

template <class T>
std::string outcome(const parsed<T>& value) {
  if (!value) return value.error();
  if constexpr (std::is_same_v<T, endpoint>) {
    return print_endpoint(*value);
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    return std::to_string(value->count());
  } else {
    return std::to_string(*value);
  }
}

struct row {
  const char* text;
  const char* expected;
};

TEST(config_units, sizes) {
  const std::vector<row> table = {
      {"0B", "0"},
      {"1B", "1"},
      {"8KiB", "8192"},
      {"8MiB", "8388608"},
      {"20GiB", "21474836480"},
      {"2TiB", "2199023255552"},
      {"8", "has no unit"},
      {"", "is not a size"},
      {"MiB", "is not a size"},
      {"8MB", "is not a size"},
      {"8mib", "is not a size"},
      {"8 MiB", "is not a size"},
      {"-8MiB", "is not a size"},
      {"1.5GiB", "is not a size"},
      {"8MiBs", "is not a size"},
      {"8388608TiB", "is too large"},
      {"99999999999999999999B", "is too large"},
  };
  for (const row& r : table) EXPECT_EQ(outcome(parse_size(r.text)), r.expected) << r.text;
}

TEST(config_units, durations) {
  const std::vector<row> table = {
      {"0s", "0"},
      {"500ms", "500"},
      {"5s", "5000"},
      {"2m", "120000"},
      {"24h", "86400000"},
      {"30d", "2592000000"},
      {"5", "has no unit"},
      {"s", "is not a duration"},
      {"1h30m", "is not a duration"},
      {"5S", "is not a duration"},
      {"36501d", "is too large"},
      {"18446744073709551615d", "is too large"},
  };
  for (const row& r : table) EXPECT_EQ(outcome(parse_duration(r.text)), r.expected) << r.text;
}

TEST(config_units, counts) {
  const std::vector<row> table = {{"0", "0"},
                                  {"18446744073709551615", "18446744073709551615"},
                                  {"18446744073709551616", "is too large"},
                                  {"", "is not a whole number"},
                                  {"+1", "is not a whole number"},
                                  {"1k", "is not a whole number"},
                                  {"0x10", "is not a whole number"}};
  for (const row& r : table) EXPECT_EQ(outcome(parse_count(r.text)), r.expected) << r.text;
}

TEST(config_units, addresses) {
  const std::vector<row> table = {
      {"127.0.0.1:8080", "127.0.0.1:8080"},
      {"localhost:0", "127.0.0.1:0"},
      {"[::1]:8080", "[::1]:8080"},
      {"[::]:65535", "[::]:65535"},
      {"127.0.0.1", "has no port"},
      {"127.0.0.1:", "has no port from 0 to 65535"},
      {"127.0.0.1:65536", "has no port from 0 to 65535"},
      {"127.0.0.1:000080", "has no port from 0 to 65535"},
      {"127.0.0.1:http", "has no port from 0 to 65535"},
      {"::1:80", "has no numeric address before the port"},
      {"[127.0.0.1]:80", "has no numeric address before the port"},
      {"node.example:80", "has no numeric address before the port"},
      {":80", "has no numeric address before the port"},
      {"127.1:80", "has no numeric address before the port"},
  };
  for (const row& r : table) EXPECT_EQ(outcome(parse_endpoint(r.text)), r.expected) << r.text;
  const std::string with_null("127.0.0.1\0:80", 13);
  EXPECT_EQ(outcome(parse_endpoint(with_null)), "has no numeric address before the port");
}

TEST(config_units, loopback) {
  for (const char* at : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1"})
    EXPECT_TRUE(is_loopback(*parse_endpoint(at))) << at;
  for (const char* at : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_FALSE(is_loopback(*parse_endpoint(at))) << at;
  }
}

RC_GTEST_PROP(config_units, what_is_printed_is_read_back, ()) {
  const auto value = *rc::gen::inRange<std::uint64_t>(0, 1'000'000'000) *
                     *rc::gen::element<std::uint64_t>(1, 1024, 1000, mib);
  RC_ASSERT(*parse_size(print_size(value)) == value);
  const auto time = std::chrono::milliseconds(static_cast<std::int64_t>(value / 1024));
  RC_ASSERT(*parse_duration(print_duration(time)) == time);
}

TEST(config_nearest, counts_edits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("max_bdoy", "max_body"), 2U);
}

TEST(config_nearest, finds_a_slip_and_nothing_that_is_far) {
  const std::vector<std::string> known = {"listen", "max_body", "max_events"};
  EXPECT_EQ(nearest("max_bdoy", known), "max_body");
  EXPECT_EQ(nearest("maxevents", known), "max_events");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest(std::string(1000, 'l'), known), "");
}

}  // namespace
}  // namespace sluice::config
