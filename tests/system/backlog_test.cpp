// Goal: a destination that is down costs its own events alone: the log stays within its bound, nothing is
// refused, and the destination gets all of it when it is back. Method: a webhook that is away and owed one
// event of a hundred, several times the log's bound of events for another, kills in between.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/support/deadline.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr std::uint64_t mib = 1 << 20, log_bytes = 512 * mib, segment_bytes = 64 * mib;

class away_for_long : public ::testing::Test {
 protected:
  static std::string configuration() {
    return R"(
ingest: { listen: "127.0.0.1:{port}" }
checkpoint: { directory: "{dir}/data", max_bytes: 512MiB }
audit: { path: "{dir}/audit.jsonl" }
)" + std::string(default_routes) +
           R"(
destinations:
  analytics-warehouse: { kind: http, url: "http://127.0.0.1:{receiver}/hook", allow: [127.0.0.0/8], batch: 50, retry: { initial: 50ms, max: 300ms, for: 1h } }
  realtime-dashboard: { kind: discard, rate: unlimited }
)";
  }

  /// Batches of a hundred events, one of them for the webhook, until the log took so many bytes more.
  void post(std::uint64_t bytes) {
    for (std::uint64_t sent = 0; sent < bytes;) {
      made_batch batch = maker_.next_for(dashboard, 99);
      const made_event owed = maker_.next_for(warehouse, 1).events.front();
      batch.events.insert(batch.events.begin() + 40, owed);
      batch.body = envelope(batch.events);
      const http_answer said = there_.post(batch.body);
      ASSERT_EQ(said.status, 200) << said.body << "\n" << there_.last_words();
      owed_.push_back(owed.id);
      sent += batch.body.size();
      if (owed_.size() % 50 != 0) continue;
      ASSERT_LE(bytes_of(".seg") + bytes_of(".ids"), log_bytes + segment_bytes)
          << "the log and its reserve are over their bound";
      ASSERT_LE(bytes_of(".spill"), owed_.size() * 2 * text_bytes + bytes_in_heads());
    }
  }
  std::uint64_t bytes_of(const std::string& suffix) const {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(there_.path("data"))) {
      std::error_code gone;
      if (!entry.path().filename().string().ends_with(suffix)) continue;
      const auto size = entry.file_size(gone);  // the node may have taken it away by now
      if (!gone) sum += size;
    }
    return sum;
  }
  /// Each copy has a head of 4 KiB, and there are no more copies than segments were filled.
  std::uint64_t bytes_in_heads() const {
    return 8192 * (owed_.size() * 100 * text_bytes / segment_bytes + 16);
  }

  static constexpr std::size_t text_bytes = 8000;
  receiver webhook_;
  node there_{configuration(), {{"receiver", std::to_string(webhook_.port())}}};
  batch_maker maker_{draw_seed("away for long"), 0, text_bytes};
  std::vector<std::string> owed_;
};

TEST_F(away_for_long, holds_no_segment_and_gets_everything_in_order) {
  there_.start();
  post(rounds(800, 600) * mib);
  EXPECT_GT(bytes_of(".spill"), 0U) << "nothing was copied";
  there_.kill9();
  there_.start();
  post(rounds(400, 100) * mib);
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
  const finished verified = run(sluice_binary(), {"log", "verify", there_.path("data").string()});
  EXPECT_EQ(verified.how, exit_status{}) << verified.output << verified.errors;
  there_.start();
  post(rounds(400, 100) * mib);
  EXPECT_LT(there_.metric("sluice_backlog_pinned_bytes", {{"destination", std::string(warehouse)}}),
            static_cast<double>(log_bytes) / 10);
  there_.kill9();
  webhook_.start();
  there_.start();
  ASSERT_TRUE(webhook_.wait_for_events(owed_.size() / 3, milliseconds(60'000))) << there_.last_words();
  there_.kill9();
  there_.start();
  ASSERT_TRUE(webhook_.wait_for_events(owed_.size(), milliseconds(60'000))) << there_.last_words();
  // The request that was under way at the kill came again.
  std::vector<std::string> once;
  std::set<std::string> seen;
  const auto received = webhook_.received();
  for (const std::string& id : received) {
    if (seen.insert(id).second) once.push_back(id);
  }
  EXPECT_EQ(once, owed_);
  EXPECT_LE(received.size(), owed_.size() + 50);
  EXPECT_TRUE(wait_until([&] { return bytes_of(".spill") == 0; }, milliseconds(10'000)))
      << "copies that nobody needs are still there";
  EXPECT_EQ(there_.stop(), exit_status{}) << there_.last_words();
}

}  // namespace
}  // namespace sluice::testing
