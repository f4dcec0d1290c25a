// Goal: a wall clock that jumps changes nothing that counts in time: not the limit, not what is recognised as
// a duplicate, not what arrives. Method: the release binary with a preloaded shim that steps the wall clock
// and leaves the monotonic one alone, a receiver with notes of its own.
#include <gmock/gmock.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/delivered.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t hour = 3600, day = 24 * hour;

class clock_steps : public ::testing::Test {
 protected:
  void begin(const std::string& keys) {
    webhook_.start();
    there_.emplace(webhook_node(keys),
                   std::map<std::string, std::string>{{"receiver", std::to_string(webhook_.port())}});
    step_to(0);
    there_->preload(SLUICE_CLOCK_SHIM, {{"SLUICE_CLOCK_OFFSET", there_->path("clock").string()}});
    there_->start();
  }
  void step_to(std::int64_t seconds) {
    char bytes[sizeof seconds];
    std::memcpy(bytes, &seconds, sizeof seconds);
    // In place: the program has the file mapped.
    std::fstream clock(there_->path("clock"), std::ios::binary | std::ios::in | std::ios::out);
    if (!clock) clock.open(there_->path("clock"), std::ios::binary | std::ios::out);
    clock.write(bytes, sizeof bytes);
  }
  /// The warehouse's next events; the body that brought them.
  std::string post(std::size_t events) {
    std::string body = maker_.next_for(warehouse, events).body;
    EXPECT_EQ(there_->post(body).status, 200) << there_->last_words();
    return body;
  }

  /// A backlog of several seconds, while the wall clock stands at each of `offsets` in turn, for 90 ms.
  void deliver_while_it_steps(const std::string& keys, const std::vector<std::int64_t>& offsets) {
    begin(keys + ", ordering: none, concurrency: 8");
    constexpr std::size_t events = 5000;
    for (std::size_t posted = 0; posted < events; posted += 500) post(500);
    std::atomic<bool> over = false;
    std::thread steps([&] {
      for (std::size_t i = 0; !over; ++i) {
        step_to(offsets[i % offsets.size()]);
        std::this_thread::sleep_for(milliseconds(90));
      }
    });
    EXPECT_TRUE(webhook_.wait_for_events(events, milliseconds(120'000))) << there_->last_words();
    over = true;
    steps.join();
    EXPECT_EQ(webhook_.received().size(), events) << "something came twice";
    EXPECT_LE(webhook_.fastest_second(), 1000U);
    EXPECT_GT(webhook_.fastest_second(), 100U) << "too slow to have tried the limit";
    EXPECT_EQ(there_->metric("sluice_dead_letters", {{"destination", std::string(warehouse)}}), 0);
  }

  batch_maker maker_{draw_seed("clock_steps"), 0};
  receiver webhook_;
  std::optional<node> there_;
};

TEST_F(clock_steps, never_let_more_through_than_the_limit_and_lose_nothing) {
  webhook_.answer_with([](const delivery&, std::size_t number) {
    return number % 11 == 10 ? reply{.status = 500} : reply{.delay = milliseconds(20)};
  });
  // Less than `retry.for` apart: an age is measured by this clock, and what fails would be given up.
  deliver_while_it_steps(", timeout: 1s", {hour / 4, -hour / 4, 0, -1, 2});
}

TEST_F(clock_steps, of_more_than_an_event_may_age_give_nothing_up_that_is_taken) {
  webhook_.answer_with([](const delivery&, std::size_t) { return reply{.delay = milliseconds(20)}; });
  // Nothing fails, also on a busy machine: only what fails is given up for its age.
  deliver_while_it_steps(", timeout: 60s", {hour, -hour, day, -day, 0, 30 * day});
}

TEST_F(clock_steps, of_more_than_an_event_may_age_give_up_what_fails_then) {
  webhook_.answer_with([](const delivery&, std::size_t) { return reply{.status = 500}; });
  begin("");
  post(10);
  const auto given_up = [&] {
    return there_->metric("sluice_dead_letters", {{"destination", std::string(warehouse)}});
  };
  step_to(hour / 2);
  ASSERT_TRUE(webhook_.wait_for_requests(webhook_.deliveries().size() + 2, milliseconds(30'000)));
  EXPECT_EQ(given_up(), 0) << "half of what an event may age";
  step_to(2 * hour);
  EXPECT_TRUE(wait_until([&] { return given_up() == 10; }, milliseconds(30'000))) << there_->last_words();
}

TEST_F(clock_steps, change_nothing_of_what_is_known_to_be_a_duplicate_also_through_a_restart) {
  begin(", batch: 50");
  const std::string first = post(100);
  EXPECT_TRUE(webhook_.wait_for_events(100, milliseconds(30'000)));
  std::size_t sent = 100;
  // At last to where the clock of a machine without one begins, and to where 32 bits of seconds end.
  const std::int64_t now =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
  constexpr std::int64_t last_of_32_bits = 2'147'483'647;
  for (const std::int64_t offset : {hour, -hour, 30 * day, -30 * day, 10 - now, last_of_32_bits + 10 - now}) {
    step_to(offset);
    EXPECT_THAT(there_->post(first).body, HasSubstr(R"("duplicates":100)")) << offset;
    post(100);
    sent += 100;
    EXPECT_TRUE(webhook_.wait_for_events(sent, milliseconds(30'000))) << offset;
    offset > 0 ? there_->restart() : there_->kill9();
    if (offset < 0) there_->start();
    EXPECT_THAT(there_->post(first).body, HasSubstr(R"("duplicates":100)")) << offset << " and a new start";
  }
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  std::set<std::string> months;
  for (const std::string& line : complete_lines(there_->path("audit.jsonl")))
    months.insert(line.substr(std::string_view(R"({"timestamp":")").size(), 7));
  EXPECT_GE(months.size(), 2U) << "the clock did not step";
  const finished verified = run(sluice_binary(), {"log", "verify", there_->path("data").string()});
  EXPECT_EQ(verified.how, exit_status{}) << verified.output << verified.errors;
}

}  // namespace
}  // namespace sluice::testing
