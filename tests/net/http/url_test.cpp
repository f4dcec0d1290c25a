// Goal: a URL is read in one way or refused. Method: a table of both kinds, and a law over arbitrary text.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "net/http/client.hpp"

namespace sluice::net::http {
namespace {

struct good_row {
  std::string_view text, host;
  std::uint16_t port;
  std::string_view target, authority;
};

TEST(url, is_taken_apart) {
  const good_row rows[] = {
      {"http://example.com", "example.com", 80, "/", "example.com"},
      {"http://example.com/", "example.com", 80, "/", "example.com"},
      {"http://example.com:80/a", "example.com", 80, "/a", "example.com"},
      {"http://example.com:8080/a/b?c=d&e=%2F", "example.com", 8080, "/a/b?c=d&e=%2F", "example.com:8080"},
      {"http://example.com?q=1", "example.com", 80, "/?q=1", "example.com"},
      {"http://example.com:65535", "example.com", 65535, "/", "example.com:65535"},
      {"HTTP://Example.COM/Case", "example.com", 80, "/Case", "example.com"},
      {"http://localhost:1/", "localhost", 1, "/", "localhost:1"},
      {"http://my_service.local/", "my_service.local", 80, "/", "my_service.local"},
      {"http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example"},
      {"http://127.0.0.1:9000/x", "127.0.0.1", 9000, "/x", "127.0.0.1:9000"},
      {"https://example.com/a", "example.com", 443, "/a", "example.com"},
      {"HTTPS://example.com:8443", "example.com", 8443, "/", "example.com:8443"},
      {"https://example.com:80/", "example.com", 80, "/", "example.com:80"},
      {"http://1.2.3.4.example/", "1.2.3.4.example", 80, "/", "1.2.3.4.example"},
      {"http://0x7f.example/", "0x7f.example", 80, "/", "0x7f.example"},
      {"http://[::1]/", "::1", 80, "/", "[::1]"},
      {"http://[2001:DB8::1]:8080/p", "2001:db8::1", 8080, "/p", "[2001:db8::1]:8080"},
      {"http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", 80, "/", "[::ffff:127.0.0.1]"},
      {"http://h/a:b@c;d=e,f!$&'()*+~", "h", 80, "/a:b@c;d=e,f!$&'()*+~", "h"},
      {"http://h/a//b/../c?d/e?f", "h", 80, "/a//b/../c?d/e?f", "h"},
  };
  for (const good_row& row : rows) {
    const auto parsed = parse_url(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << to_string(parsed.error());
    EXPECT_EQ(parsed->host, row.host) << row.text;
    EXPECT_EQ(parsed->port, row.port) << row.text;
    EXPECT_EQ(parsed->target, row.target) << row.text;
    EXPECT_EQ(parsed->authority(), row.authority) << row.text;
    EXPECT_EQ(parsed->tls, row.text.substr(0, 5) == "https" || row.text.substr(0, 5) == "HTTPS") << row.text;
  }
}

struct bad_row {
  const char* name;
  std::string text;
  std::string_view part_of_detail;
  errc code = errc::bad_request;
};

TEST(url, is_refused) {
  const bad_row rows[] = {
      {"empty", "", "empty"},
      {"other scheme", "ftp://example.com/", "http://"},
      {"no scheme", "example.com/", "http://"},
      {"no slashes", "http:example.com", "http://"},
      {"one slash", "http:/example.com", "http://"},
      {"scheme only", "http://", "no host"},
      {"path only", "http:///path", "no host"},
      {"port only", "http://:80/", "no host"},
      {"query only", "http://?a", "no host"},
      {"user", "http://user@example.com/", "user name"},
      {"user and password", "http://user:secret@example.com/", "user name"},
      {"empty user", "http://@example.com/", "user name"},
      {"fragment", "http://example.com/a#b", "fragment"},
      {"fragment right after the host", "http://example.com#b", "fragment"},
      {"port 0", "http://h:0/", "port"},
      {"empty port", "http://h:/", "port"},
      {"port too large", "http://h:65536/", "port"},
      {"port of six digits", "http://h:100000/", "port"},
      {"port with leading zero", "http://h:080/", "port"},
      {"port with sign", "http://h:+80/", "port"},
      {"port by name", "http://h:http/", "port"},
      {"two ports", "http://h:80:80/", "port"},
      {"IPv6 without brackets", "http://::1/", "no host"},
      {"space", "http://h/a b", "space"},
      {"space in front", " http://h/", "space"},
      {"tab", "http://h\t/", "control"},
      {"CR LF", "http://h/\r\nX: y", "control"},
      {"NUL", std::string("http://h/\0", 10), "control"},
      {"DEL", "http://h/\x7f", "control"},
      {"backslash", "http://h\\@evil/", "backslash"},
      {"host outside ASCII",
       "http://b\xc3\xbc"
       "cher.example/",
       "ASCII"},
      {"path outside ASCII", "http://h/\xc3\xbc", "ASCII"},
      {"percent in the host", "http://ex%61mple.com/", "percent-encoded"},
      {"octal address", "http://0177.0.0.1/", "IPv4"},
      {"hexadecimal address", "http://0x7f000001/", "IPv4"},
      {"hexadecimal part", "http://127.0.0.0x1/", "IPv4"},
      {"bare hexadecimal prefix", "http://a.0x/", "IPv4"},
      {"one number", "http://2130706433/", "IPv4"},
      {"short address", "http://127.1/", "IPv4"},
      {"five parts", "http://1.2.3.4.5/", "IPv4"},
      {"part too large", "http://1.2.3.256/", "IPv4"},
      {"name that ends in a number", "http://host.1/", "IPv4"},
      {"trailing dot", "http://example.com./", "empty label"},
      {"trailing dot of an address", "http://127.0.0.1./", "empty label"},
      {"leading dot", "http://.example.com/", "empty label"},
      {"two dots", "http://a..b/", "empty label"},
      {"label begins with hyphen", "http://-a.b/", "hyphen"},
      {"label ends with hyphen", "http://a-.b/", "hyphen"},
      {"label of 64 bytes", "http://" + std::string(64, 'a') + ".b/", "63"},
      {"host of 254 bytes", "http://" + std::string(254, 'a') + "/", "253"},
      {"comma in host", "http://a,b/", "letters"},
      {"asterisk in host", "http://*/", "letters"},
      {"IPv6 not closed", "http://[::1/", "closed"},
      {"IPv6 empty", "http://[]/", "IPv6"},
      {"IPv6 with a zone", "http://[fe80::1%eth0]/", "IPv6"},
      {"IPv6 too long", "http://[1:2:3:4:5:6:7:8:9]/", "IPv6"},
      {"IPv4 in brackets", "http://[127.0.0.1]/", "IPv6"},
      {"text behind IPv6", "http://[::1]a/", "port"},
      {"percent at the end", "http://h/%", "hexadecimal"},
      {"percent and one digit", "http://h/%2", "hexadecimal"},
      {"percent and no digits", "http://h/%zz", "hexadecimal"},
      {"angle bracket", "http://h/<a>", "percent-encoded"},
      {"quote", "http://h/\"", "percent-encoded"},
      {"bracket in path", "http://h/[a]", "percent-encoded"},
      {"2049 bytes", "http://h/" + std::string(2040, 'a'), "2048", errc::too_large},
  };
  for (const bad_row& row : rows) {
    const auto parsed = parse_url(row.text);
    ASSERT_FALSE(parsed) << row.name;
    EXPECT_EQ(parsed.error().code, row.code) << row.name << ": " << parsed.error().detail;
    EXPECT_NE(parsed.error().detail.find(row.part_of_detail), std::string::npos)
        << row.name << ": " << parsed.error().detail;
    EXPECT_EQ(to_string(parsed.error()).find("secret"), std::string::npos) << row.name;
  }
}

RC_GTEST_PROP(url, whatever_is_accepted_reads_the_same_again, ()) {
  const auto text = "http://" + *rc::gen::container<std::string>(
                                    rc::gen::elementOf(std::string("ab01xX.-_:/?#@[]%f \\\t&=")));
  const auto parsed = parse_url(text);
  if (!parsed) return;
  const auto again = parse_url("http://" + parsed->authority() + parsed->target);
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->host == parsed->host);
  RC_ASSERT(again->port == parsed->port);
  RC_ASSERT(again->target == parsed->target);
}

}  // namespace
}  // namespace sluice::net::http
