// Goal: a batch of plain events is understood exactly: slices, texts, identities, quarantine with its reason,
// and errors with their place.
#include "actors/decode/decoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "actors/decode/rfc3339.hpp"
#include "tests/actors/decode/decode_fixture.hpp"

namespace sluice::decode {
namespace {

TEST(decoder, describes_every_event_of_a_batch) {
  decode_fixture d;
  const std::string first =
      R"({"id":"e-1","source":"conversation:start","timestamp":"2026-01-15T10:30:00.123Z",)"
      R"("data":{"n":[1,{"id":"inner"}]},"metadata":{"priority":"high","region":"us-east-1"}})";
  const std::string second = R"({ "metadata" : null , "x-more" : [ ] , "source" : "s" , "id" : "e-2" })";
  ASSERT_EQ(d.verdict(" { \"events\" : [ " + first + " , \n" + second + " ] } \n"), "ok");
  ASSERT_EQ(d.out.entries.size(), 2u);
  ASSERT_EQ(d.out.texts.size(), 2u);
  EXPECT_EQ(d.out.quarantined, 0u);
  EXPECT_EQ(d.slice(0), first);
  EXPECT_EQ(d.slice(1), second);

  EXPECT_EQ(d.raw_id(0), "e-1");
  EXPECT_EQ(d.raw_source(0), "conversation:start");
  EXPECT_EQ(d.raw_region(0), "us-east-1");
  EXPECT_EQ(d.out.texts[0].id, "e-1");
  EXPECT_EQ(d.out.texts[0].source, "conversation:start");
  EXPECT_EQ(d.metadata(0), "priority=high;region=us-east-1;");
  EXPECT_EQ(d.out.entries[0].timestamp_ms, parse_rfc3339("2026-01-15T10:30:00.123Z"));
  EXPECT_EQ(d.out.entries[0].identity, test_key().event_identity("conversation:start", "e-1"));
  EXPECT_EQ(d.out.entries[0].id_hash, test_key().id_hash("e-1"));
  EXPECT_EQ(d.out.entries[0].rule, no_rule);
  EXPECT_EQ(d.out.entries[0].targets, 0u);
  EXPECT_EQ(d.out.entries[0].cut, 0u);

  EXPECT_EQ(d.raw_id(1), "e-2");
  EXPECT_EQ(d.raw_source(1), "s");
  EXPECT_EQ(d.out.entries[1].region_length, 0u);
  EXPECT_EQ(d.out.entries[1].timestamp_ms, no_timestamp);
  EXPECT_EQ(d.metadata(1), "");
}

TEST(decoder, texts_without_escapes_are_views_into_the_body) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"({"events":[{"id":"e","source":"s\u0074","metadata":{"a":"b"}}]})"), "ok");
  const std::string_view body = d.body->view();
  const auto inside = [body](std::string_view text) {
    return text.data() >= body.data() && text.data() + text.size() <= body.data() + body.size();
  };
  EXPECT_TRUE(inside(d.out.texts[0].id));
  EXPECT_TRUE(inside(d.out.metadata[0].key));
  EXPECT_TRUE(inside(d.out.metadata[0].value));
  EXPECT_FALSE(inside(d.out.texts[0].source));
  EXPECT_EQ(d.out.texts[0].source, "st");
  EXPECT_EQ(d.raw_source(0), "s\\u0074");
}

TEST(decoder, unescapes_texts_and_keys) {
  decode_fixture d;
  ASSERT_EQ(
      d.verdict(
          R"({"\u0065vents":[{"\u0069d":"\"\\\/\b\f\n\r\t","sourc\u0065":"\u00e9\u20ac\ud83d\ude00\u0000z",)"
          R"("metadata":{"regi\u006fn":"\u0041\u0042","k\n":"v\t"}}]})"),
      "ok");
  ASSERT_EQ(d.out.quarantined, 0u);
  EXPECT_EQ(d.out.texts[0].id, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(d.out.texts[0].source, std::string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z", 11));
  EXPECT_EQ(d.metadata(0), "region=AB;k\n=v\t;");
  EXPECT_EQ(d.raw_region(0), "\\u0041\\u0042");
  EXPECT_EQ(d.out.entries[0].identity, test_key().event_identity(d.out.texts[0].source, d.out.texts[0].id));
}

TEST(decoder, identity_is_of_the_unescaped_texts) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"({"events":[{"id":"a","source":"s"},{"id":"\u0061","source":"\u0073","data":1}]})"),
            "ok");
  EXPECT_EQ(d.out.entries[0].identity, d.out.entries[1].identity);
  EXPECT_EQ(d.out.entries[0].id_hash, d.out.entries[1].id_hash);
}

