// Goal: each sample is answered as the contract says and what it holds is delivered byte for byte. Method:
// every file of tests/samples against a node; what to expect of an answer is a table, what to expect of a
// delivery is cut out of the file by the tests' own scanner.
#include <gmock/gmock.h>

#include <set>

#include "tests/support/delivered.hpp"
#include "tests/support/json_scan.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::ContainerEq;
using ::testing::HasSubstr;

struct sample {
  const char* name;
  int status;
  int accepted = 0, duplicates = 0, dropped = 0, quarantined = 0;
};

constexpr sample samples[] = {
    {"batch-mixed", 200, 12, 0, 5, 0},
    {"batch-transcripts", 200, 8, 0, 0, 0},
    {"batch-large-unicode", 200, 120, 0, 0, 0},
    {"batch-duplicates", 200, 9, 2, 0, 0},
    {"batch-edge-values", 200, 4, 0, 2, 0},
    {"batch-empty", 200, 0, 0, 0, 0},
    {"eventbridge-envelope", 200, 1, 0, 1, 0},
    {"eventbridge-detail-event", 200, 1, 0, 1, 0},
    {"eventbridge-array", 200, 2, 0, 2, 0},
    {"cloudevents-structured", 200, 1, 0, 1, 0},
    {"cloudevents-batch", 200, 4, 0, 4, 0},
    {"bad-event-without-id", 200, 2, 0, 0, 1},
    {"bad-id-empty-or-wrong-type", 200, 0, 0, 0, 3},
    {"bad-metadata-not-string", 200, 0, 0, 0, 1},
    {"bad-timestamp", 200, 3, 0, 0, 0},
    {"bad-missing-events", 400},
    {"bad-events-not-array", 400},
    {"bad-duplicate-keys", 400},
    {"bad-truncated", 400},
    {"bad-trailing-garbage", 400},
    {"bad-empty-body", 400},
    {"bad-control-char-in-string", 400},
    {"bad-invalid-utf8", 400},
    {"bad-lone-surrogate", 400},
    {"bad-deep-nesting-2000", 400},
};

std::string content(const sample& of) {
  return read_text(std::filesystem::path(SLUICE_SAMPLES) / (std::string(of.name) + ".json"));
}

std::string media_type(const sample& of) {
  const std::string_view name = of.name;
  if (name == "cloudevents-structured") return "application/cloudevents+json";
  if (name == "cloudevents-batch") return "application/cloudevents-batch+json";
  return "application/json";
}

http_answer post_sample(const node& there, const sample& of) {
  return there.post(content(of), {{"Content-Type", media_type(of)}});
}

TEST(samples, are_all_in_the_table) {
  std::set<std::string> files, rows;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SAMPLES)) {
    if (entry.path().extension() == ".json") files.insert(entry.path().stem());
  }
  for (const sample& each : samples) rows.insert(each.name);
  EXPECT_THAT(files, ContainerEq(rows));
}

class sample_verdict : public ::testing::TestWithParam<sample> {};

TEST_P(sample_verdict, is_as_the_contract_says) {
  const sample& row = GetParam();
  node there(file_node());
  there.start();
  const http_answer answer = post_sample(there, row);
  ASSERT_EQ(answer.status, row.status) << answer.body;
  if (row.status != 200) {
    EXPECT_THAT(answer.field("content-type"), HasSubstr("application/problem+json"));
    EXPECT_NE(json::text_of(answer.body, "error"), "") << answer.body;
    EXPECT_EQ(there.metric("sluice_events_received_total"), 0) << "something of a refused batch was kept";
    return;
  }
  EXPECT_EQ(json::text_of(answer.body, "status"), "accepted");
  for (const auto& [key, expected] :
       {std::pair{"accepted", row.accepted}, std::pair{"duplicates", row.duplicates},
        std::pair{"dropped", row.dropped}, std::pair{"quarantined", row.quarantined}}) {
    EXPECT_EQ(json::find(answer.body, key), std::to_string(expected)) << key << " in " << answer.body;
  }
}

INSTANTIATE_TEST_SUITE_P(each, sample_verdict, ::testing::ValuesIn(samples), [](const auto& row) {
  std::string name = row.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

/// The events of the samples as a node should keep them: in order, the first of each source and id, valid
/// ones only.
std::vector<std::string> expected_slices() {
  std::vector<std::string> all;
  std::set<std::pair<std::string, std::string>> known;
  for (const sample& each : samples) {
    if (each.status != 200) continue;
    const std::string text = content(each);
    for (const auto slice : json::events(text)) {
      const std::string id = json::text_of(slice, "id"), source = json::text_of(slice, "source");
      const bool bad_metadata = std::string_view(each.name) == "bad-metadata-not-string";
      if (id.empty() || source.empty() || bad_metadata) continue;
      if (known.emplace(source, id).second) all.emplace_back(slice);
    }
  }
  return all;
}

TEST(samples, are_delivered_byte_for_byte) {
  receiver webhook;
  webhook.start();
  node there(std::string(node_base) + R"(
routes: [ { source: ".*", to: [ to-file, to-webhook ] } ]
destinations:
  to-file: { kind: file, path: "{dir}/everything.jsonl" }
  to-webhook: { kind: http, url: "http://127.0.0.1:{receiver}/hook", allow: [127.0.0.0/8], batch: 7 }
)",
             {{"receiver", std::to_string(webhook.port())}});
  there.start();
  for (const sample& each : samples) EXPECT_EQ(post_sample(there, each).status, each.status) << each.name;
  const std::vector<std::string> expected = expected_slices();
  std::vector<std::string> lines;
  for (const std::string& slice : expected) lines.push_back(json::one_line(slice));
  EXPECT_TRUE(
      wait_until([&] { return complete_lines(there.path("everything.jsonl")).size() >= lines.size(); },
                 milliseconds(20'000)));
  EXPECT_EQ(complete_lines(there.path("everything.jsonl")), lines);

  const auto slices_delivered = [&] {
    std::vector<std::string> slices;
    for (const delivery& each : webhook.deliveries()) {
      for (const auto slice : json::events(each.body)) slices.emplace_back(slice);
    }
    return slices;
  };
  EXPECT_TRUE(wait_until([&] { return slices_delivered().size() >= expected.size(); }, milliseconds(20'000)));
  std::vector<std::string> got = slices_delivered(), wanted = expected;
  std::ranges::sort(got);
  std::ranges::sort(wanted);
  EXPECT_EQ(got, wanted);
}

}  // namespace
}  // namespace sluice::testing
