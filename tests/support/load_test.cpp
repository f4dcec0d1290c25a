// Goal: senders resend until they are acknowledged, and see a node that breaks its word. Method: the tests'
// receiver plays a node with a set of ids for a memory.
#include "tests/support/load.hpp"

#include <gmock/gmock.h>

#include <set>

#include "tests/support/receiver.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A node that remembers ids; every `refuse_every`-th request it answers with `refusal` instead.
struct pretended_node {
  reply refusal = {.status = 503, .fields = {{"Retry-After", "1"}}};
  std::size_t refuse_every = 0;
  bool forgets = false;
  std::set<std::string> known = {};

  reply operator()(const delivery& what, std::size_t count) {
    if (refuse_every != 0 && count % refuse_every == 0) return refusal;
    std::size_t accepted = 0;
    for (const std::string& id : what.ids) accepted += known.insert(id).second ? 1U : 0U;
    const std::size_t duplicates = what.ids.size() - accepted;
    if (forgets) known.clear();
    return {.body = "{\"accepted\":" + std::to_string(accepted) +
                    ",\"duplicates\":" + std::to_string(duplicates) + "}"};
  }
};

struct outcome {
  load_report report;
  verdict judged;
};

/// Two senders against `node` until `requests` came.
outcome drive(pretended_node node, std::size_t requests) {
  receiver there;
  there.answer_with(std::move(node));
  there.start();
  ledger book;
  load senders({.port = there.port(), .senders = 2, .repeat_share = 0.5, .seed = 3}, book);
  EXPECT_TRUE(there.wait_for_requests(requests, milliseconds(30'000)));
  outcome all{senders.finish(milliseconds(10'000)), {}};
  std::set<std::string> ids;
  for (const std::string& id : there.received()) ids.insert(id);
  EXPECT_EQ(book.acknowledged_count(), ids.size());
  return all;
}

TEST(load, has_nothing_to_say_of_an_honest_node) {
  const outcome all = drive({}, 60);
  EXPECT_THAT(all.report.complaints, IsEmpty());
  EXPECT_EQ(all.report.unanswered, 0U);
}

TEST(load, sends_again_after_refusals_and_lost_connections) {
  const outcome refused = drive({.refuse_every = 3}, 60);
  EXPECT_THAT(refused.report.complaints, IsEmpty());
  EXPECT_GE(refused.report.answers.at(503), 20U);
  const outcome cut = drive({.refusal = {.how = reply::manner::cut}, .refuse_every = 3}, 60);
  EXPECT_THAT(cut.report.complaints, IsEmpty());
  EXPECT_GE(cut.report.connections_lost, 20U);
}

TEST(load, sees_a_node_that_forgets) {
  const outcome all = drive({.forgets = true}, 60);
  ASSERT_THAT(all.report.complaints, Not(IsEmpty()));
  EXPECT_THAT(all.report.complaints[0], HasSubstr("acknowledged before"));
}

TEST(load, sees_refusals_that_do_not_say_when_to_come_back) {
  const outcome all = drive({.refusal = {.status = 503}, .refuse_every = 3}, 30);
  ASSERT_THAT(all.report.complaints, Not(IsEmpty()));
  EXPECT_THAT(all.report.complaints[0], HasSubstr("Retry-After"));
}

TEST(load, gives_up_when_its_time_is_over) {
  ledger book;
  load senders({.port = free_port(), .senders = 1}, book);
  EXPECT_TRUE(wait_until([&] { return book.offered_count() > 0; }, milliseconds(10'000)));
  const load_report report = senders.finish(milliseconds(50));
  EXPECT_EQ(report.unanswered, 1U);
  EXPECT_EQ(book.acknowledged_count(), 0U);
}

}  // namespace
}  // namespace sluice::testing
