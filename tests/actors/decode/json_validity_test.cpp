// Goal: exactly the JSON texts of RFC 8259 pass the walk. A table of cases, each tried as the whole body, as
// a member beside the events and inside an event, with padding that would continue it; and every truncation
// of a batch.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include <pthread.h>

#include "tests/actors/decode/decode_fixture.hpp"
#include "tests/actors/decode/reference_json.hpp"

namespace sluice::decode {
namespace {

using namespace std::string_view_literals;

// clang-format off
constexpr std::string_view valid[] = {
    // structure
    "{}"sv, "[]"sv, " { } "sv, "\t[\r\n]\n"sv, "[[]]"sv, "[{}]"sv, "[[],[[]],[]]"sv, R"({"a":{}})"sv,
    R"({"a":[]})"sv, R"({"a":{"b":{"c":[]}},"d":[{}]})"sv, R"({"":0})"sv, R"({"a":1,"a":2})"sv,
    R"( { "a" : 1 , "b" : [ 1 , 2 ] } )"sv, R"([1,"a",true,false,null,{},[]])"sv, "[\n1\n,\t2\r]"sv,
    // literals
    "true"sv, "false"sv, "null"sv, "[true]"sv, "[ true ]"sv, "[false]"sv, "[null]"sv, "[null,true,false]"sv,
    // numbers
    "0"sv, "-0"sv, "1"sv, "-1"sv, "10"sv, "1234567890"sv, "0.0"sv, "-0.0"sv, "0.5"sv, "1.25"sv, "100.001"sv,
    "1e5"sv, "1E5"sv, "1e+5"sv, "1E-5"sv, "1e05"sv, "0e0"sv, "0e+1"sv, "1.5e300"sv, "1e400"sv, "-1e-400"sv,
    "[0]"sv, "[-0]"sv, "[ -1.5e+10 ]"sv, "123456789012345678901234567890"sv, "-9223372036854775809"sv,
    "18446744073709551616"sv,
    "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"sv,
    "[9007199254740993,4.9e-324]"sv,
    // strings
    "\"\""sv, "\"a\""sv, "\" \""sv, R"("\"")"sv, R"("\\")"sv, R"("\/\b\f\n\r\t")"sv, R"("\\\"")"sv,
    R"(["\\","\\"])"sv, R"("\u0041")"sv, R"("\u00e9\u20AC")"sv, R"("\ud83d\ude00")"sv,
    R"("\uD83D\uDE00")"sv, R"("\udbff\udfff")"sv, R"("\ud800\udc00")"sv, R"("\u0000")"sv, R"("\u001f")"sv,
    R"("\uffff\ufffe\ufdd0")"sv, R"("\ue000\ud7ff")"sv, R"("\u2028\u2029")"sv, R"("a\\u0041")"sv,
    R"("{}[]:,")"sv, R"("\"{\"")"sv, "\"\x7f\""sv, "\"\xc2\x80\""sv, "\"\xc3\xa9\""sv, "\"\xe0\xa0\x80\""sv,
    "\"\xed\x9f\xbf\""sv, "\"\xee\x80\x80\""sv, "\"\xef\xbf\xbf\""sv, "\"\xf0\x90\x80\x80\""sv,
    "\"\xf4\x8f\xbf\xbf\""sv, "\"\xe2\x80\xa8\""sv, "\"\xef\xbb\xbf\""sv, R"({"\u0061":"\\"})"sv,
    R"({"\"":"\"","\\":"\\"})"sv, R"(["a"   ,   "b"   ])"sv, R"({"a"   :   "b"   })"sv,
};
// clang-format on

