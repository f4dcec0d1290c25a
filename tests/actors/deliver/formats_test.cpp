// Goal: a receiver of each format gets what it can read, and nothing of an event is lost or changed. Method:
// tables of events with their exact bodies, the samples, and laws over generated events that an independent
// reader checks against CloudEvents 1.0.
#include "actors/deliver/formats.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

namespace sluice::deliver {
namespace {

using nlohmann::json;
using views = std::vector<std::string_view>;

std::string cloud_event(std::string_view event, std::string type = "") {
  std::string out;
  cloud_event_writer(std::move(type)).append(out, event, "spare");
  return out;
}

struct row {
  const char* name;
  const char* event;
  const char* expected;
};

TEST(cloud_event, has_a_place_for_everything) {
  const row table[] = {
      {"all of it",
       R"({"id":"1","source":"conversation:transcript","timestamp":"2026-01-15T10:45:00Z","data":{"n": 1.0},)"
       R"("metadata":{"region":"us-east-1","priority":"high"}})",
       R"({"specversion":"1.0","id":"1","source":"conversation:transcript","type":"sluice.event",)"
       R"("time":"2026-01-15T10:45:00Z","region":"us-east-1","priority":"high",)"
       R"("datacontenttype":"application/json","data":{"n": 1.0}})"},
      {"the least", R"({"source":"s","id":"1"})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event"})"},
      {"bytes of id and data stay", R"({"id":"\u0041\"","source":"s","data": 12345678901234567890 })",
       R"({"specversion":"1.0","id":"\u0041\"","source":"s","type":"sluice.event",)"
       R"("datacontenttype":"application/json","data":12345678901234567890})"},
      {"null is data", R"({"id":"1","source":"s","data":null})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","datacontenttype":"application/json","data":null})"},
      {"a source that is no reference", R"({"id":"1","source":"a b \u007b"})",
       R"({"specversion":"1.0","id":"1","source":"a%20b%20%7B","type":"sluice.event"})"},
      {"a time that is none", R"({"id":"1","source":"s","timestamp":"yesterday"})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","unmapped":"{\"timestamp\":\"yesterday\"}"})"},
      {"names that are not legal",
       R"({"id":"1","source":"s","metadata":{"Priority":"a","with-dash":"b","ok":"c","abcdefghijklmnopqrstu":"d","":"e"}})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","ok":"c",)"
       R"("unmapped":"{\"metadata\":{\"Priority\":\"a\",\"with-dash\":\"b\",\"abcdefghijklmnopqrstu\":\"d\",\"\":\"e\"}}"})"},
      {"names that are taken",
       R"({"id":"1","source":"s","metadata":{"id":"a","type":"b","data":"c","unmapped":"d","subject":"e"}})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event",)"
       R"("unmapped":"{\"metadata\":{\"id\":\"a\",\"type\":\"b\",\"data\":\"c\",\"unmapped\":\"d\",\"subject\":\"e\"}}"})"},
      {"a name twice, a control character",
       R"({"id":"1","source":"s","metadata":{"a":"1","a":"2","b":"\n","c":"\u0085"}})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","a":"1",)"
       R"("unmapped":"{\"metadata\":{\"a\":\"2\",\"b\":\"\\n\",\"c\":\"\\u0085\"}}"})"},
      {"members that mean nothing to us", R"({"id":"1","x":[1, {}],"source":"s","id":"2"})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","unmapped":"{\"x\":[1, {}],\"id\":\"2\"}"})"},
      {"EventBridge",
       R"({"version":"0","id":"1","detail-type":"v2.{id}.x","source":"aws.partner/g","account":"1","time":"2026-01-15T10:42:11Z",)"
       R"("region":"us-east-1","resources":[],"detail":{"a":1}})",
       R"({"specversion":"1.0","id":"1","source":"aws.partner/g","type":"v2.{id}.x","time":"2026-01-15T10:42:11Z",)"
       R"("region":"us-east-1","account":"1","unmapped":"{\"version\":\"0\",\"resources\":[]}",)"
       R"("datacontenttype":"application/json","data":{"a":1}})"},
      {"EventBridge without a source", R"({"id":"1","detail-type":"v2.{id}"})",
       R"({"specversion":"1.0","id":"1","source":"v2.%7Bid%7D","type":"v2.{id}"})"},
      {"a CloudEvent", R"({ "specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AA=="})",
       R"({ "specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AA=="})"},
      {"a CloudEvent without a type", R"({"specversion":"1.0","id":"1","source":"s"})",
       R"({"specversion":"1.0","id":"1","source":"s","type":"sluice.event","unmapped":"{\"specversion\":\"1.0\"}"})"},
      {"no object", "[1]",
       R"({"specversion":"1.0","id":"spare","source":"sluice","type":"sluice.event","datacontenttype":"application/json","data":[1]})"},
      {"no id", R"({"source":"s"})",
       R"({"specversion":"1.0","id":"spare","source":"sluice","type":"sluice.event","datacontenttype":"application/json","data":{"source":"s"}})"},
  };
  for (const row& r : table) EXPECT_EQ(cloud_event(r.event), r.expected) << r.name;
}

TEST(cloud_event, has_the_configured_type_unless_it_has_one) {
  EXPECT_EQ(json::parse(cloud_event(R"({"id":"1","source":"s"})", "com.x"))["type"], "com.x");
  EXPECT_EQ(json::parse(cloud_event(R"({"id":"1","source":"s","detail-type":"d"})", "com.x"))["type"],
            "com.x");
  EXPECT_EQ(
      json::parse(cloud_event(R"({"specversion":"1.0","id":"1","source":"s","type":"t"})", "com.x"))["type"],
      "t");
}

