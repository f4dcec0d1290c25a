// Goal: an answer's end is found exactly, whatever its framing, and never guessed.
// Method: a table of answers, each also fed byte by byte.
#include "benchmarks/load/answer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::load {
namespace {

struct row {
  std::string name;
  std::string input;
  answer_state state;
  int status = 0;
  std::string body = {};
  bool closes = false;
  std::optional<unsigned> retry_after = {};
  bool ended = false;
};

const std::vector<row> rows{
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", answer_state::complete, 200, "ok"},
    {"letters of any case", "HTTP/1.1 200 OK\r\ncONTENT-lENGTH:2\r\n\r\nok", answer_state::complete, 200,
     "ok"},
    {"no reason", "HTTP/1.1 503\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", answer_state::complete, 503,
     "", false, 7U},
    {"date is no number",
     "HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
     answer_state::complete, 503},
    {"closing", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", answer_state::complete,
     200, "", true},
    {"chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
     answer_state::complete, 200, "abc0123456789"},
    {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
     answer_state::complete, 200, "a"},
    {"informational first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     answer_state::complete, 200, "x"},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", answer_state::complete, 204},
    {"until the end", "HTTP/1.0 200 OK\r\n\r\nall", answer_state::complete, 200, "all", true, std::nullopt,
     true},
    {"until the end, not yet", "HTTP/1.1 200 OK\r\n\r\nall", answer_state::incomplete, 200, "", true},
    {"short body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", answer_state::incomplete, 200},
    {"short head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", answer_state::incomplete},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 2\r\n\r\nabc",
     answer_state::malformed, 0},
    {"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
     answer_state::malformed},
    {"signed length", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", answer_state::malformed},
    {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", answer_state::malformed, 200},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", answer_state::malformed,
     200},
    {"chunk too long for its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
     answer_state::malformed, 200},
    {"other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", answer_state::malformed},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2 hello\r\n\r\n", answer_state::malformed},
    {"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", answer_state::malformed},
};

TEST(Answer, TableOfFramings) {
  for (const auto& r : rows) {
    const auto a = read_answer(r.input, r.ended);
    EXPECT_EQ(a.state, r.state) << r.name;
    if (r.state != answer_state::complete) continue;
    EXPECT_EQ(a.status, r.status) << r.name;
    EXPECT_EQ(a.body, r.body) << r.name;
    EXPECT_EQ(a.closes, r.closes) << r.name;
    EXPECT_EQ(a.retry_after_seconds, r.retry_after) << r.name;
    EXPECT_EQ(a.size, r.input.size()) << r.name;
  }
}

TEST(Answer, EveryBeginningOfAnAnswerIsIncompleteAndWhatFollowsIsLeft) {
  for (const auto& r : rows) {
    if (r.state != answer_state::complete || r.ended) continue;
    for (std::size_t size = 0; size < r.input.size(); ++size) {
      EXPECT_EQ(read_answer(r.input.substr(0, size), false).state, answer_state::incomplete)
          << r.name << " cut at " << size;
    }
    const auto a = read_answer(r.input + "HTTP/1.1 400 X\r\n\r\n", false);
    EXPECT_EQ(a.state, answer_state::complete) << r.name;
    EXPECT_EQ(a.size, r.input.size()) << r.name;
  }
}

TEST(Answer, AnAnswerPastTheBoundIsMalformed) {
  EXPECT_EQ(read_answer(std::string(answer_bytes_max + 1, 'H'), false).state, answer_state::malformed);
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(answer_bytes_max, 'x'), false).state,
            answer_state::malformed);
}

TEST(Answer, CountsAreReadFromAFlatObject) {
  const std::string body = R"({"status":"accepted","accepted":12,"duplicates" : 3,"dropped":null})";
  EXPECT_EQ(count_in(body, "accepted"), 12U) << "the value \"accepted\" before it is no member";
  EXPECT_EQ(count_in(body, "duplicates"), 3U);
  EXPECT_EQ(count_in(body, "dropped"), std::nullopt);
  EXPECT_EQ(count_in(body, "quarantined"), std::nullopt);
  EXPECT_EQ(count_in("", "accepted"), std::nullopt);
}

}  // namespace
}  // namespace sluice::load
