// Goal: no head passes that two readers could frame differently, and every head that a sender of good will
// writes does. Method: a table of raw heads with the status of their refusal (0: accepted), then random
// mutations as a law.
#include "net/http/strict_head.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace sluice::net::http {
namespace {

using namespace std::string_literals;

limits small_limits() {
  limits l;
  l.head_bytes = 1024;
  l.fields = 10;
  l.target_bytes = 100;
  return l;
}

/// What the first refusal says, looking at the bytes as a connection does: measure, then judge. 0 when
/// accepted, -1 while more bytes are needed.
int status_of(strict_head& head, const std::string& bytes) {
  head.restart();
  const auto found = head.measure(bytes);
  if (found.refused) return found.refused->status;
  if (found.end == 0) return -1;
  const auto no = head.judge(std::string_view(bytes).substr(0, found.end));
  return no ? no->status : 0;
}

struct row {
  const char* name;
  std::string input;
  int status;
};
std::ostream& operator<<(std::ostream& out, const row& r) { return out << r.name; }

std::string post(const std::string& fields) {
  return "POST /v1/events HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string get(const std::string& target) { return "GET "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string line(const std::string& request_line) { return request_line + "\r\nHost: a\r\n\r\n"; }
std::string hosted(const std::string& value) { return "GET / HTTP/1.1\r\nHost:" + value + "\r\n\r\n"; }
std::string many_fields(int n) {
  std::string all = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 1; i < n; ++i) all += "X"s + std::to_string(i) + ": y\r\n";
  return all + "\r\n";
}

std::vector<row> request_lines() {
  return {
      {"get", line("GET / HTTP/1.1"), 0},
      {"post", line("POST /v1/events HTTP/1.1"), 0},
      {"put", line("PUT /x HTTP/1.1"), 0},
      {"delete", line("DELETE /x HTTP/1.1"), 0},
      {"unknown method is for the handler", line("BREW /pot HTTP/1.1"), 0},
      {"method of odd token characters", line("M-!#$%&'*+.^_`|~1 / HTTP/1.1"), 0},
      {"lower-case method", line("get / HTTP/1.1"), 0},
      {"http/1.0 without host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"http/1.0 with host", line("GET / HTTP/1.0"), 0},
      {"http/1.2", line("GET / HTTP/1.2"), 505},
      {"http/1.9", line("GET / HTTP/1.9"), 505},
      {"http/2.0", line("GET / HTTP/2.0"), 505},
      {"http/0.9", line("GET / HTTP/0.9"), 505},
      {"http/3.1", line("GET / HTTP/3.1"), 505},
      {"http/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
      {"http/1.10", line("GET / HTTP/1.10"), 400},
      {"http/11", line("GET / HTTP/11"), 400},
      {"http/1.", line("GET / HTTP/1."), 400},
      {"http/.1", line("GET / HTTP/.1"), 400},
      {"http/1,1", line("GET / HTTP/1,1"), 400},
      {"http/+1.1", line("GET / HTTP/+1.1"), 400},
      {"http/1.x", line("GET / HTTP/1.x"), 400},
      {"lower-case http", line("GET / http/1.1"), 400},
      {"other protocol", line("GET / HTCPCP/1.1"), 400},
      {"https in version", line("GET / HTTPS/1.1"), 400},
      {"simple request", line("GET /"), 400},
      {"method only", line("GET"), 400},
      {"method and space", line("GET "), 400},
      {"no target", line("GET HTTP/1.1"), 400},
      {"empty version", line("GET / "), 400},
      {"leading space", line(" GET / HTTP/1.1"), 400},
      {"leading tab", line("\tGET / HTTP/1.1"), 400},
      {"two spaces before target", line("GET  / HTTP/1.1"), 400},
      {"two spaces before version", line("GET /  HTTP/1.1"), 400},
      {"trailing space", line("GET / HTTP/1.1 "), 400},
      {"trailing word", line("GET / HTTP/1.1 x"), 400},
      {"tab before target", line("GET\t/ HTTP/1.1"), 400},
      {"tab before version", line("GET /\tHTTP/1.1"), 400},
      {"vertical tab", line("GET\v/ HTTP/1.1"), 400},
      {"space in target", line("GET /a b HTTP/1.1"), 400},
      {"colon in method", line("GE:T / HTTP/1.1"), 400},
      {"parenthesis in method", line("G(T / HTTP/1.1"), 400},
      {"quote in method", line("\"GET\" / HTTP/1.1"), 400},
      {"nul in method", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"byte over 0x7f in method", line("G\xc3\x89T / HTTP/1.1"), 400},
      {"byte over 0x7f first", line("\xc3\x89 / HTTP/1.1"), 400},
      {"tls hello", "\x16\x03\x01\x02\x00\x01"s, 400},
      {"nul first", "\0"s, 400},
      {"json instead of http", "{\"events\":[]}", 400},
      {"one leading crlf", "\r\n"s + line("GET / HTTP/1.1"), 0},
      {"two leading crlf", "\r\n\r\n"s + line("GET / HTTP/1.1"), 400},
      {"leading lf", "\n"s + line("GET / HTTP/1.1"), 400},
      {"leading cr", "\r"s + line("GET / HTTP/1.1"), 400},
      {"leading crlf and space", "\r\n "s + line("GET / HTTP/1.1"), 400},
  };
}

std::vector<row> targets() {
  return {
      {"query", get("/a?b=c&d"), 0},
      {"query only", get("/?"), 0},
      {"double slash is a path", get("//b/c"), 0},
      {"dot segments stay", get("/../a"), 0},
      {"percent", get("/%41%00"), 0},
      {"odd but printable", get("/a|b^c{d}\"<>\\`"), 0},
      {"colon in path", get("/a:b"), 0},
      {"no slash", get("a"), 400},
      {"question mark first", get("?a"), 400},
      {"fragment", get("/a#b"), 400},
      {"nul", get("/a\0b"s), 400},
      {"cr", get("/a\rb"), 400},
      {"tab", get("/a\tb"), 400},
      {"escape", get("/a\x1b"), 400},
      {"del", get("/a\x7f"), 400},
      {"utf-8", get("/\xc3\xa9"), 400},
      {"0xff", get("/\xff"), 400},
      {"100 bytes", get("/"s + std::string(99, 'a')), 0},
      {"101 bytes", get("/"s + std::string(100, 'a')), 414},
      {"endless without line end", "GET /" + std::string(300, 'a'), 414},
      {"endless method", std::string(300, 'A'), 414},
      {"star with options", line("OPTIONS * HTTP/1.1"), 0},
      {"star with get", get("*"), 400},
      {"star with query", line("OPTIONS *?a HTTP/1.1"), 400},
      {"absolute of own host", get("http://a/v1"), 0},
      {"absolute in other case", get("HTTP://A/v1"), 0},
      {"absolute https", get("https://a/v1"), 0},
      {"absolute without path", get("http://a"), 0},
      {"absolute with query only", get("http://a?b"), 0},
      {"absolute of another host", get("http://b/v1"), 400},
      {"absolute of another port", get("http://a:81/v1"), 400},
      {"absolute with userinfo", get("http://u@a/v1"), 400},
      {"absolute without authority", get("http:///v1"), 400},
      {"absolute with fragment", get("http://a/#b"), 400},
      {"other scheme", get("ftp://a/v1"), 400},
      {"one slash after scheme", get("http:/a"), 400},
      {"authority form", line("CONNECT a:80 HTTP/1.1"), 400},
      {"absolute in 1.0 without host", "GET http://a/b HTTP/1.0\r\n\r\n", 0},
  };
}

std::vector<row> field_lines() {
  return {
      {"empty value", post("X:\r\n"), 0},
      {"no space after colon", post("X:y\r\n"), 0},
      {"white space around the value", post("X: \t y \t \r\n"), 0},
      {"white space inside", post("X: a b\tc\r\n"), 0},
      {"obs-text in a value", post("X: \xe9\xff\r\n"), 0},
      {"colons in a value", post("X: a:b:c\r\n"), 0},
      {"range is ignored", post("Range: bytes=0-1\r\n"), 0},
      {"upgrade is ignored", post("Upgrade: h2c\r\nConnection: Upgrade\r\n"), 0},
      {"space before colon", post("X : y\r\n"), 400},
      {"tab before colon", post("X\t: y\r\n"), 400},
      {"space before colon of length", post("Content-Length : 5\r\n"), 400},
      {"no colon", post("X y\r\n"), 400},
      {"empty name", post(": y\r\n"), 400},
      {"space in name", post("X Y: z\r\n"), 400},
      {"parenthesis in name", post("X(: z\r\n"), 400},
      {"slash in name", post("X/Y: z\r\n"), 400},
      {"nul in name", post("X\0: y\r\n"s), 400},
      {"byte over 0x7f in name", post("X\xe9: y\r\n"), 400},
      {"obs-fold by space", post("X: y\r\n z\r\n"), 400},
      {"obs-fold by tab", post("X: y\r\n\tz\r\n"), 400},
      {"fold of the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"folded length", post("Content-Length:\r\n 5\r\n"), 400},
      {"line of white space only", post(" \r\n"), 400},
      {"nul in value", post("X: a\0b\r\n"s), 400},
      {"bell in value", post("X: a\ab\r\n"), 400},
      {"escape in value", post("X: \x1b[0m\r\n"), 400},
      {"del in value", post("X: a\x7f\r\n"), 400},
      {"bare cr in value", post("X: a\rb\r\n"), 400},
      {"cr cr lf", post("X: a\r\r\n"), 400},
      {"bare lf after a field", post("X: a\nY: b\r\n"), 400},
      {"bare lf after request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"bare lf everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare lf as the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"10 fields", many_fields(10), 0},
      {"11 fields", many_fields(11), 431},
      {"1000 bytes of one value", post("X: " + std::string(900, 'y') + "\r\n"), 0},
      {"head over its limit", post("X: " + std::string(1000, 'y') + "\r\n"), 431},
      {"endless value", "GET / HTTP/1.1\r\nX: " + std::string(2000, 'y'), 431},
      {"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", -1},
      {"unfinished line end", "GET / HTTP/1.1\r\nHost: a\r\n\r", -1},
      {"nothing", "", -1},
      {"no field at all in 1.1", "GET / HTTP/1.1\r\n\r\n", 400},
  };
}

std::vector<row> hosts() {
  return {
      {"name", hosted(" node.example"), 0},
      {"name and port", hosted(" node.example:8080"), 0},
      {"ipv4", hosted(" 127.0.0.1:80"), 0},
      {"ipv6", hosted(" [::1]"), 0},
      {"ipv6 and port", hosted(" [2001:db8::1]:443"), 0},
      {"ipv6 with ipv4 tail", hosted(" [::ffff:1.2.3.4]"), 0},
      {"underscore", hosted(" my_node"), 0},
      {"percent in name", hosted(" a%41"), 0},
      {"port 65535", hosted(" a:65535"), 0},
      {"no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400},
      {"two equal hosts", post("Host: a\r\n"), 400},
      {"two different hosts", post("hOST: b\r\n"), 400},
      {"two hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"empty host", hosted(""), 400},
      {"host with path", hosted(" a/b"), 400},
      {"host with userinfo", hosted(" u@a"), 400},
      {"host with query", hosted(" a?b"), 400},
      {"host list", hosted(" a, b"), 400},
      {"host with space", hosted(" a b"), 400},
      {"port only", hosted(" :80"), 400},
      {"empty port", hosted(" a:"), 400},
      {"port of letters", hosted(" a:b"), 400},
      {"port 65536", hosted(" a:65536"), 400},
      {"port of six digits", hosted(" a:000080"), 400},
      {"two ports", hosted(" a:1:2"), 400},
      {"negative port", hosted(" a:-1"), 400},
      {"half percent", hosted(" a%4"), 400},
      {"bad percent", hosted(" a%zz"), 400},
      {"open bracket", hosted(" [::1"), 400},
      {"empty brackets", hosted(" []"), 400},
      {"name in brackets", hosted(" [a]"), 400},
      {"zone in brackets", hosted(" [fe80::1%eth0]"), 400},
      {"text after brackets", hosted(" [::1]x"), 400},
      {"bare ipv6", hosted(" ::1"), 400},
      {"utf-8 host", hosted(" \xc3\xa9"), 400},
      {"quoted host", hosted(" \"a\""), 400},
  };
}

std::vector<row> framings() {
  return {
      {"length 0", post("Content-Length: 0\r\n"), 0},
      {"length 5", post("Content-Length: 5\r\n"), 0},
      {"length in odd case", post("cOnTeNt-LeNgTh:5\r\n"), 0},
      {"length with leading zeros", post("Content-Length: 0005\r\n"), 0},
      {"length of 2^63 - 1", post("Content-Length: 9223372036854775807\r\n"), 0},
      {"length of 2^63", post("Content-Length: 9223372036854775808\r\n"), 400},
      {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"), 400},
      {"length of 40 digits", post("Content-Length: " + std::string(40, '9') + "\r\n"), 400},
      {"empty length", post("Content-Length:\r\n"), 400},
      {"plus", post("Content-Length: +5\r\n"), 400},
      {"minus", post("Content-Length: -5\r\n"), 400},
      {"hexadecimal", post("Content-Length: 0x5\r\n"), 400},
      {"fraction", post("Content-Length: 5.0\r\n"), 400},
      {"exponent", post("Content-Length: 5e1\r\n"), 400},
      {"list of equal lengths", post("Content-Length: 5, 5\r\n"), 400},
      {"list without space", post("Content-Length: 5,5\r\n"), 400},
      {"space inside", post("Content-Length: 5 5\r\n"), 400},
      {"semicolon", post("Content-Length: 5;\r\n"), 400},
      {"quoted", post("Content-Length: \"5\"\r\n"), 400},
      {"underscore digits", post("Content-Length: 1_0\r\n"), 400},
      {"vertical tab before the number", post("Content-Length: \v5\r\n"), 400},
      {"no-break space",
       post("Content-Length: \xc2\xa0"
            "5\r\n"),
       400},
      {"other digits", post("Content-Length: \xd9\xa5\r\n"), 400},
      {"length twice equal", post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {"length twice different", post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"length twice in other case", post("Content-Length: 5\r\ncontent-length: 5\r\n"), 400},
      {"chunked", post("Transfer-Encoding: chunked\r\n"), 0},
      {"chunked in odd case", post("transfer-ENCODING: ChUnKeD\r\n"), 0},
      {"chunked with tab", post("Transfer-Encoding:\tchunked\t\r\n"), 0},
      {"chunked then length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {"length then chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"length 0 and chunked", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"gzip and length", post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), 400},
      {"identity and length", post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n"), 400},
      {"chunked listed as hop-by-hop",
       post("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n"), 0},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"gzip in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
      {"gzip", post("Transfer-Encoding: gzip\r\n"), 501},
      {"identity", post("Transfer-Encoding: identity\r\n"), 501},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n"), 501},
      {"chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n"), 400},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n"), 400},
      {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
      {"chunked and a comma", post("Transfer-Encoding: chunked,\r\n"), 400},
      {"comma and chunked", post("Transfer-Encoding: ,chunked\r\n"), 400},
      {"chunked with parameter", post("Transfer-Encoding: chunked;q=1\r\n"), 400},
      {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"chunked and vertical tab", post("Transfer-Encoding: chunked\v\r\n"), 400},
      {"vertical tab and chunked", post("Transfer-Encoding: \vchunked\r\n"), 400},
      {"chunked and nul", post("Transfer-Encoding: chunked\0\r\n"s), 400},
      {"empty coding", post("Transfer-Encoding:\r\n"), 400},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"identity then chunked", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked with space before colon", post("Transfer-Encoding : chunked\r\n"), 400},
      {"folded chunked", post("Transfer-Encoding:\r\n chunked\r\n"), 400},
      {"name after bare lf", post("X: y\nTransfer-Encoding: chunked\r\n"), 400},
      {"name after bare cr", post("X: y\rTransfer-Encoding: chunked\r\n"), 400},
      {"underscore name is another field", post("Transfer_Encoding: chunked\r\n"), 0},
  };
}

std::vector<row> others() {
  return {
      {"expect 100-continue", post("Expect: 100-continue\r\n"), 0},
      {"expect in odd case", post("Expect: 100-Continue\r\n"), 0},
      {"expect 100-continue in 1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", 0},
      {"unknown expectation", post("Expect: 200-maybe\r\n"), 417},
      {"expectation with parameter", post("Expect: 100-continue; q=1\r\n"), 417},
      {"empty expectation", post("Expect:\r\n"), 417},
      {"expect twice", post("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400},
      {"connection close", post("Connection: close\r\n"), 0},
      {"connection list", post("Connection: keep-alive, Upgrade , x\r\n"), 0},
      {"connection list with holes", post("Connection: ,close,,\r\n"), 0},
      {"connection of no tokens", post("Connection: a b\r\n"), 400},
      {"connection quoted", post("Connection: \"close\"\r\n"), 400},
      {"content-type twice", post("Content-Type: a/b\r\nContent-Type: a/c\r\n"), 400},
      {"content-encoding twice", post("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"), 400},
      {"authorization twice", post("Authorization: a\r\nAuthorization: b\r\n"), 400},
      {"other fields twice", post("X: a\r\nX: b\r\n"), 0},
  };
}

class strict_head_table : public testing::TestWithParam<row> {};

TEST_P(strict_head_table, judges) {
  strict_head head(small_limits());
  EXPECT_EQ(status_of(head, GetParam().input), GetParam().status) << testing::PrintToString(GetParam().input);
}

INSTANTIATE_TEST_SUITE_P(request_line, strict_head_table, testing::ValuesIn(request_lines()));
INSTANTIATE_TEST_SUITE_P(target, strict_head_table, testing::ValuesIn(targets()));
INSTANTIATE_TEST_SUITE_P(field_line, strict_head_table, testing::ValuesIn(field_lines()));
INSTANTIATE_TEST_SUITE_P(host, strict_head_table, testing::ValuesIn(hosts()));
INSTANTIATE_TEST_SUITE_P(framing, strict_head_table, testing::ValuesIn(framings()));
INSTANTIATE_TEST_SUITE_P(other, strict_head_table, testing::ValuesIn(others()));

TEST(strict_head, tells_what_the_head_says) {
  strict_head head{limits{}};
  const std::string bytes =
      "\r\nPOST http://a:80?x HTTP/1.1\r\nhost: A:80\r\nContent-Type:  application/json \r\n"
      "Content-Length: 12\r\nExpect: 100-continue\r\n\r\nnext";
  ASSERT_EQ(status_of(head, bytes), 0);
  EXPECT_EQ(head.verb(), method::post);
  EXPECT_EQ(head.raw_target(), "http://a:80?x");
  EXPECT_EQ(head.target(), "/?x");
  EXPECT_EQ(head.minor_version(), 1);
  EXPECT_EQ(head.skipped(), 2u);
  EXPECT_EQ(head.fields().size(), 4u);
  EXPECT_EQ(head.field("content-type"), "application/json");
  EXPECT_EQ(head.field("absent"), "");
  EXPECT_EQ(head.content_length(), 12u);
  EXPECT_FALSE(head.chunked());
  EXPECT_TRUE(head.keep_alive());
  EXPECT_TRUE(head.expect_continue());
  EXPECT_TRUE(head.has_body());
}

TEST(strict_head, forgets_the_request_before) {
  strict_head head{limits{}};
  const std::string first =
      post("Transfer-Encoding: chunked\r\nConnection: close\r\nExpect: 100-continue\r\n");
  const std::string second = get("/");
  ASSERT_EQ(status_of(head, first), 0);
  ASSERT_TRUE(head.chunked());
  ASSERT_EQ(status_of(head, second), 0);
  EXPECT_FALSE(head.chunked());
  EXPECT_FALSE(head.has_body());
  EXPECT_FALSE(head.expect_continue());
  EXPECT_TRUE(head.keep_alive());
  EXPECT_EQ(head.fields().size(), 1u);
}

TEST(strict_head, keeps_alive_as_the_version_and_connection_say) {
  struct {
    const char* name;
    std::string input;
    bool kept;
  } const rows[] = {
      {"1.1", post(""), true},
      {"1.1 close", post("Connection: CLOSE\r\n"), false},
      {"1.1 close in a list", post("Connection: x, close\r\n"), false},
      {"1.1 close in a second field", post("Connection: x\r\nConnection: close\r\n"), false},
      {"1.1 both: close wins", post("Connection: keep-alive, close\r\n"), false},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", false},
      {"1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"1.0 both: close wins", "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", false},
  };
  strict_head head{limits{}};
  for (const auto& r : rows) {
    ASSERT_EQ(status_of(head, r.input), 0) << r.name;
    EXPECT_EQ(head.keep_alive(), r.kept) << r.name;
  }
}

TEST(strict_head, measures_the_same_however_the_bytes_come) {
  const std::string bytes = "\r\n"s + post("Content-Length: 4\r\nX: y\r\n");
  strict_head head{limits{}};
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    head.restart();
    const auto before = head.measure(std::string_view(bytes).substr(0, cut));
    ASSERT_FALSE(before.refused) << "cut at " << cut << ": " << before.refused->detail;
    ASSERT_EQ(before.end, 0u) << "cut at " << cut;
    EXPECT_EQ(head.measure(bytes + "body").end, bytes.size()) << "cut at " << cut;
  }
}

/// One random change of a text: replaced, inserted, removed or doubled bytes of the kind that parsers differ
/// in.
std::string mutate(std::string text) {
  static const std::vector<std::string> pieces = {"\r",
                                                  "\n",
                                                  "\r\n",
                                                  "\r\n\r\n",
                                                  " ",
                                                  "\t",
                                                  ":",
                                                  ",",
                                                  "\0"s,
                                                  "\x7f",
                                                  "\x80",
                                                  "0",
                                                  "5",
                                                  "+",
                                                  "chunked",
                                                  "Host: b\r\n",
                                                  "Content-Length: 7\r\n",
                                                  "Transfer-Encoding: chunked\r\n",
                                                  "HTTP/1.0",
                                                  "http://a"};
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return text.insert(at, *rc::gen::elementOf(pieces));
    case 1:
      return text.erase(at, *rc::gen::inRange<std::size_t>(0, 8));
    case 2:
      return text.insert(at, text.substr(at, *rc::gen::inRange<std::size_t>(0, 30)));
    default:
      if (at < text.size()) text[at] = *rc::gen::arbitrary<char>();
      return text;
  }
}

RC_GTEST_PROP(strict_head_law, no_accepted_head_has_two_framings, ()) {
  std::string text = *rc::gen::element(post("Content-Length: 5\r\n"), post("Transfer-Encoding: chunked\r\n"),
                                       get("http://a/x"), post("Content-Length: 5\r\nConnection: close\r\n"));
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) text = mutate(std::move(text));
  strict_head head(small_limits());
  if (status_of(head, text) != 0) return;
  int lengths = 0, codings = 0, hosts_named = 0;
  for (const auto& f : head.fields()) {
    lengths += equal_ignoring_case(f.name, "content-length");
    codings += equal_ignoring_case(f.name, "transfer-encoding");
    hosts_named += equal_ignoring_case(f.name, "host");
    RC_ASSERT(f.name.find_first_of(" \t\r\n:"s + '\0') == std::string_view::npos);
    RC_ASSERT(f.value.find_first_of("\r\n"s + '\0') == std::string_view::npos);
  }
  RC_ASSERT(lengths + codings <= 1);
  RC_ASSERT(head.content_length().has_value() == (lengths == 1));
  RC_ASSERT(head.chunked() == (codings == 1));
  RC_ASSERT(hosts_named == 1 || (hosts_named == 0 && head.minor_version() == 0));
  RC_ASSERT(!(head.chunked() && head.minor_version() == 0));
  RC_ASSERT(head.target() == "*" || head.target().front() == '/');
}

RC_GTEST_PROP(strict_head_law, judges_random_bytes_without_harm, (const std::string& bytes)) {
  strict_head head(small_limits());
  RC_ASSERT(status_of(head, bytes) != 0 || bytes.size() >= sizeof("G / HTTP/1.0\r\n\r\n") - 1);
  (void)head.judge(bytes);  // also what measure would not let through
}

}  // namespace
}  // namespace sluice::net::http
