// Goal: damage to acknowledged bytes is found and named, never delivered. Method: a byte of an acknowledged
// event is flipped in the log's file after a clean stop.
#include <gmock/gmock.h>

#include "tests/support/delivered.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct place {
  std::filesystem::path file;
  std::size_t offset = 0;
};

/// Where the text stands in a segment of the log (the pool and the reserve may hold old bytes).
place find_in_log(const std::filesystem::path& directory, const std::string& text) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".seg") || name.starts_with("pool-") || name == "reserve.seg") continue;
    const std::size_t at = read_text(entry.path()).find(text);
    if (at != std::string::npos) return {entry.path(), at};
  }
  throw std::runtime_error(text + " stands in no segment of " + directory.string());
}

void flip(const place& where) {
  std::string all = read_text(where.file);
  all[where.offset] = static_cast<char>(all[where.offset] ^ 1);
  write_text(where.file, all);
}

class damaged_log : public ::testing::Test {
 protected:
  /// Twenty batches for a webhook that is away, a clean stop, and then damage to an event of the seventh.
  damaged_log() : there_(webhook_node(", batch: 10"), {{"receiver", std::to_string(webhook_.port())}}) {
    there_.start();
    batch_maker maker(41, 0);
    for (int i = 0; i < 20; ++i) {
      const made_batch batch = maker.next_for(warehouse, 10);
      EXPECT_EQ(there_.post(batch.body).status, 200);
      if (i == 7) hurt_ = batch.events[5].id;
      all_.push_back(batch);
    }
    EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
    where_ = find_in_log(there_.path("data"), hurt_);
  }

  finished log(const std::string& what) {
    return run(sluice_binary(), {"log", what, there_.path("data").string()});
  }

  receiver webhook_;
  node there_;
  std::vector<made_batch> all_;
  std::string hurt_;
  place where_;
};

TEST_F(damaged_log, is_sound_before) {
  const finished verified = log("verify");
  EXPECT_EQ(verified.how, exit_status{}) << verified.output << verified.errors;
  const finished inspected = log("inspect");
  EXPECT_EQ(inspected.how, exit_status{}) << inspected.errors;
  EXPECT_THAT(inspected.output, HasSubstr(where_.file.filename().string()));
}

TEST_F(damaged_log, is_named_with_file_and_offset) {
  flip(where_);
  const finished verified = log("verify");
  EXPECT_EQ(verified.how, (exit_status{1, 0})) << verified.output << verified.errors;
  EXPECT_THAT(verified.output + verified.errors, ContainsRegex(where_.file.filename().string() + ".*[0-9]+"));
}

TEST_F(damaged_log, is_never_delivered) {
  flip(where_);
  webhook_.start();
  there_.launch();
  EXPECT_TRUE(wait_until([&] { return !there_.running() || there_.ready(); }, milliseconds(30'000)));
  const auto how = there_.ended(milliseconds(2'000));
  if (how) {
    EXPECT_NE(*how, exit_status{});
    EXPECT_THAT(there_.errors(), HasSubstr(where_.file.filename().string()));
  }
  for (const delivery& each : webhook_.deliveries()) {
    EXPECT_THAT(each.ids, ::testing::Not(::testing::Contains(hurt_)));
    for (const std::string& id : each.ids)
      EXPECT_TRUE(id.starts_with("00000029-0-")) << id << " was never sent";
  }
}

TEST_F(damaged_log, by_a_missing_file_is_refused) {
  std::filesystem::remove(where_.file);
  const finished verified = log("verify");
  there_.launch();
  const auto how = there_.ended(milliseconds(10'000));
  EXPECT_TRUE(verified.how != exit_status{} || (how && *how != exit_status{}))
      << "a log that lost its only segment passes for a sound one";
}

}  // namespace
}  // namespace sluice::testing
