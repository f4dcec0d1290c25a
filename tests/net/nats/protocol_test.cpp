// Goal: what a server sends is read in one way however it is cut, is bounded, and what is sent is what
// nats-server takes. Method: tables of operations and of what is none; laws over cuts and over arbitrary
// bytes.
#include "net/nats/protocol.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace sluice::net::nats {
namespace {

using kind = operation::kind;

struct row {
  std::string bytes;
  kind what;
  std::string_view subject, text;
  bool no_responders = false;
};

const row operations[] = {
    {"INFO {\"a\":1}\r\n", kind::info, "", "{\"a\":1}"},
    {"INFO\t{}\r\n", kind::info, "", "{}"},
    {"PING\r\n", kind::ping, "", ""},
    {"pong\r\n", kind::pong, "", ""},
    {"+OK\r\n", kind::ok, "", ""},
    {"-ERR 'Authorization Violation'\r\n", kind::error, "", "Authorization Violation"},
    {"-ERR\r\n", kind::error, "", ""},
    {"-ERR '\r\n", kind::error, "", "'"},
    {"MSG a.1 1 2\r\nhi\r\n", kind::message, "a.1", "hi"},
    {"MSG a.1 1 other.subject 2\r\nhi\r\n", kind::message, "a.1", "hi"},
    {"MSG  a.1\t1  0\r\n\r\n", kind::message, "a.1", ""},
    {"MSG a.1 1 4\r\n\r\n\r\n\r\n", kind::message, "a.1", "\r\n\r\n"},
    {"HMSG a.1 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", kind::message, "a.1", "hi"},
    {"HMSG a.1 1 b 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", kind::message, "a.1", "hi"},
    {"HMSG a.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", kind::message, "a.1", "", true},
    {"HMSG a.1 1 16 17\r\nNATS/1.0 503\r\n\r\nx\r\n", kind::message, "a.1", "x"},
    {"HMSG a.1 1 16 16\r\nNATS/1.0 100\r\n\r\n\r\n", kind::message, "a.1", ""},
};

TEST(nats_protocol, reads_operations) {
  for (const row& r : operations) {
    for (const std::string behind : {"", "PING\r\n", "MSG"}) {
      const std::string buffer = r.bytes + behind;
      const auto read = read_operation(buffer);
      ASSERT_TRUE(read) << r.bytes << to_string(read.error());
      ASSERT_TRUE(*read) << r.bytes;
      EXPECT_EQ((*read)->what, r.what) << r.bytes;
      EXPECT_EQ((*read)->subject, r.subject) << r.bytes;
      EXPECT_EQ((*read)->text, r.text) << r.bytes;
      EXPECT_EQ((*read)->no_responders, r.no_responders) << r.bytes;
      EXPECT_EQ((*read)->bytes, r.bytes.size()) << r.bytes;
    }
  }
}

TEST(nats_protocol, waits_for_the_end_of_an_operation) {
  for (const row& r : operations) {
    for (std::size_t cut = 0; cut < r.bytes.size(); ++cut) {
      const auto read = read_operation(std::string_view(r.bytes).substr(0, cut));
      ASSERT_TRUE(read) << r.bytes << cut << to_string(read.error());
      EXPECT_FALSE(*read) << r.bytes << cut;
    }
  }
}

TEST(nats_protocol, refuses_what_is_none) {
  const struct {
    std::string bytes;
    errc code = errc::bad_request;
  } rows[] = {
      {"HTTP/1.1 400 Bad Request\r\n"},
      {"\r\n"},
      {"PUB a 0\r\n\r\n"},
      {"MSG\r\n"},
      {"MSG a 1\r\n"},
      {"MSG a 1 b c 2\r\nhi\r\n"},
      {"MSG a 1 x\r\nhi\r\n"},
      {"MSG a 1 -1\r\nhi\r\n"},
      {"MSG a 1 +2\r\nhi\r\n"},
      {"MSG a 1 99999999999999999999999\r\nhi\r\n"},
      {"MSG a 1 2\r\nhigh\r\n"},
      {"HMSG a 1 2\r\nhi\r\n"},
      {"HMSG a 1 3 2\r\nhi\r\n"},
      {"HMSG a 1 b c 1 2\r\nhi\r\n"},
      {"MSG a 1 65537\r\n", errc::too_large},
      {std::string(line_bytes_max, 'a'), errc::too_large},
      {std::string(line_bytes_max, 'a') + "\r\n", errc::too_large},
  };
  for (const auto& r : rows) {
    const auto read = read_operation(r.bytes);
    ASSERT_FALSE(read) << r.bytes.substr(0, 100);
    EXPECT_EQ(read.error().code, r.code) << r.bytes.substr(0, 100);
  }
}

RC_GTEST_PROP(nats_protocol, stays_within_any_bytes, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
      {{1, rc::gen::arbitrary<char>()}, {4, rc::gen::elementOf(std::string("MSGHINFOPE+-R '1230 \t\r\n"))}}));
  const auto start = *rc::gen::element<std::string>("", "MSG a 1 ", "HMSG a 1 3 ", "INFO ", "-ERR ");
  const std::string buffer = start + bytes;
  const auto read = read_operation(buffer);
  if (!read || !*read) return;
  RC_ASSERT((*read)->bytes > 0U);
  RC_ASSERT((*read)->bytes <= buffer.size());
  RC_ASSERT((*read)->text.size() <= (*read)->bytes);
  const auto again = read_operation(std::string_view(buffer).substr(0, (*read)->bytes));
  RC_ASSERT(again.has_value() && again->has_value() && (*again)->text == (*read)->text);
}