/// What CloudEvents 1.0 asks of an event in JSON; empty when all of it holds.
std::string fault_of(const json& e) {
  if (!e.is_object()) return "no object";
  for (const char* const name : {"id", "source", "specversion", "type"})
    if (!e.contains(name) || !e[name].is_string() || e[name].get<std::string>().empty())
      return std::string(name) + " is missing";
  if (e["specversion"] != "1.0") return "specversion";
  static const std::regex attribute("[a-z0-9]{1,20}");
  for (const auto& [name, value] : e.items()) {
    if (name == "data" || name == "data_base64") continue;
    if (!std::regex_match(name, attribute)) return "attribute " + name;
    if (!value.is_string() && !value.is_null() && !value.is_boolean() && !value.is_number_integer())
      return "value of " + name;
  }
  return {};
}

std::string sample(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SAMPLES) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(cloud_event, is_what_each_sample_becomes) {
  std::size_t seen = 0;
  for (const char* const name :
       {"batch-mixed.json", "batch-transcripts.json", "batch-large-unicode.json", "batch-duplicates.json",
        "batch-edge-values.json", "eventbridge-array.json", "eventbridge-envelope.json",
        "cloudevents-batch.json", "cloudevents-structured.json"}) {
    const json all = json::parse(sample(name));
    const json events = all.is_array() ? all : all.contains("events") ? all["events"] : json::array({all});
    for (const json& e : events) {
      const std::string text = e.dump();
      const json out = json::parse(cloud_event(text), nullptr, false);
      EXPECT_EQ(fault_of(out), "") << name << " " << text.substr(0, 200);
      EXPECT_EQ(out["id"], e["id"]) << name;
      if (e.contains("data")) {
        EXPECT_EQ(out["data"], e["data"]) << name;
      }
      if (e.contains("detail")) {
        EXPECT_EQ(out["data"], e["detail"]) << name;
      }
      ++seen;
    }
  }
  EXPECT_GT(seen, 140U);
}

/// An event as senders may make them, valid for the node.
rc::Gen<json> any_event() {
  const auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  const auto name =
      rc::gen::oneOf(rc::gen::element<std::string>("region", "id", "a1", "Type", "unmapped"), text);
  return rc::gen::apply(
      [](std::string id, std::string source, std::map<std::string, std::string> metadata,
         std::map<std::string, std::string> more, std::string time) {
        json e;
        for (const auto& [key, value] : more) e["x" + key] = value;
        e["id"] = "i" + id;
        e["source"] = "s" + source;
        if (!metadata.empty()) e["metadata"] = metadata;
        if (!time.empty()) e["timestamp"] = time;
        if (!more.empty()) e["data"] = more;
        return e;
      },
      text, text, rc::gen::container<std::map<std::string, std::string>>(name, text),
      rc::gen::container<std::map<std::string, std::string>>(name, text),
      rc::gen::oneOf(rc::gen::just(std::string("2026-01-15T10:45:00.5+01:00")), text));
}

RC_GTEST_PROP(cloud_event, is_one_and_holds_all_of_the_event, ()) {
  const json e = *any_event();
  const std::string out = cloud_event(e.dump());
  const json made = json::parse(out);
  RC_ASSERT(fault_of(made) == "");
  RC_ASSERT(out == cloud_event(e.dump()));

  json back = made.contains("unmapped") ? json::parse(made["unmapped"].get<std::string>()) : json::object();
  back["id"] = made["id"];
  back["source"] = e["source"];
  if (made.contains("data")) back["data"] = made["data"];
  if (made.contains("time")) back["timestamp"] = made["time"];
  if (e.contains("metadata"))
    for (const auto& [key, value] : e["metadata"].items())
      if (!back["metadata"].contains(key)) back["metadata"][key] = made.at(key);
  RC_ASSERT(back == e);
}

TEST(body_maker, makes_each_format) {
  const std::string one = R"({"id":"1","source":"s"})", other = R"({"id":"2","source":"s"})", spare = "7";
  const auto body = [](format of, const views& events) { return body_maker(of, "").make("msg_1", events); };
  EXPECT_EQ(body(format::envelope, {one, other}), R"({"events":[)" + one + "," + other + "]}");
  EXPECT_EQ(body(format::event, {one}), one);
  EXPECT_EQ(body(format::cloudevents, {one}), cloud_event(one));
  EXPECT_EQ(body(format::cloudevents_batch, {one, other}),
            "[" + cloud_event(one) + "," + cloud_event(other) + "]");
  const json spares = json::parse(body(format::cloudevents_batch, {spare, spare}));
  EXPECT_EQ(spares[0]["id"], "msg_1-0");
  EXPECT_EQ(spares[1]["id"], "msg_1-1") << "each must be told from its neighbours";
}

TEST(body_maker, gives_the_same_bytes_whatever_it_made_before) {
  const std::string large = R"({"id":"1","source":"s","data":")" + std::string(3u << 20, 'x') + "\"}";
  const std::string small = R"({"id":"2","source":"s","metadata":{"a":"b"}})";
  body_maker maker(format::cloudevents_batch, "");
  const std::string first = maker.make("m", views{small});
  maker.make("m", views{large, small});
  EXPECT_EQ(maker.make("m", views{small}), first);
}

}  // namespace
}  // namespace sluice::deliver
