// Goal: a subject has the tokens that its template has, whatever an event says, and a template that cannot
// make one is refused with the reason. Method: tables, and laws over generated events against the server's
// grammar.
#include "actors/deliver/subject_template.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::deliver {
namespace {

using nlohmann::json;

/// Of an event as it comes, with its id and source as the log knows them.
std::string subject(std::string_view of, std::string_view event, std::string_view id = "1",
                    std::string_view source = "s") {
  const auto parsed = subject_template::parse(of);
  if (!parsed) return "refused: " + parsed.error().detail;
  return subject_maker(*parsed).make(event, id, source);
}

TEST(subject_template, refuses_what_makes_no_subject_and_says_why) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "must not be empty"},
      {"$JS.API", "must not begin with $, which is the server's own"},
      {"{source}", "must begin with a literal token, as in events.{source}"},
      {"events{source}.x", "must begin with a literal token, as in events.{source}"},
      {"events..x", "has an empty token"},
      {".events", "has an empty token"},
      {"events.", "has an empty token"},
      {"events.{source}.", "has an empty token"},
      {"events.*", "has *, which stands for other subjects"},
      {"events.>", "has >, which stands for other subjects"},
      {"events.a b", "has a character that is not printable ASCII, or a space"},
      {"events.\u00e9", "has a character that is not printable ASCII, or a space"},
      {"events.\r\nPUB", "has a character that is not printable ASCII, or a space"},
      {"events.{source", "has a { without its }"},
      {"events.source}", "has a } without its {"},
      {"events.{}", "has the unknown place {}; known: {source}, {id}, {metadata.NAME}"},
      {"events.{metadata.}", "has the unknown place {metadata.}; known: {source}, {id}, {metadata.NAME}"},
      {"events.{Source}", "has the unknown place {Source}; known: {source}, {id}, {metadata.NAME}"},
      {"events." + std::string(1017, 'a'), ""},
      {"events." + std::string(1018, 'a'), "may become longer than 1024 bytes (each place counts 128)"},
      {"events", ""},
      {"events.$x", ""},
      {"events.{source}{id}-{metadata.a.b c}", ""},
  };
  for (const auto& [text, expected] : table) {
    const auto parsed = subject_template::parse(text);
    EXPECT_EQ(parsed ? "" : parsed.error().detail, expected) << text.substr(0, 60);
  }
}

TEST(subject_template, puts_what_the_event_says_into_its_places) {
  const std::string plain = R"({"id":"1","source":"s","metadata":{"region":"us-east-1","n":12.50,"yes":true,)"
                            R"("nothing":null,"list":[1],"object":{},"empty":"","two words":"x"}})";
  const std::string cloud =
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","priority":"high","data":3})";
  const std::string bridge =
      R"({"id":"1","detail-type":"d","source":"aws.partner/g","region":"eu","account":"7","resources":[]})";
  struct row {
    const char* text;
    std::string event;
    const char* expected;
  };
  const row table[] = {
      {"events", plain, "events"},
      {"events.{source}.{id}", plain, "events.s.1"},
      {"events.{metadata.region}", plain, "events.us-east-1"},
      {"events.{metadata.n}.{metadata.yes}.{metadata.nothing}", plain, "events.12%2E50.true.null"},
      {"events.{metadata.list}.{metadata.object}.{metadata.empty}.{metadata.none}", plain, "events._._._._"},
      {"events.{metadata.two words}", plain, "events.x"},
      {"a.x-{source}-{id}.b", plain, "a.x-s-1.b"},
      {"events.{metadata.id}", plain, "events._"},
      {"events.{metadata.region}", R"({"id":"1","metadata":{"region":"a","region":"b"}})", "events.a"},
      {"events.{metadata.region}", R"({"id":"1","metadata":"region"})", "events._"},
      {"events.{metadata.region}", R"({"id":"1"})", "events._"},
      {"events.{metadata.priority}.{metadata.type}", cloud, "events.high.t"},
      {"events.{metadata.data}.{metadata.id}", cloud, "events._._"},
      {"events.{metadata.region}.{metadata.account}.{metadata.source}", bridge,
       "events.eu.7.aws%2Epartner/g"},
      {"events.{metadata.detail-type}", bridge, "events._"},
  };
  for (const row& r : table) EXPECT_EQ(subject(r.text, r.event), r.expected) << r.text << " of " << r.event;
}

TEST(subject_template, encodes_what_would_mean_something_to_the_server) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"conversation:transcript", "conversation:transcript"},
      {"v2.conversations.{id}", "v2%2Econversations%2E{id}"},
      {"a b", "a%20b"},
      {R"(\r\nPUB x)", "%0D%0APUB%20x"},
      {R"(\u0000\u007f)", "%00%7F"},
      {"*>$%", "%2A%3E%24%25"},
      {"\u00e9", "%C3%A9"},
      {R"(\u00e9)", "%C3%A9"},
      {R"(\")", "\""},
      {"", "_"},
      {"_", "_"},
      {std::string(200, 'a'), std::string(128, 'a')},
      {std::string(127, 'a') + ".", std::string(127, 'a')},
      {std::string(125, 'a') + ".b", std::string(125, 'a') + "%2E"},
      {std::string(126, 'a') + ".b", std::string(126, 'a')},
  };
  for (const auto& [source, expected] : table)
    EXPECT_EQ(subject("events.{source}.x", "{}", "1", source), "events." + expected + ".x") << source;
}

RC_GTEST_PROP(subject_template, has_as_many_tokens_as_its_text_whatever_the_event_says, ()) {
  const auto any_text = rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string("a.*> $%\r\n{}\"\\")), rc::gen::inRange<char>(0, 127)));
  const std::string source = *any_text, value = *any_text;
  const std::string quoted = json(source).dump();
  const json event = {{"id", "1"}, {"source", source}, {"metadata", {{"m", value}}}};
  const std::string made = subject("events.{source}.{metadata.m}-z.end", event.dump(), "1",
                                   std::string_view(quoted).substr(1, quoted.size() - 2));
  RC_ASSERT(made.starts_with("events."));
  RC_ASSERT(made.ends_with("-z.end"));
  RC_ASSERT(std::ranges::count(made, '.') == 3);
  RC_ASSERT(made.find("..") == made.npos);
  RC_ASSERT(std::ranges::all_of(made, [](char c) { return c > ' ' && c < 0x7f && c != '*' && c != '>'; }));
  RC_ASSERT(made.size() <= subject_template::subject_bytes_max);
}

RC_GTEST_PROP(subject_template, tells_short_texts_apart, ()) {
  const auto short_text = rc::gen::suchThat(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("a.% E2"))),
      [](const std::string& s) { return !s.empty() && s.size() <= subject_template::place_bytes_max / 3; });
  const std::string one = *short_text, other = *short_text;
  RC_ASSERT((subject("e.{id}", "{}", one) == subject("e.{id}", "{}", other)) == (one == other));
}

}  // namespace
}  // namespace sluice::deliver