TEST(decoder, metadata_may_repeat_a_key_and_the_first_region_counts) {
  decode_fixture d;
  ASSERT_EQ(
      d.verdict(
          R"({"events":[{"id":"a","source":"s","metadata":{"region":"x","region":"y","k":"1","k":"2"}}]})"),
      "ok");
  EXPECT_EQ(d.metadata(0), "region=x;region=y;k=1;k=2;");
  EXPECT_EQ(d.raw_region(0), "x");
}

TEST(decoder, a_region_is_indexed_up_to_its_limit) {
  decode_fixture d;
  const auto event = [](std::size_t size) {
    return R"({"id":"a","source":"s","metadata":{"region":")" + std::string(size, 'r') + "\"}}";
  };
  ASSERT_EQ(d.verdict("{\"events\":[" + event(region_bytes_max) + "," + event(region_bytes_max + 1) + "," +
                      event(0) + "]}"),
            "ok");
  EXPECT_EQ(d.out.quarantined, 0u);
  EXPECT_EQ(d.out.entries[0].region_length, region_bytes_max);
  EXPECT_EQ(d.out.entries[1].region_length, 0u);
  EXPECT_EQ(d.out.entries[2].region_length, 0u);
  EXPECT_EQ(d.out.texts[1].metadata_count, 1u) << "it is routed all the same";
}

struct quarantine_row {
  const char* name;
  std::string event;
  quarantine why;
  const char* id = "";  // indexed all the same
  const char* source = "";
  const char* region = "";
};

TEST(decoder, quarantines_invalid_events_with_their_reason) {
  const std::string id256(256, 'i'), source512(512, 's');
  // 256 characters of 2 bytes are 512 bytes; as escapes they are 6 bytes each
  std::string escaped_id;
  for (int i = 0; i < 256; ++i) escaped_id += "\\u0041";
  const quarantine_row rows[] = {
      {"string", R"("text")", quarantine::not_an_object},
      {"number", "-1.5e3", quarantine::not_an_object},
      {"null", "null", quarantine::not_an_object},
      {"true", "true", quarantine::not_an_object},
      {"array", R"([{"id":"a","source":"s"}])", quarantine::not_an_object},
      {"empty object", "{}", quarantine::id_missing},
      {"no id", R"({"source":"s","metadata":{"region":"r"}})", quarantine::id_missing, "", "s", "r"},
      {"number id", R"({"id":42,"source":"s"})", quarantine::id_not_string, "", "s"},
      {"null id", R"({"id":null,"source":"s"})", quarantine::id_not_string, "", "s"},
      {"object id", R"({"id":{"id":"x"},"source":"s"})", quarantine::id_not_string, "", "s"},
      {"empty id", R"({"id":"","source":"s"})", quarantine::id_empty, "", "s"},
      {"id of 256 bytes", "{\"id\":\"" + id256 + "\",\"source\":\"s\"}", quarantine::none},
      {"id of 256 escapes", "{\"id\":\"" + escaped_id + "\",\"source\":\"s\"}", quarantine::none},
      {"id of 257 bytes", "{\"id\":\"" + id256 + "x\",\"source\":\"s\"}", quarantine::id_too_long, "", "s"},
      {"id of 257 with escapes", "{\"id\":\"" + escaped_id + "\\n\",\"source\":\"s\"}",
       quarantine::id_too_long, "", "s"},
      {"no source", R"({"id":"a"})", quarantine::source_missing, "a"},
      {"array source", R"({"id":"a","source":["s"]})", quarantine::source_not_string, "a"},
      {"null source", R"({"id":"a","source":null})", quarantine::source_not_string, "a"},
      {"empty source", R"({"id":"a","source":""})", quarantine::source_empty, "a"},
      {"source of 512 bytes", R"({"id":"a","source":")" + source512 + "\"}", quarantine::none},
      {"source of 513 bytes", R"({"id":"a","source":")" + source512 + "x\"}", quarantine::source_too_long,
       "a"},
      {"metadata null", R"({"id":"a","source":"s","metadata":null})", quarantine::none},
      {"metadata string", R"({"id":"a","source":"s","metadata":"m"})", quarantine::metadata_not_object, "a",
       "s"},
      {"metadata array", R"({"id":"a","source":"s","metadata":[]})", quarantine::metadata_not_object, "a",
       "s"},
      {"metadata false", R"({"id":"a","source":"s","metadata":false})", quarantine::metadata_not_object, "a",
       "s"},
      {"metadata with a number", R"({"id":"a","source":"s","metadata":{"region":"r","p":1,"q":"z"}})",
       quarantine::metadata_not_string, "a", "s", "r"},
      {"metadata with null", R"({"id":"a","source":"s","metadata":{"p":null}})",
       quarantine::metadata_not_string, "a", "s"},
      {"id twice", R"({"id":"a","source":"s","id":"b"})", quarantine::duplicate_member, "a", "s"},
      {"id twice, escaped", R"({"id":"a","source":"s","\u0069d":"a"})", quarantine::duplicate_member, "a",
       "s"},
      {"source twice", R"({"id":"a","source":"s","source":"s"})", quarantine::duplicate_member, "a", "s"},
      {"timestamp twice", R"({"id":"a","source":"s","timestamp":1,"timestamp":1})",
       quarantine::duplicate_member, "a", "s"},
      {"data twice", R"({"id":"a","source":"s","data":1,"data":{}})", quarantine::duplicate_member, "a", "s"},
      {"metadata twice", R"({"id":"a","source":"s","metadata":{"region":"r"},"metadata":{"region":"q"}})",
       quarantine::duplicate_member, "a", "s", "r"},
      {"unknown member twice", R"({"id":"a","source":"s","x":1,"x":2})", quarantine::none},
      {"a member of another shape twice", R"({"id":"a","source":"s","time":1,"time":2})", quarantine::none},
      {"members of other shapes", R"({"id":"a","source":"s","specversion":"1.0","detail-type":"d"})",
       quarantine::none},
  };
  decode_fixture d;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    ASSERT_EQ(d.verdict(R"({"events":[{"id":"1","source":"s","metadata":{"k":"v"}}, )" + row.event +
                        R"( ,{"id":"2","source":"s","metadata":{"l":"w"}}]})"),
              "ok");
    ASSERT_EQ(d.out.entries.size(), 3u);
    ASSERT_EQ(d.out.texts.size(), 3u);
    EXPECT_EQ(d.why(1), row.why) << to_string(d.why(1));
    EXPECT_EQ(d.slice(1), row.event);
    EXPECT_EQ(d.out.quarantined, row.why == quarantine::none ? 0u : 1u);
    EXPECT_EQ(d.metadata(0), "k=v;");
    EXPECT_EQ(d.metadata(2), "l=w;");
    if (row.why == quarantine::none) continue;
    EXPECT_EQ(d.raw_id(1), row.id);
    EXPECT_EQ(d.raw_source(1), row.source);
    EXPECT_EQ(d.raw_region(1), row.region);
    EXPECT_EQ(d.out.texts[1].id, "");
    EXPECT_EQ(d.out.texts[1].metadata_count, 0u);
    EXPECT_EQ(d.out.metadata.size(), 2u) << "its metadata are not kept";
    EXPECT_EQ(d.out.entries[1].identity, test_key().bytes_identity(row.event));
    EXPECT_EQ(d.out.entries[1].id_hash, *row.id ? test_key().id_hash(row.id) : 0);
  }
}

