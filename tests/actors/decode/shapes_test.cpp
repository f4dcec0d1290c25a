// Goal: what AWS and CloudEvents senders post is understood as their specifications and our contract map it.
#include <gtest/gtest.h>

#include <string>

#include "actors/decode/rfc3339.hpp"
#include "tests/actors/decode/decode_fixture.hpp"

namespace sluice::decode {
namespace {

const std::string envelope =
    R"({"version":"0","id":"aws-1","detail-type":"v2.conversations.{id}.transcription",)"
    R"("source":"aws.partner/genesys.com/cloud/org/x","account":"111122223333","time":"2026-01-15T10:42:11Z",)"
    R"("region":"us-east-1","resources":[],"detail":{"id":"inner","eventBody":{}}})";

void expect_envelope(const decode_fixture& d, std::size_t event) {
  EXPECT_EQ(d.why(event), quarantine::none);
  EXPECT_EQ(d.slice(event), envelope);
  EXPECT_EQ(d.out.texts[event].id, "aws-1");
  EXPECT_EQ(d.out.texts[event].source, "v2.conversations.{id}.transcription");
  EXPECT_EQ(d.raw_source(event), "v2.conversations.{id}.transcription");
  EXPECT_EQ(d.raw_region(event), "us-east-1");
  EXPECT_EQ(d.out.entries[event].timestamp_ms, parse_rfc3339("2026-01-15T10:42:11Z"));
  EXPECT_EQ(d.metadata(event),
            "region=us-east-1;account=111122223333;source=aws.partner/genesys.com/cloud/org/x;");
  EXPECT_EQ(d.out.entries[event].identity,
            test_key().event_identity("v2.conversations.{id}.transcription", "aws-1"));
}

TEST(event_bridge, one_envelope_is_one_event) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(" " + envelope + "\n"), "ok");
  ASSERT_EQ(d.out.entries.size(), 1u);
  expect_envelope(d, 0);
}

TEST(event_bridge, an_array_of_envelopes) {
  decode_fixture d;
  ASSERT_EQ(d.verdict("[" + envelope + "," + envelope + "]"), "ok");
  ASSERT_EQ(d.out.entries.size(), 2u);
  expect_envelope(d, 0);
  expect_envelope(d, 1);
}

TEST(event_bridge, takes_only_strings_for_metadata) {
  decode_fixture d;
  ASSERT_EQ(
      d.verdict(R"({"detail-type":"t","id":"1","region":null,"account":111122223333,"metadata":{"a":"b"}})"),
      "ok");
  EXPECT_EQ(d.out.quarantined, 0u);
  EXPECT_EQ(d.metadata(0), "");
  EXPECT_EQ(d.out.entries[0].region_length, 0u);
}

TEST(cloud_events, one_structured_event) {
  decode_fixture d;
  const std::string event =
      R"({"specversion":"1.0","id":"ce-1","source":"//genesys.cloud/orgs/x","type":"t.v2","subject":null,)"
      R"("time":"2026-01-15T10:45:00.5Z","datacontenttype":"application/json","region":"us-east-1","priority":"high",)"
      R"("sequence":7,"timestamp":"then","data":{"id":"inner"}})";
  ASSERT_EQ(d.verdict(event), "ok");
  ASSERT_EQ(d.out.entries.size(), 1u);
  EXPECT_EQ(d.slice(0), event);
  EXPECT_EQ(d.out.texts[0].id, "ce-1");
  EXPECT_EQ(d.out.texts[0].source, "//genesys.cloud/orgs/x");
  EXPECT_EQ(d.out.entries[0].timestamp_ms, parse_rfc3339("2026-01-15T10:45:00.5Z"));
  EXPECT_EQ(d.raw_region(0), "us-east-1");
  EXPECT_EQ(d.metadata(0),
            "type=t.v2;datacontenttype=application/json;priority=high;region=us-east-1;timestamp=then;");
}

