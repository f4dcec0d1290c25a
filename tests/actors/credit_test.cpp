// Goal: credit is neither made nor lost, whoever dies. Method: any sequence of what can happen on a link, the
// producer's and the consumer's books beside a model; and the cases that have a name.
#include "actors/credit.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(credit_ledger, spends_only_what_was_granted) {
  credit_ledger<std::string> links;
  EXPECT_EQ(links.spend(), nullptr) << "no link at all";
  links.attach(1, "a");
  EXPECT_EQ(links.spend(), nullptr) << "a link without credit";
  links.grant(1, 2);
  EXPECT_NE(links.spend(), nullptr);
  EXPECT_NE(links.spend(), nullptr);
  EXPECT_EQ(links.spend(), nullptr) << "two were granted";
}

TEST(credit_ledger, ignores_the_credit_of_a_link_that_is_gone) {
  credit_ledger<std::string> links;
  links.attach(1, "a");
  links.drop([](const std::string& who) { return who == "a"; });
  links.grant(1, 5);
  links.attach(2, "a");
  EXPECT_EQ(links.credit(), 0u) << "what the predecessor granted is not the successor's";
}

TEST(credit_ledger, takes_equal_links_in_turn_and_otherwise_the_one_with_most_room) {
  credit_ledger<std::string> links;
  for (epoch e = 1; e <= 3; ++e) {
    links.attach(e, std::string(1, static_cast<char>('a' + e - 1)));
    links.grant(e, 2);
  }
  std::string order;
  while (const auto* link = links.spend()) order += link->consumer;
  EXPECT_EQ(order, "abcabc");
  links.grant(2, 5);
  links.grant(3, 1);
  EXPECT_EQ(links.spend()->consumer, "b");
}

TEST(debt_ledger, owes_a_credit_for_each_group_that_left) {
  debt_ledger<std::string> links(2);
  links.open(7, "p");
  EXPECT_TRUE(links.pushed(7));
  const auto* owed = links.left(7);
  ASSERT_NE(owed, nullptr);
  EXPECT_EQ(*owed, "p");
  EXPECT_FALSE(links.pushed(8)) << "an epoch that was never opened";
  EXPECT_EQ(links.left(8), nullptr);
}

/// Two ends of a link and the messages between them, some of which are on their way.
struct channel {
  static constexpr std::uint32_t window = 3;
  credit_ledger<std::string> producer;
  debt_ledger<std::string> consumer{window};
  epoch now = 0;
  std::uint32_t grants_under_way = 0, pushes_under_way = 0, held = 0;

  void open() {
    ++now;
    producer.attach(now, "consumer");
    consumer.open(now, "producer");
    grants_under_way = window;
    pushes_under_way = held = 0;
  }
  /// The consumer dies: the producer forgets the link, what was on its way is lost, and a new one is opened.
  void consumer_dies() {
    producer.drop([](const std::string&) { return true; });
    consumer = debt_ledger<std::string>(window);
    open();
  }
  /// The producer dies: what it pushed still arrives, and earns nothing.
  void producer_dies() {
    const auto late = pushes_under_way + held;
    const auto gone = now;
    consumer.drop([](const std::string&) { return true; });
    producer = {};
    for (std::uint32_t i = 0; i < late; ++i) {
      RC_ASSERT(!consumer.pushed(gone));
      RC_ASSERT(consumer.left(gone) == nullptr);
    }
    open();
  }
};

RC_GTEST_PROP(credit, is_conserved_whatever_happens, ()) {
  channel c;
  c.open();
  for (const auto step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100))) {
    if (step < 30 && c.grants_under_way > 0) {
      --c.grants_under_way;
      c.producer.grant(c.now, 1);
    } else if (step < 60) {
      if (const auto* link = c.producer.spend()) {
        RC_ASSERT(link->number == c.now);
        ++c.pushes_under_way;
      }
    } else if (step < 80 && c.pushes_under_way > 0) {
      --c.pushes_under_way;
      RC_ASSERT(c.consumer.pushed(c.now));
      ++c.held;
    } else if (step < 96 && c.held > 0) {
      --c.held;
      RC_ASSERT(c.consumer.left(c.now) != nullptr);
      ++c.grants_under_way;
    } else if (step == 98) {
      c.consumer_dies();
    } else if (step == 99) {
      c.producer_dies();
    }
    RC_ASSERT(c.producer.credit() + c.grants_under_way + c.pushes_under_way + c.held == channel::window);
    RC_ASSERT(c.producer.links().size() == 1u);
    RC_ASSERT(c.consumer.links() == 1u);
  }
}

}  // namespace
}  // namespace sluice
