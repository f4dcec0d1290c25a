// Goal: an answer counts for the message that it is to, once, and only while its burst lasts. Method: answers
// out of order, twice, late and to nobody.
#include "net/nats/inbox.hpp"

#include <gtest/gtest.h>

namespace sluice::net::nats {
namespace {

TEST(nats_inbox, is_complete_when_each_message_has_its_answer) {
  inbox box;
  EXPECT_TRUE(box.is_complete());
  const auto first = box.begin(3);
  EXPECT_FALSE(box.is_complete());
  box.answered(first + 2, {false, "c"});
  box.answered(first, {true, ""});
  EXPECT_FALSE(box.is_complete());
  box.expect_nothing(first + 1);
  EXPECT_TRUE(box.is_complete());
  ASSERT_TRUE(box.at(0) && box.at(2));
  EXPECT_TRUE(box.at(0)->nobody);
  EXPECT_FALSE(box.at(1));
  EXPECT_EQ(box.at(2)->text, "c");
}

TEST(nats_inbox, takes_the_first_answer) {
  inbox box;
  const auto first = box.begin(2);
  box.answered(first, {false, "a"});
  box.answered(first, {false, "b"});
  EXPECT_FALSE(box.is_complete());
  EXPECT_EQ(box.at(0)->text, "a");
}

TEST(nats_inbox, gives_late_answers_to_nobody) {
  inbox box;
  const auto old = box.begin(2);
  const auto first = box.begin(2);
  for (const auto number : {old, old + 1, first + 2, first - 100, std::uint64_t{0}, ~std::uint64_t{0}})
    box.answered(number, {false, "x"});
  EXPECT_FALSE(box.at(0));
  EXPECT_FALSE(box.at(1));
  box.expect_nothing(first);
  box.expect_nothing(first);
  box.answered(first, {false, "x"});
  EXPECT_FALSE(box.at(0));
  box.answered(first + 1, {false, "b"});
  EXPECT_TRUE(box.is_complete());
}

}  // namespace
}  // namespace sluice::net::nats