// clang-format off
constexpr std::string_view invalid[] = {
    // nothing, and things that are no JSON at all
    ""sv, " "sv, "\n\t\r "sv, "\0"sv, "a"sv, "'a'"sv, "//"sv, "/**/1"sv, "#"sv, "\xef\xbb\xbf{}"sv,
    "\xef\xbb\xbf"sv, "\xff\xfe[\0]\0"sv, "{}\0"sv, "[\0]"sv, "\\"sv, "?"sv, "undefined"sv, "\x0c"sv,
    "\x0b[]"sv, "[]\x0c"sv, "[\x0c]"sv, "\xc2\xa0[]"sv, "[\xe2\x80\xa8]"sv, "\xe2\x81\xa0[]"sv, "\x1a"sv,
    "[1\x1a]"sv, "[1\x0c]"sv, "[\"a\"\x0c]"sv, "[\"a\"\x1a\"b\"]"sv, "{\"a\"\x1a\"b\"}"sv, "\x1a[]"sv,
    // structure
    "{"sv, "}"sv, "["sv, "]"sv, "[}"sv, "{]"sv, "[[]"sv, "[]]"sv, "{}}"sv, "{{}}"sv, "[][]"sv, "{}{}"sv,
    "[],"sv, ",[]"sv, "[,]"sv, "[1,]"sv, "[,1]"sv, "[1,,2]"sv, "[1 2]"sv, "[1:2]"sv, "[1;2]"sv, "[[1]2]"sv,
    "[1[2]]"sv, "[{}[]]"sv, "{,}"sv, R"({"a"})"sv, R"({"a":})"sv, R"({"a":1,})"sv, R"({,"a":1})"sv,
    R"({"a":1,,"b":2})"sv, R"({"a" 1})"sv, R"({"a"::1})"sv, R"({:1})"sv, R"({1:2})"sv, R"({a:1})"sv,
    R"({'a':1})"sv, R"({null:1})"sv, R"({"a":1 "b":2})"sv, R"({"a":1;"b":2})"sv, R"({"a":1:2})"sv,
    R"({"a","b"})"sv, R"({"a":"b":"c"})"sv, R"({"a":[})"sv, R"({"a":[}])"sv, R"([{"a":1]})"sv,
    R"({"a":1]})"sv, R"([1})"sv, R"({"a":{}"b":1})"sv, R"({["a"]:1})"sv, R"({{}:1})"sv, R"(["a",)"sv,
    R"({"a":1)"sv, R"({"a":)"sv, R"({"a")"sv, R"({"a",)"sv, "[1"sv, "[1,"sv, "[[[["sv, "[] x"sv, "{} 1"sv,
    "{} \"\""sv, "[]]["sv, "[1]]"sv, R"({"a":1}})"sv, R"([1]"a")"sv, R"([[]"a"])"sv, R"([{}1])"sv, "1 2"sv,
    "1,2"sv, "1]"sv, "[1] [2]"sv, "\"a\" \"b\""sv, "1] [2"sv, "1],[2"sv, "]["sv, "true false"sv,
    // literals
    "tru"sv, "truee"sv, "True"sv, "TRUE"sv, "fals"sv, "falsee"sv, "nul"sv, "nulll"sv, "NaN"sv, "nan"sv,
    "Infinity"sv, "-Infinity"sv, "inf"sv, "[tru]"sv, "[true1]"sv, "[true\"a\"]"sv, "[truefalse]"sv,
    "[nul]"sv, "[nullx]"sv, "[t]"sv, "[f]"sv, "[n]"sv, "[fals]"sv, "[tr ue]"sv, "[true\0]"sv, "[none]"sv,
    "[true\\]"sv, "t"sv, "f"sv, "n"sv,
    // numbers
    "-"sv, "+1"sv, "01"sv, "-01"sv, "00"sv, "1."sv, ".5"sv, "-.5"sv, "1.e5"sv, "1e"sv, "1e+"sv, "1E-"sv,
    "1ee5"sv, "1e5.5"sv, "1.2.3"sv, "0x10"sv, "1_000"sv, "1,000"sv, "- 1"sv, "--1"sv, "-+1"sv, "1a"sv,
    "1\"a\""sv, "0e"sv, "0.e1"sv, "[01]"sv, "[1.]"sv, "[-]"sv, "[.5]"sv, "[1e]"sv, "[1e+]"sv, "[+1]"sv,
    "[1a]"sv, "[1\"\"]"sv, "[1\0]"sv, "[1-2]"sv, "[1/2]"sv, "[0-1]"sv, "[-a]"sv, "[1e1e1]"sv, "[0123]"sv,
    "[1 .5]"sv, "[\xef\xbc\x91]"sv, "[1\xc3\xa9]"sv, "[1\\u0031]"sv, "[1\\]"sv, "[1\\\"]"sv,
    // strings
    "\""sv, "\"a"sv, "a\""sv, R"("\")"sv, R"(["\"])"sv, R"(["a)"sv, R"(["a])"sv, R"([a"])"sv, R"(["a"b])"sv,
    R"(["a""b"])"sv, R"(["a"b"])"sv, R"({"a":"b)"sv, R"("\a")"sv, R"("\x41")"sv, R"("\'")"sv, R"("\0")"sv,
    R"("\U0041")"sv, R"("\u")"sv, R"("\u0")"sv, R"("\u00")"sv, R"("\u004")"sv, R"("\u004g")"sv,
    R"("\u00 1")"sv, R"("\u+041")"sv, R"("\u{41}")"sv, R"("\ud800")"sv, R"("\udc00")"sv,
    R"("\ud800\ud800")"sv, R"("\udc00\ud800")"sv, R"("\ud800x")"sv, R"("\ud800\n")"sv,
    R"("\ud800\u0041")"sv, R"("\ud800\udbff")"sv, R"("\ud800\ue000")"sv, R"("\ud83d\u")"sv,
    R"("\ud83d\ude0")"sv, R"("\ud83d\\ude00")"sv, R"("\ud83d)"sv, R"(["\ud83d","\ude00"])"sv,
    R"({"\ud800":1})"sv, R"({"\x":1})"sv, R"({"a\":1})"sv, R"(["\\\"])"sv, R"(["\u004"])"sv,
    R"(["\u12"],")"sv, R"(\"a")"sv, R"([\"a"])"sv, R"(["a"\])"sv, R"(["a"\"b"])"sv, R"([\u0041])"sv,
    R"({\"a":1})"sv, R"({"a"\:1})"sv, "\"\n\""sv, "\"\t\""sv, "\"\0\""sv, "\"\x1f\""sv, "[\"a\x01\"]"sv,
    "{\"a\n\":1}"sv, "\"\\\n\""sv,
    // UTF-8
    "\"\x80\""sv, "\"\xbf\""sv, "\"\xc0\x80\""sv, "\"\xc1\xbf\""sv, "\"\xc2\""sv, "\"\xc2\x41\""sv,
    "\"\xc2\xc2\x80\""sv, "\"\xe0\x80\x80\""sv, "\"\xe0\x9f\xbf\""sv, "\"\xe2\x82\""sv,
    "\"\xe2\x82\x41\""sv, "\"\xed\xa0\x80\""sv, "\"\xed\xbf\xbf\""sv, "\"\xf0\x80\x80\x80\""sv,
    "\"\xf0\x8f\xbf\xbf\""sv, "\"\xf0\x9f\x98\""sv, "\"\xf4\x90\x80\x80\""sv, "\"\xf5\x80\x80\x80\""sv,
    "\"\xf8\x88\x80\x80\x80\""sv, "\"\xfe\""sv, "\"\xff\""sv, "\"caf\xe9\""sv, "[\xc3\xa9]"sv,
    "{\"\xff\":1}"sv, "[]\xff"sv, "[]\x80"sv, "\xff[]"sv,
};
// clang-format on