TEST(nats_protocol, reads_what_a_server_says_of_itself) {
  const auto info = read_info(
      R"({"server_id":"N","headers":true,"max_payload":1048576,"tls_required":true,"tls_available":true,"nonce":"abc"})");
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->headers && info->tls_required && info->tls_available);
  EXPECT_EQ(info->payload_bytes_max, 1'048'576);
  EXPECT_EQ(info->nonce, "abc");
  const auto odd = read_info(R"({"headers":1,"max_payload":7,"tls_required":null,"nonce":7})");
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->headers || odd->tls_required || odd->tls_available);
  EXPECT_EQ(odd->nonce, "");
  for (const std::string_view bad :
       {"", "{", "[]", "1", "\"x\"", "{}", "{\"max_payload\":0}", "{\"max_payload\":\"x\"}"})
    EXPECT_FALSE(read_info(bad)) << bad;
}

TEST(nats_protocol, says_who_it_is) {
  const std::string start =
      R"(CONNECT {"verbose":false,"pedantic":false,"name":"sluice","lang":"c++","version":"1","protocol":1,)"
      R"("headers":true,"no_responders":true,"tls_required":)";
  EXPECT_EQ(connect_line({}, false), start + "false}\r\n");
  EXPECT_EQ(connect_line({"u\"", "p\r\n\\", "", "", ""}, true),
            start + R"(true,"user":"u\"","pass":"p\u000d\u000a\\"})"
                    "\r\n");
  EXPECT_EQ(connect_line({"", "", "t", "", ""}, false), start + R"(false,"auth_token":"t"})"
                                                                "\r\n");
  EXPECT_EQ(connect_line({"", "", "", "j", "s"}, false), start + R"(false,"jwt":"j","sig":"s"})"
                                                                 "\r\n");
}

TEST(nats_protocol, writes_messages) {
  const message what{"events.a", "id-1", "body"};
  std::string bytes = "before";
  append_publish(bytes, what, "_INBOX.x.1", "");
  EXPECT_EQ(bytes, "beforeHPUB events.a _INBOX.x.1 31 35\r\nNATS/1.0\r\nNats-Msg-Id: id-1\r\n\r\nbody\r\n");
  EXPECT_EQ(payload_bytes(what, ""), 35U);
  bytes.clear();
  append_publish(bytes, what, "r", "EVENTS");
  EXPECT_EQ(bytes,
            "HPUB events.a r 61 65\r\nNATS/1.0\r\nNats-Msg-Id: id-1\r\nNats-Expected-Stream: "
            "EVENTS\r\n\r\nbody\r\n");
  EXPECT_EQ(payload_bytes(what, "EVENTS"), 65U);
}

}  // namespace
}  // namespace sluice::net::nats
