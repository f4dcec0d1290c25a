// Goal: no spelling of an address leads where none may go, and what is allowed is exactly what was written.
// Method: tables of both ends of every range, of every way to carry an IPv4 address, and of ranges to parse.
#include "net/address_guard/address_guard.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace sluice::net {
namespace {

std::optional<std::string> refusal(std::string_view address,
                                   std::initializer_list<std::string_view> allow = {}) {
  std::vector<network> open;
  for (const auto text : allow) open.push_back(parse_network(text).value());
  return address_guard(std::move(open)).refuse(ip_address::parse(address).value());
}

TEST(address_guard, lets_through_what_is_on_the_internet) {
  for (const std::string_view address : {
           "1.0.0.0",         "1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
           "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "168.63.129.15",
           "168.63.129.17",   "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
           "191.255.255.255", "192.0.1.0",       "192.0.3.0",       "192.88.98.255",   "192.88.100.0",
           "192.167.255.255", "192.169.0.0",     "198.17.255.255",  "198.20.0.0",      "198.51.99.255",
           "198.51.101.0",    "203.0.112.255",   "203.0.114.0",     "223.255.255.255", "2000::1",
           "2001:200::1",     "2001:4860::8888", "2001:db7::1",     "2001:db9::1",     "2606:4700::1111",
           "3ffe:ffff::1",    "3fff:1000::1",
       })
    EXPECT_EQ(refusal(address), std::nullopt) << address;
}

struct refused_row {
  std::string_view address, range, name;
};

TEST(address_guard, refuses_both_ends_of_every_range) {
  const refused_row rows[] = {
      {"0.0.0.0", "0.0.0.0/8", "this network"},
      {"0.255.255.255", "0.0.0.0/8", "this network"},
      {"10.0.0.0", "10.0.0.0/8", "private"},
      {"10.255.255.255", "10.0.0.0/8", "private"},
      {"100.64.0.0", "100.64.0.0/10", "shared by carriers"},
      {"100.100.100.200", "100.64.0.0/10", "shared by carriers"},
      {"100.127.255.255", "100.64.0.0/10", "shared by carriers"},
      {"127.0.0.0", "127.0.0.0/8", "loopback"},
      {"127.0.0.1", "127.0.0.0/8", "loopback"},
      {"127.255.255.255", "127.0.0.0/8", "loopback"},
      {"168.63.129.16", "168.63.129.16/32", "cloud metadata"},
      {"169.254.0.0", "169.254.0.0/16", "link-local"},
      {"169.254.169.254", "169.254.169.254/32", "cloud metadata"},
      {"169.254.255.255", "169.254.0.0/16", "link-local"},
      {"172.16.0.0", "172.16.0.0/12", "private"},
      {"172.31.255.255", "172.16.0.0/12", "private"},
      {"192.0.0.0", "192.0.0.0/24", "protocol assignments"},
      {"192.0.0.192", "192.0.0.0/24", "protocol assignments"},
      {"192.0.2.255", "192.0.2.0/24", "documentation"},
      {"192.88.99.1", "192.88.99.0/24", "6to4 relays"},
      {"192.168.0.0", "192.168.0.0/16", "private"},
      {"192.168.255.255", "192.168.0.0/16", "private"},
      {"198.18.0.0", "198.18.0.0/15", "benchmarks"},
      {"198.19.255.255", "198.18.0.0/15", "benchmarks"},
      {"198.51.100.7", "198.51.100.0/24", "documentation"},
      {"203.0.113.7", "203.0.113.0/24", "documentation"},
      {"224.0.0.0", "224.0.0.0/4", "multicast"},
      {"239.255.255.255", "224.0.0.0/4", "multicast"},
      {"240.0.0.0", "240.0.0.0/4", "reserved"},
      {"255.255.255.254", "240.0.0.0/4", "reserved"},
      {"255.255.255.255", "255.255.255.255/32", "broadcast"},
      {"::", "::/128", "unspecified"},
      {"::1", "::1/128", "loopback"},
      {"64:ff9b:1::1", "64:ff9b:1::/48", "local translation"},
      {"64:ff9b:2::1", "2000::/3", "reserved"},
      {"100::", "100::/64", "discarded"},
      {"100::ffff:ffff:ffff:ffff", "100::/64", "discarded"},
      {"200::1", "2000::/3", "reserved"},
      {"1fff:ffff::1", "2000::/3", "reserved"},
      {"2001:1::1", "2001::/23", "protocol assignments"},
      {"2001:1ff:ffff::1", "2001::/23", "protocol assignments"},
      {"2001:db8::", "2001:db8::/32", "documentation"},
      {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32", "documentation"},
      {"3fff::1", "3fff::/20", "documentation"},
      {"4000::1", "2000::/3", "reserved"},
      {"5f00::1", "2000::/3", "reserved"},
      {"fbff::1", "2000::/3", "reserved"},
      {"fc00::", "fc00::/7", "private"},
      {"fd00:ec2::254", "fd00:ec2::254/128", "cloud metadata"},
      {"fdff:ffff::1", "fc00::/7", "private"},
      {"fe80::1", "fe80::/10", "link-local"},
      {"febf::1", "fe80::/10", "link-local"},
      {"fec0::1", "fec0::/10", "site-local"},
      {"ff02::1", "ff00::/8", "multicast"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::/8", "multicast"},
  };
  for (const refused_row& row : rows) {
    const auto why = refusal(row.address);
    ASSERT_TRUE(why) << row.address;
    EXPECT_TRUE(why->starts_with(row.address)) << *why;
    EXPECT_NE(why->find(row.range), std::string::npos) << *why;
    EXPECT_NE(why->find(std::string("(").append(row.name).append(")")), std::string::npos) << *why;
    EXPECT_NE(why->find("`allow`"), std::string::npos) << *why;
  }
}

TEST(address_guard, judges_by_the_ipv4_address_that_is_carried) {
  const std::string_view private_ones[] = {
      "::ffff:10.0.0.1",  // mapped
      "::ffff:a00:1",
      "::10.0.0.1",                    // compatible
      "::ffff:0:10.0.0.1",             // translated
      "64:ff9b::10.0.0.1",             // NAT64
      "2002:a00:1::1",                 // 6to4
      "2001:0:808:808:0:0:f5ff:fffe",  // Teredo, the client
      "2001:0:a00:1:0:0:f7f7:f7f7",    // Teredo, the server
  };
  for (const auto address : private_ones) {
    const auto why = refusal(address);
    ASSERT_TRUE(why) << address;
    EXPECT_NE(why->find("10.0.0.1 is in 10.0.0.0/8 (private)"), std::string::npos) << *why;
    EXPECT_EQ(refusal(address, {"10.0.0.0/8"}), std::nullopt) << address;
  }
  for (const std::string_view address :
       {"::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b::169.254.169.254",
        "::ffff:169.254.169.254"})
    EXPECT_TRUE(refusal(address, {"10.0.0.0/8"})) << address;
  for (const std::string_view address :
       {"::ffff:8.8.8.8", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
        "2001:0:808:808:0:0:f7f7:f7f7"})
    EXPECT_EQ(refusal(address), std::nullopt) << address;
}

TEST(address_guard, opens_what_allow_says_and_no_more) {
  EXPECT_EQ(refusal("10.1.2.3", {"10.0.0.0/8"}), std::nullopt);
  EXPECT_EQ(refusal("10.1.2.3", {"192.168.0.0/16", "10.1.2.3"}), std::nullopt);
  EXPECT_TRUE(refusal("10.1.2.4", {"10.1.2.3/32"}));
  EXPECT_TRUE(refusal("127.0.0.1", {"10.0.0.0/8", "::1"}));
  EXPECT_EQ(refusal("172.20.0.1", {"172.20.0.0/15"}), std::nullopt);
  EXPECT_TRUE(refusal("172.22.0.1", {"172.20.0.0/15"}));
  EXPECT_EQ(refusal("169.254.169.254", {"0.0.0.0/0"}), std::nullopt);
  EXPECT_TRUE(refusal("::1", {"0.0.0.0/0"}));
  EXPECT_EQ(refusal("::1", {"::1"}), std::nullopt);
  EXPECT_EQ(refusal("fd12::1", {"fd00::/8"}), std::nullopt);
  EXPECT_TRUE(refusal("fc12::1", {"fd00::/8"}));
  EXPECT_TRUE(refusal("::ffff:10.0.0.1", {"::/0"})) << "it is an IPv4 address";
  EXPECT_EQ(refusal("64:ff9b::10.0.0.1", {"64:ff9b::/96"}), std::nullopt) << "the carrier itself was opened";
}

TEST(network, is_parsed) {
  for (const std::string_view text : {"10.0.0.0/8", "0.0.0.0/0", "192.168.1.128/25", "1.2.3.4/32", "fd00::/8",
                                      "::/0", "2001:db8::/33", "::1/128"}) {
    const auto parsed = parse_network(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().detail;
    EXPECT_EQ(parsed->text(), text);
  }
  EXPECT_EQ(parse_network("1.2.3.4")->text(), "1.2.3.4/32");
  EXPECT_EQ(parse_network("FD00::")->text(), "fd00::/128");
}

TEST(network, is_refused) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "no IP address"},
      {"private", "no IP address"},
      {"10/8", "no IP address"},
      {"10.0.0/8", "no IP address"},
      {"010.0.0.0/8", "no IP address"},
      {"0x0a.0.0.0/8", "no IP address"},
      {"10.0.0.0 /8", "no IP address"},
      {std::string_view("10.0.0.0\0", 9), "no IP address"},
      {"fe80::1%eth0", "no IP address"},
      {"[::1]", "no IP address"},
      {"10.0.0.0/", "up to 32"},
      {"10.0.0.0/33", "up to 32"},
      {"10.0.0.0/08", "up to 32"},
      {"10.0.0.0/-1", "up to 32"},
      {"10.0.0.0/8/8", "up to 32"},
      {"10.0.0.0/255.0.0.0", "up to 32"},
      {"fd00::/129", "up to 128"},
      {"10.0.0.1/8", "the range is 10.0.0.0/8"},
      {"192.168.1.129/25", "the range is 192.168.1.128/25"},
      {"fd00::1/8", "the range is fd00::/8"},
      {"::ffff:10.0.0.0/104", "written as IPv6"},
      {"::ffff:10.0.0.1", "written as IPv6"},
  };
  for (const auto& [text, says] : rows) {
    const auto parsed = parse_network(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().detail.find(says), std::string::npos) << text << ": " << parsed.error().detail;
  }
}

RC_GTEST_PROP(network, contains_what_shares_its_first_bits, ()) {
  const auto bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 4>>();
  const auto bits = *rc::gen::inRange(0U, 33U);
  const auto flipped = *rc::gen::inRange(0U, 32U);
  auto other = bytes;
  other[flipped / 8] = static_cast<std::uint8_t>(other[flipped / 8] ^ (0x80U >> flipped % 8));
  const network of{ip_address(bytes), bits};
  RC_ASSERT(of.contains(ip_address(bytes)));
  RC_ASSERT(of.contains(ip_address(other)) == (flipped >= bits));
}

TEST(address_guard, names_the_range_that_would_have_to_be_open) {
  const std::pair<const char*, const char*> table[] = {
      {"8.8.8.8", ""},
      {"2606:4700::1", ""},
      {"127.0.0.1", "127.0.0.0/8"},
      {"10.1.2.3", "10.0.0.0/8"},
      {"::1", "::1/128"},
      {"4000::1", "4000::1/128"},
      {"2002:7f00:1::", "127.0.0.0/8"},
      {"64:ff9b::808:808", ""},
  };
  for (const auto& [text, expected] : table) {
    const auto address = ip_address::parse(text).value();
    const auto range = address_guard().closed_range(address);
    EXPECT_EQ(range ? range->text() : "", expected) << text;
    if (range) {
      EXPECT_EQ(address_guard({*range}).refuse(address), std::nullopt) << text;
      EXPECT_EQ(address_guard({*range}).closed_range(address), std::nullopt) << text;
    }
  }
}

}  // namespace
}  // namespace sluice::net
