// Goal: however an endpoint answers, and through a kill, it never sees more events in any second than it
// allows, and none is lost. Method: the real program with a backlog, a receiver that notes the time of every
// request, answered or not.
#include <gmock/gmock.h>

#include <list>
#include <optional>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr milliseconds patience(120'000);
constexpr std::size_t rate = 200;

struct row {
  const char* name;
  std::string keys;     ///< of the destination, beside what all have
  reply answer;         ///< to all requests …
  std::size_t odd = 0;  ///< … but every so-manieth, which gets no answer; 0: none
};

class limit : public ::testing::TestWithParam<row> {
 protected:
  limit() {
    there_.answer_with([](const delivery&, std::size_t number) {
      const row& r = GetParam();
      return r.odd != 0 && number % r.odd == r.odd - 1 ? reply{.how = reply::manner::hang} : r.answer;
    });
    there_.start();
    node_.emplace(webhook_node(", rate: " + std::to_string(rate) + ", timeout: 1s" + GetParam().keys),
                  std::map<std::string, std::string>{{"receiver", std::to_string(there_.port())}});
    node_->start();
  }
  void post(std::size_t events) {
    while (posted_ < events) {
      ASSERT_EQ(node_->post(maker_.next_for(warehouse, 50).body).status, 200) << node_->last_words();
      posted_ += 50;
    }
  }

  receiver there_;
  std::optional<node> node_;
  batch_maker maker_{77, 1};
  std::size_t posted_ = 0;
};

TEST_P(limit, is_kept_in_every_second_and_through_a_kill) {
  post(700);
  ASSERT_TRUE(there_.wait_for_events(300, patience)) << node_->last_words();
  node_->kill9();
  node_->start();
  ASSERT_TRUE(there_.wait_for_events(posted_, patience)) << node_->last_words();
  EXPECT_LE(there_.fastest_second(), rate);
}

INSTANTIATE_TEST_SUITE_P(
    answers, limit,
    ::testing::Values(
        row{"after_a_millisecond", ", batch: 20", {.delay = milliseconds(1)}},
        row{"after_50_ms", ", batch: 20", {.delay = milliseconds(50)}},
        row{"after_500_ms_to_several_at_once",
            ", ordering: none, concurrency: 8, batch: 20",
            {.delay = milliseconds(500)}},
        row{"never_to_some", ", ordering: none, concurrency: 4, batch: 20", {.delay = milliseconds(5)}, 7},
        row{"to_one_event_a_request", ", batch: 1, ordering: key", {.delay = milliseconds(1)}}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace sluice::testing
