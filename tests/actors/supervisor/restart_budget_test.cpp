// Goal: never more restarts in any span than the budget allows. Method: cases at the edges of the span.
#include "actors/supervisor/restart_budget.hpp"

#include <gtest/gtest.h>

namespace sluice::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(restart_budget, is_used_up_and_comes_back) {
  restart_budget budget(2, 10s);
  EXPECT_TRUE(budget.take(0s));
  EXPECT_TRUE(budget.take(4s));
  EXPECT_FALSE(budget.take(9s)) << "two in the last ten seconds";
  EXPECT_FALSE(budget.take(10s - 1ns));
  EXPECT_TRUE(budget.take(10s)) << "the first is ten seconds old";
  EXPECT_FALSE(budget.take(13s));
  EXPECT_TRUE(budget.take(14s));
}

TEST(restart_budget, of_nothing_allows_nothing) { EXPECT_FALSE(restart_budget(0, 1s).take(0s)); }

}  // namespace
}  // namespace sluice::supervisor
