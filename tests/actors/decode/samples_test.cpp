// Goal: every sample body gets the verdict that is written here, down to counts, identities and slices.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "tests/actors/decode/decode_fixture.hpp"
#include "tests/actors/decode/reference_json.hpp"

namespace sluice::decode {
namespace {

const std::filesystem::path samples = SLUICE_SAMPLES;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

struct sample_row {
  const char* file;
  const char* verdict;  // "ok", or code and place
  std::size_t events = 0;
  std::size_t quarantined = 0;
  std::size_t distinct = 0;  // identities
  std::size_t timed = 0;     // events with a timestamp
  std::size_t regions = 0;   // events with a region
};

const sample_row rows[] = {
    {"batch-mixed.json", "ok", 12, 0, 12, 12, 12},
    {"batch-transcripts.json", "ok", 8, 0, 8, 8, 8},
    {"batch-large-unicode.json", "ok", 120, 0, 120, 120, 120},
    {"batch-duplicates.json", "ok", 11, 0, 9, 11, 11},
    {"batch-edge-values.json", "ok", 4, 0, 4, 3, 2},
    {"batch-empty.json", "ok", 0, 0, 0, 0, 0},
    {"eventbridge-envelope.json", "ok", 1, 0, 1, 1, 1},
    {"eventbridge-detail-event.json", "ok", 1, 0, 1, 1, 1},
    {"eventbridge-array.json", "ok", 2, 0, 2, 2, 2},
    {"cloudevents-structured.json", "ok", 1, 0, 1, 1, 1},
    {"cloudevents-batch.json", "ok", 4, 0, 4, 3, 3},
    {"bad-event-without-id.json", "ok", 3, 1, 3, 3, 3},
    {"bad-id-empty-or-wrong-type.json", "ok", 3, 3, 3, 2, 0},
    {"bad-metadata-not-string.json", "ok", 1, 1, 1, 1, 1},
    {"bad-timestamp.json", "ok", 3, 0, 3, 1, 3},
    {"bad-missing-events.json", "not_a_batch events (byte 0)"},
    {"bad-events-not-array.json", "not_a_batch events (byte 14)"},
    {"bad-duplicate-keys.json", "not_a_batch events (byte 158)"},
    {"bad-control-char-in-string.json", "not_json byte 111"},
    {"bad-deep-nesting-2000.json", "not_json byte 616"},
    {"bad-empty-body.json", "not_json byte 0"},
    {"bad-invalid-utf8.json", "not_json byte 112"},
    {"bad-lone-surrogate.json", "not_json byte 108"},
    {"bad-trailing-garbage.json", "not_json byte 14"},
    {"bad-truncated.json", "not_json byte 3662"},
};

TEST(samples, get_their_verdicts) {
  decode_fixture d;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    const auto said = d.decode(read(samples / row.file));
    EXPECT_EQ(said ? "ok" : std::string(to_string(said.error().code)) + " " + said.error().place,
              row.verdict);
    EXPECT_EQ(d.out.entries.size(), row.events);
    EXPECT_EQ(d.out.quarantined, row.quarantined);
    std::set<std::pair<std::uint64_t, std::uint64_t>> identities;
    std::size_t timed = 0, regions = 0;
    for (const auto& entry : d.out.entries) {
      identities.emplace(entry.identity.low, entry.identity.high);
      timed += entry.timestamp_ms != no_timestamp;
      regions += entry.region_length > 0;
    }
    EXPECT_EQ(identities.size(), row.distinct);
    EXPECT_EQ(timed, row.timed);
    EXPECT_EQ(regions, row.regions);
  }
}

TEST(samples, are_all_in_the_table) {
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(samples)) {
    if (file.path().extension() != ".json") continue;
    const std::string name = file.path().filename();
    EXPECT_TRUE(std::ranges::any_of(rows, [&](const auto& row) { return row.file == name; })) << name;
    ++files;
  }
  EXPECT_EQ(files, std::size(rows));
}

TEST(samples, slices_are_json_that_begins_and_ends_with_its_braces) {
  decode_fixture d;
  for (const auto& row : rows) {
    if (row.events == 0) continue;
    ASSERT_TRUE(d.decode(read(samples / row.file))) << row.file;
    std::size_t end = 0;
    for (std::size_t i = 0; i < d.out.entries.size(); ++i) {
      EXPECT_TRUE(reference_is_json(d.slice(i), 512)) << row.file << " event " << i;
      EXPECT_EQ(d.slice(i).front(), '{');
      EXPECT_EQ(d.slice(i).back(), '}');
      EXPECT_GE(d.out.entries[i].offset, end) << "slices overlap";
      end = d.out.entries[i].offset + d.out.entries[i].length;
    }
  }
}

TEST(samples, edge_values_keep_their_bytes) {
  decode_fixture d;
  ASSERT_TRUE(d.decode(read(samples / "batch-edge-values.json")));
  EXPECT_NE(d.slice(0).find(R"("u64":18446744073709551615,"big":123456789012345678901234567890,"neg0":-0)"),
            std::string_view::npos);
  EXPECT_EQ(d.out.entries[1].timestamp_ms, 1768473000123) << "+01:00 with nanoseconds";
  EXPECT_EQ(d.metadata(1), "region=us-east-1;priority=;=empty key;");
  EXPECT_EQ(d.out.entries[2].timestamp_ms, no_timestamp);
  EXPECT_EQ(d.out.texts[3].id, "num-4") << "members in another order";
}

}  // namespace
}  // namespace sluice::decode
