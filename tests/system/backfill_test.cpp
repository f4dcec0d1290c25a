// Goal: a destination that is new gets, when it asks for it, every event of before, once and in order, then
// what comes; kills while the node starts change nothing. Method: a node that dropped or delivered everything
// before, its configuration changed, kill -9 at random moments of the start, the new file line by line.
#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "tests/support/delivered.hpp"
#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

TEST(backfill, gives_a_new_destination_everything_of_before_once_and_in_order) {
  const std::uint64_t seed = draw_seed("backfill");
  std::mt19937_64 random(seed);
  node there(file_node());
  there.start();
  batch_maker maker(seed, 5, 300);
  std::vector<std::string> ids;
  const auto post = [&](int batches) {
    for (int i = 0; i < batches; ++i) {
      const made_batch batch = maker.next(200);
      for (const made_event& e : batch.events) ids.push_back(e.id);
      ASSERT_EQ(there.post(batch.body).status, 200);
    }
  };
  post(rounds(200, 40));
  there.stop();

  std::string text = read_text(there.config_file());
  text.replace(text.find("routes:"), std::string::npos,
               "routes: [ { to: archive } ]\ndestinations:\n  archive: { kind: file, path: \"" +
                   there.path("archive.jsonl").string() + "\", rate: unlimited, from: oldest }\n");
  write_text(there.config_file(), text);
  for (int kill = 0; kill < rounds(12, 4); ++kill) {
    there.launch();
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(1, 150)(random)));
    ASSERT_TRUE(there.running()) << there.last_words();
    there.kill9();
  }
  there.start();
  post(2);
  const auto archived = [&] { return delivered_ids(there.path("archive.jsonl")); };
  EXPECT_TRUE(wait_until([&] { return archived().size() >= ids.size(); }, milliseconds(60'000)));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
  EXPECT_EQ(archived(), ids);
  const finished inspected = run(sluice_binary(), {"log", "inspect", there.path("data").string()});
  EXPECT_THAT(inspected.output, HasSubstr("archive: routed " + std::to_string(ids.size()) + ", redriven 0"));
}

}  // namespace
}  // namespace sluice::testing