constexpr std::array paddings = {'}', ']', '"', '0', ' ', ',', '\\', '\0'};

std::string shown(std::string_view text) { return ::testing::PrintToString(std::string(text)); }

TEST(json_validity, accepts_what_is_valid) {
  decode_fixture d;
  for (const std::string_view text : valid) {
    ASSERT_TRUE(reference_is_json(text, 512)) << shown(text);
    for (const char padding : paddings) {
      EXPECT_TRUE(d.is_json(text, padding)) << shown(text) << " " << d.verdict(text, padding);
      const std::string value(text);
      EXPECT_EQ(d.verdict("{\"a\":" + value + ",\"events\":[],\"b\":" + value + "}", padding), "ok")
          << shown(text);
      EXPECT_EQ(d.verdict("{\"events\":[{\"id\":\"1\",\"source\":\"s\",\"data\":" + value + "}]}", padding),
                "ok")
          << shown(text);
      EXPECT_EQ(d.verdict("{\"events\":[" + value + "]}", padding), "ok") << shown(text);
      for (const char* member : {"id", "source", "metadata", "timestamp", "x"}) {
        EXPECT_EQ(d.verdict(std::string("{\"events\":[{\"") + member + "\":" + value + "}]}", padding), "ok")
            << shown(text);
      }
      EXPECT_EQ(d.verdict("{\"events\":[{\"metadata\":{\"k\":" + value + "}}]}", padding), "ok")
          << shown(text);
    }
  }
}