TEST(cloud_events, data_in_any_form_is_no_metadata) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"([{"id":"1","source":"s","specversion":"1.0","data":"text"},)"
                      R"({"id":"2","source":"s","specversion":"1.0","data_base64":"AAEC"}])"),
            "ok");
  EXPECT_EQ(d.out.quarantined, 0u);
  EXPECT_EQ(d.metadata(0), "");
  EXPECT_EQ(d.metadata(1), "");
}

struct element_row {
  const char* element;
  quarantine why;
};

TEST(shapes, each_element_of_an_array_is_told_by_its_members) {
  const element_row elements[] = {
      {R"({"id":"1","source":"s","metadata":{"a":"b"}})", quarantine::none},
      {R"({"id":"1","detail-type":"s"})", quarantine::none},
      {R"({"id":"1","source":"s","specversion":"1.0"})", quarantine::none},
      {R"({"id":"1","source":"s","metadata":7,"specversion":"1.0"})", quarantine::none},
      {R"({"id":"1","source":"s","detail-type":"t","specversion":"1.0","detail-type":"u"})",
       quarantine::none},
      {R"({"id":"1","source":"s","detail-type":7})", quarantine::source_not_string},
      {R"({"id":"1","source":"s","detail-type":""})", quarantine::source_empty},
      {R"({"id":"1","detail-type":"s","detail-type":"s"})", quarantine::duplicate_member},
      {R"({"id":"1","detail-type":"s","time":"x","time":"x"})", quarantine::duplicate_member},
      {R"({"id":"1","detail-type":"s","timestamp":"x","timestamp":"x"})", quarantine::none},
      {R"({"id":null,"source":"s","specversion":"1.0"})", quarantine::id_missing},
      {R"({"id":"1","source":null,"specversion":"1.0"})", quarantine::source_missing},
      {R"({"id":null,"source":"s"})", quarantine::id_not_string},
      {R"({"id":"1","source":"s","specversion":"1.0","specversion":"1.0"})", quarantine::duplicate_member},
      {R"({"source":"s"})", quarantine::id_missing},
      {"7", quarantine::not_an_object},
  };
  decode_fixture d;
  for (const auto& row : elements) {
    ASSERT_EQ(d.verdict(std::string("[") + row.element + "]"), "ok") << row.element;
    ASSERT_EQ(d.out.entries.size(), 1u);
    EXPECT_EQ(d.why(0), row.why) << row.element << ": " << to_string(d.why(0));
    EXPECT_EQ(d.slice(0), row.element);
  }
}

TEST(shapes, events_makes_it_a_batch_whatever_else_is_there) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"({"specversion":"1.0","detail-type":"t","id":"1","source":"s","events":[]})"), "ok");
  EXPECT_TRUE(d.out.entries.empty());
}

TEST(shapes, metadata_of_another_shape_leave_nothing_behind) {
  decode_fixture d;
  ASSERT_EQ(d.verdict(R"([{"id":"1","detail-type":"t","metadata":{"a":"b"},"region":"r"},)"
                      R"({"id":"1","source":"s","metadata":{"c":"d"}}])"),
            "ok");
  EXPECT_EQ(d.metadata(0), "region=r;");
  EXPECT_EQ(d.metadata(1), "c=d;");
  EXPECT_EQ(d.out.metadata.size(), 2u);
}

TEST(shapes, attributes_are_bounded) {
  decode_fixture d({.max_metadata = 3});
  EXPECT_EQ(d.verdict(R"({"specversion":"1","id":"1","source":"s","a":"","b":"","c":""})"), "ok");
  EXPECT_EQ(d.verdict(R"({"specversion":"1","id":"1","source":"s","a":"","b":"","c":"","d":""})"),
            "too_large |  | a batch has at most 3 metadata members");
  EXPECT_EQ(d.verdict(R"({"specversion":"1","id":"1","source":"s","a":"","b":"","c":"","region":""})"),
            "too_large |  | a batch has at most 3 metadata members");
}

}  // namespace
}  // namespace sluice::decode
