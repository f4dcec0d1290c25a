// Goal: never more than 1000 events in any second at the receiver, whatever it does and however the node
// ends. Method: the real program with more to deliver than the limit allows, against receivers that note when
// each request came; several requests at once and one after the other.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <ostream>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr std::size_t limit = 1000;  // what `rate` is unless said

struct row {
  const char* name;
  std::string keys;
  receiver::policy answers;
  std::size_t events = 3000;
  int kills = 0;  ///< evenly spread over what arrives
};

std::ostream& operator<<(std::ostream& out, const row& r) { return out << r.name; }

receiver::policy after(int ms) {
  return [ms](const delivery&, std::size_t) { return reply{.delay = milliseconds(ms)}; };
}

/// Every `nth` request gets no answer.
receiver::policy silent_at_every(std::size_t nth) {
  return [nth](const delivery&, std::size_t number) {
    return number % nth == nth - 1 ? reply{.how = reply::manner::hang} : reply{.delay = milliseconds(20)};
  };
}

class limit_at_the_receiver : public ::testing::TestWithParam<row> {};

TEST_P(limit_at_the_receiver, is_never_passed_in_any_second) {
  const row& r = GetParam();
  receiver webhook;
  webhook.answer_with(r.answers);
  webhook.start();
  node there(webhook_node(", timeout: 1s" + r.keys),
             std::map<std::string, std::string>{{"receiver", std::to_string(webhook.port())}});
  there.start();
  batch_maker maker(draw_seed("limit_at_the_receiver"), 0);
  for (std::size_t posted = 0; posted < r.events; posted += 500)
    ASSERT_EQ(there.post(maker.next_for(warehouse, 500).body).status, 200) << there.last_words();
  for (int kill = 1; kill <= r.kills; ++kill) {
    const auto some = r.events * static_cast<std::size_t>(kill) / static_cast<std::size_t>(r.kills + 1);
    ASSERT_TRUE(webhook.wait_for_events(some, milliseconds(60'000))) << there.last_words();
    there.kill9();
    there.start();
  }
  EXPECT_TRUE(webhook.wait_for_events(r.events, milliseconds(120'000))) << there.last_words();
  const auto all = webhook.deliveries();
  std::size_t arrived = 0;
  for (const delivery& each : all) arrived += each.ids.size();
  EXPECT_LE(webhook.fastest_second(), limit) << arrived << " events in " << all.size() << " requests\n"
                                             << there.last_words();
  EXPECT_GT(webhook.fastest_second(), limit / 10) << "too slow to have tried the limit";
  std::printf("%s: %zu events in %zu requests took %.2f s, the fastest second had %zu\n", r.name, arrived,
              all.size(), std::chrono::duration<double>(all.back().at - all.front().at).count(),
              webhook.fastest_second());
}

const std::string eight = ", ordering: none, concurrency: 8";
const std::string many = ", ordering: none, concurrency: 128, batch: 1";

INSTANTIATE_TEST_SUITE_P(receivers, limit_at_the_receiver,
                         ::testing::Values(row{"answers_after_1_ms", "", after(1)},
                                           row{"answers_after_1_ms_to_eight", eight, after(1), 3000, 1},
                                           row{"answers_after_50_ms_to_eight", eight, after(50), 3000, 2},
                                           row{"answers_after_500_ms_to_eight", eight, after(500), 2500, 1},
                                           row{"answers_after_500_ms_to_one", "", after(500), 1000, 1},
                                           row{"one_event_a_request", many, after(1), 2000, 1},
                                           row{"one_event_a_request_after_50_ms", many, after(50), 2000, 2},
                                           row{"one_event_a_request_by_key", ", ordering: key, batch: 1",
                                               after(1), 2000},
                                           row{"no_answer_to_some", eight, silent_at_every(7), 2000, 1}),
                         [](const auto& name) { return name.param.name; });

// What a thread of the receiver notes lies some time behind the arrival at its socket, more of it on a busy
// machine; so the kernel's notes count here.
TEST(limit_at_the_socket, is_never_passed_while_answers_are_out) {
  receiver webhook;
  webhook.answer_with(after(500));
  webhook.start();
  node there(webhook_node(", timeout: 1s, rate_counts: arrival" + eight),
             std::map<std::string, std::string>{{"receiver", std::to_string(webhook.port())}});
  there.start();
  batch_maker maker(draw_seed("limit_at_the_socket"), 0);
  constexpr std::size_t events = 4000;
  for (std::size_t posted = 0; posted < events; posted += 500)
    ASSERT_EQ(there.post(maker.next_for(warehouse, 500).body).status, 200) << there.last_words();
  EXPECT_TRUE(webhook.wait_for_events(events, milliseconds(120'000))) << there.last_words();
  const auto all = webhook.deliveries();
  EXPECT_EQ(webhook.received().size(), events) << "something came twice";
  const std::size_t fastest = webhook.fastest_second_at_the_socket();
  EXPECT_LE(fastest, limit);
  EXPECT_GT(fastest, limit / 2) << "answers were waited for";
  std::printf("%zu events in %zu requests took %.2f s, the fastest second had %zu\n", events, all.size(),
              std::chrono::duration<double>(all.back().at - all.front().at).count(), fastest);
}

}  // namespace
}  // namespace sluice::testing