TEST(json_validity, refuses_what_is_not) {
  decode_fixture d;
  for (const std::string_view text : invalid) {
    ASSERT_FALSE(reference_is_json(text, 512)) << shown(text);
    for (const char padding : paddings) {
      EXPECT_FALSE(d.is_json(text, padding)) << shown(text) << " " << d.verdict(text, padding);
      // Some of these continue their surroundings to something valid: the reference knows.
      const std::string value(text);
      for (const std::string& body :
           {"{\"a\":" + value + ",\"events\":[],\"b\":" + value + "}", "{\"events\":[" + value + "]}",
            "{\"events\":[{\"id\":\"1\",\"source\":\"s\",\"data\":" + value + "}]}",
            "{\"events\":[{\"id\":" + value + "}]}", "{\"events\":[{\"metadata\":{\"k\":" + value + "}}]}",
            "{\"events\":[{\"metadata\":{" + value + "}}]}", "[" + value, value + "]",
            "{\"events\":[]" + value + "}"}) {
        EXPECT_EQ(d.is_json(body, padding), reference_is_json(body, 512))
            << shown(body) << " " << d.verdict(body, padding);
      }
    }
  }
}

struct place_row {
  std::string_view body;
  const char* place;
  const char* detail;
};

TEST(json_validity, says_what_is_wrong_and_where) {
  const place_row rows[] = {
      {""sv, "byte 0", "not JSON: the body is empty"},
      {"  \n"sv, "byte 0", "not JSON: the body is empty"},
      {"\xef\xbb\xbf{}"sv, "byte 0", "not JSON: a byte order mark is not allowed"},
      {"[1,2"sv, "byte 4", "not JSON: the body breaks off inside its array"},
      {"{\"a\":[1],\"b"sv, "byte 9", "not JSON: a string does not end"},
      {"{\"a\":[1],\"b\" "sv, "byte 13", "not JSON: the body breaks off inside its object"},
      {"{} x"sv, "byte 3", "not JSON: expected the end of the body"},
      {"{]x"sv, "byte 1", "not JSON: expected a key"},
      {"[[1}]x"sv, "byte 3", "not JSON: expected ',' or ']'"},
      {"{} {}"sv, "byte 3", "not JSON: expected the end of the body"},
      {"[1 2]"sv, "byte 3", "not JSON: expected ',' or ']'"},
      {R"({"a" 1})"sv, "byte 5", "not JSON: expected ':'"},
      {R"({"a":1 "b":2})"sv, "byte 7", "not JSON: expected ',' or '}'"},
      {R"({"a":1,})"sv, "byte 7", "not JSON: expected a key"},
      {"[1,]"sv, "byte 3", "not JSON: expected a value"},
      {"[01]"sv, "byte 2", "not JSON: expected the end of the number or literal"},
      {"[1.]"sv, "byte 1", "not JSON: expected a valid number"},
      {"[truex]"sv, "byte 5", "not JSON: expected the end of the number or literal"},
      {"[tru]"sv, "byte 1", "not JSON: expected a value"},
      {R"(["ab\q"])"sv, "byte 4", "not JSON: expected an escape sequence of RFC 8259 (surrogates in pairs)"},
      {R"(["\u0041\ud800"])"sv, "byte 8",
       "not JSON: expected an escape sequence of RFC 8259 (surrogates in pairs)"},
      {"[\"a\", \"b\n\"]"sv, "byte 8", "not JSON: a control character in a string must be escaped"},
      {R"(["a", "b])"sv, "byte 6", "not JSON: a string does not end"},
      {"[\"\xc3\xa9\xff\"]"sv, "byte 4", "not JSON: invalid UTF-8"},
      {" 1 2"sv, "byte 1", "not JSON: expected the end of the body"},
      {" nul"sv, "byte 1", "not JSON: expected a value"},
  };
  decode_fixture d;
  for (const auto& row : rows) {
    const auto said = d.decode(row.body);
    ASSERT_FALSE(said) << shown(row.body);
    EXPECT_EQ(said.error().code, errc::not_json) << shown(row.body);
    EXPECT_EQ(said.error().place, row.place) << shown(row.body);
    EXPECT_EQ(said.error().detail, row.detail) << shown(row.body);
  }
}

