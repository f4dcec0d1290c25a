// Goal: each way in which a node can break its word is seen. Method: a small ledger against made-up
// deliveries.
#include "tests/support/ledger.hpp"

#include <gmock/gmock.h>

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

struct delivery_case {
  std::string name;
  std::vector<std::string> delivered;
  std::size_t lost, doubled, unoffered;
  std::string story;
};

class ledger_verdict : public ::testing::TestWithParam<delivery_case> {};

TEST_P(ledger_verdict, counts) {
  ledger book;
  for (const char* id : {"acked-1", "acked-2", "pending"}) book.offered(id, "there", "b1");
  book.offered("elsewhere", "other", "b2");
  for (const char* id : {"acked-1", "acked-2", "elsewhere"}) book.acknowledged(id);
  const verdict v = book.judge("there", GetParam().delivered);
  EXPECT_EQ(v.lost, GetParam().lost) << v;
  EXPECT_EQ(v.doubled, GetParam().doubled) << v;
  EXPECT_EQ(v.unoffered, GetParam().unoffered) << v;
  EXPECT_THAT(v.story, HasSubstr(GetParam().story));
}

INSTANTIATE_TEST_SUITE_P(
    table, ledger_verdict,
    ::testing::Values(
        delivery_case{"all", {"acked-2", "acked-1"}, 0, 0, 0, ""},
        delivery_case{"pending_may_come", {"acked-1", "pending", "acked-2"}, 0, 0, 0, ""},
        delivery_case{"lost", {"acked-1"}, 1, 0, 0, "'acked-2' not delivered; batch b1"},
        delivery_case{"doubled", {"acked-1", "acked-2", "acked-1"}, 0, 1, 0, "again as number 2"},
        delivery_case{
            "pending_doubled", {"acked-1", "acked-2", "pending", "pending"}, 0, 1, 0, "never acknowledged"},
        delivery_case{"invented", {"acked-1", "acked-2", "x"}, 0, 0, 1, "never offered"},
        delivery_case{"misrouted", {"acked-1", "acked-2", "elsewhere"}, 0, 0, 1, "meant for 'other'"}),
    [](const auto& row) { return row.param.name; });

TEST(ledger, counts_each_event_once) {
  ledger book;
  for (int i = 0; i < 2; ++i) {
    book.offered("a", "there", "b");
    book.acknowledged("a");
  }
  EXPECT_EQ(book.offered_count(), 1U);
  EXPECT_EQ(book.acknowledged_count(), 1U);
  EXPECT_EQ(book.acknowledged_count("there"), 1U);
  EXPECT_EQ(book.acknowledged_count("other"), 0U);
}

}  // namespace
}  // namespace sluice::testing