TEST(decoder, says_where_a_quarantined_event_is) {
  decode_fixture d;
  ASSERT_EQ(
      d.verdict(
          R"({"events":[{"id":"1","source":"s"},{},{"id":"2"},7,{"id":"3","source":"s","metadata":1},{"id":"a","id":"b"}]})"),
      "ok");
  EXPECT_EQ(describe(d.out, 1), "events[1].id: id is missing (byte 35)");
  EXPECT_EQ(describe(d.out, 2), "events[2].source: source is missing (byte 38)");
  EXPECT_EQ(describe(d.out, 3), "events[3]: event is not an object (byte 49)");
  EXPECT_EQ(describe(d.out, 4), "events[4].metadata: metadata is not an object (byte 51)");
  EXPECT_EQ(describe(d.out, 5), "events[5]: a member of the envelope occurs twice (byte 88)");
}

TEST(decoder, takes_timestamps_that_are_none_for_no_time) {
  decode_fixture d;
  for (const char* timestamp :
       {"\"\"", "\"yesterday\"", "1768473000123", "null", "{\"a\":1}", "\"2026-02-30T25:61:61Z\""}) {
    ASSERT_EQ(d.verdict(std::string(R"({"events":[{"id":"1","source":"s","timestamp":)") + timestamp + "}]}"),
              "ok");
    EXPECT_EQ(d.out.quarantined, 0u) << timestamp;
    EXPECT_EQ(d.out.entries[0].timestamp_ms, no_timestamp) << timestamp;
  }
  ASSERT_EQ(d.verdict(R"({"events":[{"id":"1","source":"s","timestamp":"1970-01-01T00:00:0\u0031Z"}]})"),
            "ok");
  EXPECT_EQ(d.out.entries[0].timestamp_ms, 1000) << "the unescaped text counts";
}

struct error_row {
  const char* body;
  const char* verdict;
};