std::string nested(std::string_view opener, std::size_t depth, std::string_view inner,
                   std::string_view closer) {
  std::string all;
  for (std::size_t i = 0; i < depth; ++i) all += opener;
  all += inner;
  for (std::size_t i = 0; i < depth; ++i) all += closer;
  return all;
}

TEST(json_depth, has_an_exact_limit) {
  decode_fixture d;
  // The body, `events` and the event are three levels.
  const auto batch = [](std::string data) {
    return R"({"events":[{"id":"1","source":"s","data":)" + data + "}]}";
  };
  for (const auto& [opener, inner, closer] :
       {std::tuple("[", "", "]"), std::tuple("{\"a\":", "1", "}"), std::tuple("[{\"a\":[", "[]", "]}]")}) {
    const std::size_t levels = std::string_view(opener) == "[{\"a\":[" ? 3 : 1;
    const std::size_t more = std::string_view(inner) == "[]" ? 1 : 0;
    const std::size_t fits = (512 - 3 - more) / levels;
    EXPECT_EQ(d.verdict(batch(nested(opener, fits, inner, closer))), "ok") << opener;
    EXPECT_FALSE(d.is_json(batch(nested(opener, fits + 1, inner, closer)))) << opener;
  }
  EXPECT_TRUE(d.is_json(nested("[", 512, "", "]")));
  EXPECT_FALSE(d.is_json(nested("[", 513, "", "]")));
  EXPECT_EQ(d.verdict(nested("[", 513, "", "]")),
            "not_json | byte 512 | not JSON: containers are nested too deep, at most 512");
  EXPECT_EQ(d.verdict(R"({"events":[{"metadata":)" + nested("[", 509, "", "]") + "}]}"), "ok");
  EXPECT_FALSE(d.is_json(R"({"events":[{"metadata":)" + nested("[", 510, "", "]") + "}]}"));
  EXPECT_EQ(d.verdict(R"({"x":)" + nested("[", 511, "", "]") + R"(,"events":[]})"), "ok");

  decode_fixture flat({.max_depth = 2});
  EXPECT_EQ(flat.verdict(R"({"events":[]})"), "ok");
  EXPECT_FALSE(flat.is_json(R"({"events":[{}]})"));
}

void* refuse_deep_bodies(void* refused) {
  decode_fixture d, unlimited({.max_depth = 1'000'000});
  const std::string deep = nested("[", 100'000, "", "]");
  *static_cast<bool*>(refused) = !d.is_json(deep) && !d.is_json(nested("{\"a\":", 100'000, "1", "}")) &&
                                 !d.is_json(std::string(100'000, '[')) && unlimited.is_json(deep) &&
                                 unlimited.is_json(nested("{\"a\":[", 100'000, "1", "]}"));
  return nullptr;
}

TEST(json_depth, costs_no_stack) {
  // 100,000 levels on a stack of 256 KiB, refused and, where the limit allows them, walked.
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  bool refused = false;
  ASSERT_EQ(pthread_create(&thread, &attributes, refuse_deep_bodies, &refused), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  ASSERT_EQ(pthread_attr_destroy(&attributes), 0);
  EXPECT_TRUE(refused);
}

TEST(json_truncation, is_never_accepted) {
  const std::string whole =
      R"( {"x":[1.5e3,"\ud83d\ude00"],"events":[{"id":"a\n","source":"s","timestamp":"2026-01-15T10:30:00Z","data":)"
      R"({"n":-0,"t":true,"f":false,"z":null},"metadata":{"region":"us-east-1"}},{"id":"é"}],"y":{}})";
  decode_fixture d;
  ASSERT_EQ(d.verdict(whole), "ok");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const char padding : paddings) {
      EXPECT_FALSE(d.is_json(whole.substr(0, size), padding)) << size;
      EXPECT_FALSE(d.decode(whole.substr(0, size), padding)) << size;
    }
  }
}

}  // namespace
}  // namespace sluice::decode
