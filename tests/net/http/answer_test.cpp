// Goal: what the server writes is one answer, whatever text is put into it. Method: pure functions, exact
// bytes.
#include "net/http/answer.hpp"

#include <gtest/gtest.h>

namespace sluice::net::http {
namespace {

TEST(answer, writes_a_head) {
  response r;
  r.body = "{}";
  r.fields.emplace_back("Allow", "GET, HEAD");
  std::string out = "what was there before";
  write_head(out, r, {1, false, "now"});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "Allow: GET, HEAD\r\n\r\n");
  r.body.clear();
  r.fields.clear();
  write_head(out, r, {1, true, "now"});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  r.status = 204;
  write_head(out, r, {0, false, "now"});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nDate: now\r\nConnection: keep-alive\r\n\r\n");
}

TEST(answer, lets_no_value_end_a_line) {
  response r;
  r.fields.emplace_back("X",
                        "a\r\nSet-Cookie: b\n\r\n\x7f"
                        "c");
  std::string out;
  write_head(out, r, {1, false, "now"});
  EXPECT_NE(out.find("\r\nX: a  Set-Cookie: b    c\r\n\r\n"), std::string::npos) << out;
}

TEST(answer, builds_problem_documents) {
  const auto r = problem(413, "too_large", "the body is larger than 8 bytes");
  EXPECT_EQ(r.status, 413);
  EXPECT_EQ(r.content_type, "application/problem+json");
  EXPECT_EQ(r.body, R"({"type":"about:blank","title":"Content Too Large","status":413,)"
                    R"("detail":"the body is larger than 8 bytes","error":"too_large"})");
}

TEST(answer, escapes_json) {
  const struct {
    const char* name;
    std::string_view detail;
    std::string_view written;
  } rows[] = {
      {"quote and backslash", R"(a"b\c)", R"(a\"b\\c)"},
      {"control characters", std::string_view("a\0\n\x1f\x7f", 5), R"(a\u0000\u000a\u001f\u007f)"},
      {"utf-8 stays", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"lone continuation", "a\x80z", R"(a\ufffdz)"},
      {"cut sequence", "a\xe2\x82", R"(a\ufffd\ufffd)"},
      {"overlong slash", "\xc0\xaf", R"(\ufffd\ufffd)"},
      {"surrogate", "\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},
      {"beyond unicode", "\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"},
  };
  for (const auto& row : rows) {
    const auto r = problem(400, "e", row.detail);
    EXPECT_NE(r.body.find("\"detail\":\"" + std::string(row.written) + "\","), std::string::npos)
        << row.name << ": " << r.body;
  }
}

TEST(answer, says_when_to_retry) {
  for (const int status : {429, 503}) {
    const auto r = server_problem(status, "later");
    ASSERT_EQ(r.fields.size(), 1u);
    EXPECT_EQ(r.fields[0].first, "Retry-After");
    EXPECT_EQ(r.fields[0].second, "1");
  }
  EXPECT_TRUE(server_problem(400, "never").fields.empty());
}

TEST(answer, dates_follow_rfc_9110) {
  date_field date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(4'102'444'799), "Thu, 31 Dec 2099 23:59:59 GMT");
}

}  // namespace
}  // namespace sluice::net::http