TEST(decoder, refuses_what_is_no_batch_with_its_place) {
  const error_row rows[] = {
      {R"({})", "not_a_batch | events (byte 0) | events is missing, a batch is {\"events\":[…]}"},
      {R"( {"event":[{"events":[]}]})",
       "not_a_batch | events (byte 1) | events is missing, a batch is {\"events\":[…]}"},
      {R"({"id":"a","source":"s"})",
       "not_a_batch | events (byte 0) | events is missing, a batch is {\"events\":[…]}"},
      {R"({"detail-type":7})",
       "not_a_batch | events (byte 0) | events is missing, a batch is {\"events\":[…]}"},
      {R"([])", "not_a_batch | body (byte 0) | an array of events must not be empty"},
      {R"( [ ] )", "not_a_batch | body (byte 1) | an array of events must not be empty"},
      {R"({"events":{}})", "not_a_batch | events (byte 10) | events is not an array"},
      {R"({"events":null})", "not_a_batch | events (byte 10) | events is not an array"},
      {R"({"events":"[]"})", "not_a_batch | events (byte 10) | events is not an array"},
      {R"({"events":[],"events":[]})", "not_a_batch | events (byte 22) | events occurs twice"},
      {R"({"events":[],"\u0065vents":{}})", "not_a_batch | events (byte 27) | events occurs twice"},
      {R"({"events":1,"events":[]})", "not_a_batch | events (byte 10) | events is not an array"},
      {R"("events")", "not_a_batch | body (byte 0) | the body is neither an object nor an array"},
      {R"( 42 )", "not_a_batch | body (byte 1) | the body is neither an object nor an array"},
      {R"(null)", "not_a_batch | body (byte 0) | the body is neither an object nor an array"},
      // what is no JSON is that, whatever else it would be
      {R"({"events":{},])", "not_json | byte 13 | not JSON: expected a key"},
      {R"({"events":[],"events":[]}])", "not_json | byte 25 | not JSON: expected the end of the body"},
      {R"([])"
       "]",
       "not_json | byte 2 | not JSON: expected the end of the body"},
  };
  decode_fixture d;
  for (const auto& row : rows) {
    EXPECT_EQ(d.verdict(row.body), row.verdict) << row.body;
    EXPECT_TRUE(d.out.entries.empty()) << "nothing is left of a refused body";
  }
}

TEST(decoder, accepts_an_empty_batch_and_members_beside_events) {
  decode_fixture d;
  for (const char* body :
       {R"({"events":[]})", R"({"x":{"events":1},"events":[],"y":[1,2]})", " {\"events\" : [ ] }\r\n"}) {
    EXPECT_EQ(d.verdict(body), "ok") << body;
    EXPECT_TRUE(d.out.entries.empty());
  }
}

TEST(decoder, holds_its_limits) {
  const auto batch = [](int events) {
    std::string body = R"({"events":[)";
    for (int i = 0; i < events; ++i) body += std::string(i == 0 ? "" : ",") + R"({"id":"1","source":"s"})";
    return body + "]}";
  };
  decode_fixture d({.max_events = 3});
  EXPECT_EQ(d.verdict(batch(3)), "ok");
  EXPECT_EQ(d.verdict(batch(4)), "too_large | events[3] (byte 83) | a batch has at most 3 events");
  EXPECT_EQ(d.verdict("[1,2,3,4]"), "too_large | [3] (byte 7) | a batch has at most 3 events");
  EXPECT_EQ(d.verdict(batch(3)), "ok");

  decode_fixture m({.max_metadata = 2});
  EXPECT_EQ(m.verdict(R"({"events":[{"id":"1","source":"s","metadata":{"a":"","b":""}}]})"), "ok");
  EXPECT_EQ(m.verdict(R"({"events":[{"id":"1","source":"s","metadata":{"a":"","b":"","c":""}}]})"),
            "too_large |  | a batch has at most 2 metadata members");
}

TEST(decoder, forgets_the_body_before) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"({"events":[{"id":"\u0061","source":"s","metadata":{"k":"v"}},{}]})"), "ok");
  ASSERT_EQ(d.out.quarantined, 1u);
  ASSERT_EQ(d.verdict(R"({"events":[]})"), "ok");
  EXPECT_TRUE(d.out.entries.empty() && d.out.texts.empty() && d.out.metadata.empty());
  EXPECT_EQ(d.out.quarantined, 0u);
}

TEST(decoder, decodes_a_body_larger_than_what_it_keeps) {
  decode_fixture d;
  std::string body = R"({"events":[{"id":"big","source":"s","data":")" + std::string(3 << 20, 'x') + "\"}]}";
  EXPECT_EQ(d.verdict(body), "ok");
  EXPECT_EQ(d.slice(0).size(), body.size() - 13);
  EXPECT_EQ(d.verdict(R"({"events":[{"id":"a","source":"s"}]})"), "ok");
  EXPECT_EQ(d.raw_id(0), "a");
}

}  // namespace
}  // namespace sluice::decode
