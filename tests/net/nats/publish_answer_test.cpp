// Goal: only what a stream has stored counts as stored, and only what will never be taken as refused. Method:
// a table of answers as nats-server writes them, and of what is none.
#include "net/nats/publish_answer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace sluice::net::nats {
namespace {

using kind = acknowledgement::kind;

struct row {
  const char* name;
  std::string answer;
  kind how;
  std::string_view part_of_why;
  std::string_view expected_stream = "EVENTS";
};

std::string error(int code, int err_code, const std::string& description) {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"err_code":)" + std::to_string(err_code) +
         R"(,"description":")" + description + R"("},"stream":"EVENTS","seq":0})";
}

TEST(nats_publish_answer, is_read) {
  const row rows[] = {
      {"stored", R"({"stream":"EVENTS","seq":1})", kind::stored, ""},
      {"stored, with what else is said", R"({"stream":"EVENTS","domain":"hub","seq":7,"new":[1]})",
       kind::stored, ""},
      {"stored before", R"({"stream":"EVENTS","seq":1,"duplicate":true})", kind::stored, ""},
      {"stored wherever it goes", R"({"stream":"OTHER","seq":1})", kind::stored, "", ""},
      {"error is null", R"({"error":null,"stream":"EVENTS","seq":1})", kind::stored, ""},
      {"the largest sequence", R"({"stream":"EVENTS","seq":9223372036854775807})", kind::stored, ""},

      {"larger than max_msg_size", error(400, 10054, "message size exceeds maximum allowed"), kind::refused,
       "larger than the stream's max_msg_size: message size exceeds maximum allowed (error 10054)"},
      {"headers too large", error(400, 10097, "header size exceeds maximum allowed of 64k"), kind::refused,
       "headers"},

      {"full of messages", error(503, 10077, "maximum messages exceeded"), kind::unknown,
       "full or could not store it: maximum messages exceeded (error 10077)"},
      {"full of bytes", error(503, 10077, "maximum bytes exceeded"), kind::unknown, "maximum bytes exceeded"},
      {"account's limit", error(500, 10122, "stream max bytes exceeds account limit max stream bytes"),
       kind::unknown, "full"},
      {"no storage", error(500, 10047, "insufficient storage resources available"), kind::unknown, "storage"},
      {"no resources", error(503, 10023, "insufficient resources"), kind::unknown, "resources"},
      {"other stream than expected", error(400, 10060, "expected stream does not match"), kind::unknown,
       "another stream"},
      {"sealed", error(400, 10109, "invalid operation on sealed stream"), kind::unknown, "sealed"},
      {"not enabled", error(503, 10076, "JetStream not enabled"), kind::unknown, "not enabled"},
      {"one that is not in the table", error(400, 10071, "wrong last sequence: 4"), kind::unknown,
       "does not take it: wrong last sequence: 4 (error 10071)"},
      {"an old server's, without err_code",
       R"({"error":{"code":503,"description":"maximum messages exceeded"},"stream":"EVENTS","seq":0})",
       kind::unknown, "maximum messages exceeded (error 503)"},
      {"error and a sequence", R"({"error":{"err_code":10077},"stream":"EVENTS","seq":9})", kind::unknown,
       "10077"},
      {"error that is no object", R"({"error":"no","stream":"EVENTS","seq":9})", kind::unknown, "take"},

      {"stored elsewhere", R"({"stream":"OTHER","seq":1})", kind::unknown, "OTHER instead of"},
      {"nothing", "", kind::unknown, "no stream"},
      {"not JSON", "+OK", kind::unknown, "no stream: +OK"},
      {"JSON, but no object", "[1]", kind::unknown, "no stream"},
      {"no stream", R"({"seq":1})", kind::unknown, "no stream"},
      {"empty stream", R"({"stream":"","seq":1})", kind::unknown, "no stream"},
      {"stream is a number", R"({"stream":1,"seq":1})", kind::unknown, "no stream"},
      {"no sequence", R"({"stream":"EVENTS"})", kind::unknown, "no stream"},
      {"sequence 0", R"({"stream":"EVENTS","seq":0})", kind::unknown, "no stream"},
      {"negative sequence", R"({"stream":"EVENTS","seq":-1})", kind::unknown, "no stream"},
      {"sequence is text", R"({"stream":"EVENTS","seq":"1"})", kind::unknown, "no stream"},
      {"sequence is no whole number", R"({"stream":"EVENTS","seq":1.5})", kind::unknown, "no stream"},
      {"cut off", R"({"stream":"EVENTS","seq":1)", kind::unknown, "no stream"},
      {"longer than any", R"({"stream":"EVENTS","seq":1,"x":")" + std::string(70'000, 'a') + "\"}",
       kind::unknown, "no stream"},
  };
  for (const row& r : rows) {
    const acknowledgement read = read_publish_answer(r.answer, r.expected_stream);
    EXPECT_EQ(read.how, r.how) << r.name << ": " << read.why;
    EXPECT_NE(read.why.find(r.part_of_why), std::string::npos) << r.name << ": " << read.why;
    EXPECT_EQ(read.why.empty(), r.how == kind::stored) << r.name << ": " << read.why;
  }
}

TEST(nats_publish_answer, names_the_subject_that_nobody_answers_for) {
  const acknowledgement read = no_stream_listens("calls.eu\n");
  EXPECT_EQ(read.how, kind::unknown);
  EXPECT_EQ(read.why, "no stream listens on the subject calls.eu ");
}

RC_GTEST_PROP(nats_publish_answer, explains_itself_in_one_short_printable_line, (std::string answer)) {
  for (const std::string& text :
       {answer, error(400, 10071, answer), R"({"stream":")" + answer + R"(","seq":1})"}) {
    const std::string why = read_publish_answer(text, "EVENTS").why;
    RC_ASSERT(std::ranges::all_of(why, [](char c) { return c >= ' ' && c < 127; }));
    RC_ASSERT(why.size() < 400);
  }
}

}  // namespace
}  // namespace sluice::net::nats
