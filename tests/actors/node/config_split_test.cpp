// Goal: how a destination's events are split is what was written, and what cannot be kept is refused at its
// place.
// Method: tables of destinations with the lanes they make, or the exact list of messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/node/config/rules.hpp"
#include "tests/actors/node/loaded_keys.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

loaded load_keys(const std::string& keys) {
  return load_text("destinations:\n  a: { kind: http, " + keys + " }\n", "f.yaml", {},
                   {[](const std::string&) { return std::nullopt; },
                    [](const std::string& path) -> result<std::string> {
                      return fail(errc::io, "No such file or directory", path, 2);
                    }});
}

struct good_row {
  std::string keys;
  std::size_t endpoints, lanes;
  route::split_rule::by what = route::split_rule::by::source;
  std::string key = {};
};

TEST(split_keys, make_lanes) {
  using by = route::split_rule::by;
  const std::string two = "endpoints: [\"http://h/\", \"http://i/\"]";
  for (const good_row& row : {
           good_row{"url: \"http://h/\"", 1, 1},
           {"endpoints: \"http://h/\"", 1, 1},
           {two, 2, 2},
           {two + ", key: metadata.region", 2, 2, by::metadata, "region"},
           {two + ", ordering: key", 2, 16},
           {two + ", ordering: key, key: metadata.a.b, concurrency: 3", 2, 6, by::metadata, "a.b"},
           {two + ", ordering: none, concurrency: auto", 2, 16, by::turn},
           {"url: \"http://h/\", ordering: none, concurrency: 512", 1, 512, by::turn},
           {"url: \"http://h/\", concurrency: 1", 1, 1},
       }) {
    const auto read = load_keys(row.keys);
    if (!read) {
      for (const error& e : read.error()) ADD_FAILURE() << row.keys << ": " << to_string(e);
      continue;
    }
    const destination_options& d = read->destinations.at(0);
    EXPECT_EQ(d.endpoint_count(), row.endpoints) << row.keys;
    EXPECT_EQ(d.lane_count(), row.lanes) << row.keys;
    EXPECT_EQ(d.endpoint_url(0), "http://h/") << row.keys;
    const auto split = make_split(*read, [](std::string_view) { return destination_id{1}; });
    EXPECT_EQ(split->splits(1), row.lanes > 1) << row.keys;
    if (row.lanes == 1) continue;
    std::uint64_t turn = 1;
    const std::vector<metadata_member> metadata = {{row.key, "north"}};
    const auto lane = split->lane_of(1, "source", metadata, turn);
    const auto expected = row.what == by::turn       ? 1
                          : row.what == by::metadata ? route::stable_hash("north") % row.lanes
                                                     : route::stable_hash("source") % row.lanes;
    EXPECT_EQ(lane, expected) << row.keys;
  }
}

struct bad_row {
  std::string keys;
  std::vector<std::string> expected;
};

TEST(split_keys, are_refused_at_their_place) {
  const std::string url = "url: \"http://h/\"";
  std::string many = "endpoints: [";
  for (int i = 0; i < 17; ++i)
    many.append(i == 0 ? "" : ", ").append("\"http://h").append(std::to_string(i)).append("/\"");
  many += "]";
  for (const bad_row& row : std::vector<bad_row>{
           {"rate: 1, batch: 1",
            {"f.yaml:2:3: destinations.a.url: is missing; http[s]://HOST[:PORT][/PATH][?QUERY], or several "
             "as "
             "`endpoints`"}},
           {url + ", endpoints: \"http://i/\"",
            {"f.yaml:2:25: destinations.a.url: is there beside `endpoints`; one of the two"}},
           {"endpoints: [\"http://h/\", \"ftp://i/\"]",
            {"f.yaml:2:45: destinations.a.endpoints[1]: `ftp://i/` is not a URL to send to: the URL does not "
             "begin with http:// or https://; one or a list: http[s]://HOST[:PORT][/PATH][?QUERY]"}},
           {"endpoints: [\"http://h/\", \"http://i/\", \"http://h/\"]",
            {"f.yaml:2:58: destinations.a.endpoints[2]: is there twice; each endpoint once, for each has its "
             "own "
             "rate"}},
           {"endpoints: [\"http://h/\", \"http://127.0.0.1/\"]",
            {"f.yaml:2:45: destinations.a.endpoints[1]: leads to 127.0.0.1 that is not a public one; `allow: "
             "[127.0.0.0/8]` opens it"}},
           {many, {"f.yaml:2:20: destinations.a.endpoints: has 17 URLs; at most 16"}},
           {url + ", concurrency: 2",
            {"f.yaml:2:51: destinations.a.concurrency: is more than one request at once, which cannot keep "
             "the "
             "order of `ordering: strict`; 1, or ordering key or none"}},
           {"endpoints: [\"http://h/\", \"http://i/\"], ordering: none, concurrency: 257",
            {"f.yaml:2:88: destinations.a.concurrency: makes 514 requests at once with 2 endpoints; at most "
             "512 "
             "together"}},
           {url + ", key: source",
            {"f.yaml:2:43: destinations.a.key: has nothing to split: one endpoint and one request at a time; "
             "leave it out"}},
           {url + ", ordering: none, key: metadata.x",
            {"f.yaml:2:59: destinations.a.key: is for ordering strict or key, where a key's events keep "
             "together; "
             "leave it out"}},
           {url + ", ordering: key, key: id",
            {"f.yaml:2:58: destinations.a.key: `id` is no member of an event that has a fixed place; source, "
             "or "
             "metadata.NAME with a name of 1 to 256 bytes"}},
           {url + ", ordering: key, key: metadata.",
            {"f.yaml:2:58: destinations.a.key: `metadata.` has no name; source, or metadata.NAME with a name "
             "of 1 "
             "to 256 bytes"}},
       }) {
    EXPECT_THAT(complaints_of(load_keys(row.keys)), ElementsAreArray(row.expected)) << row.keys;
  }
}

TEST(split_keys, of_another_kind_are_not_there) {
  const auto read = load_text("destinations:\n  a: { kind: discard, ordering: none }\n", "f.yaml", {}, {});
  ASSERT_FALSE(read);
  EXPECT_EQ(to_string(read.error().at(0)),
            "f.yaml:2:33: destinations.a.ordering: is not for kind discard; leave it out");
}

TEST(split_keys, make_so_many_lanes_in_all_and_no_more) {
  std::string text = "destinations:\n";
  for (int i = 0; i < 5; ++i)
    text.append("  d")
        .append(std::to_string(i))
        .append(": { kind: http, url: \"http://h/\", ordering: none, concurrency: 512 }\n");
  const auto read = load_text(text, "f.yaml", {}, {});
  ASSERT_FALSE(read);
  ASSERT_EQ(read.error().size(), 1u);
  EXPECT_EQ(read.error()[0].detail, "make 2560 requests at once; at most 2048 together");
}

}  // namespace
}  // namespace sluice::config
