// Goal: work runs on the thread it was meant for, and none is run or kept after the end. Method: small works
// counted.
#include "net/runtime.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <thread>

namespace sluice::net {
namespace {

TEST(runtime, runs_work_on_the_thread_it_names) {
  runtime loops(3);
  EXPECT_EQ(loops.threads(), 3u);
  std::set<std::thread::id> seen;
  for (unsigned i = 0; i < 3; ++i) {
    std::promise<std::thread::id> first, second;
    loops.post(i, [&] { first.set_value(std::this_thread::get_id()); });
    loops.post(i, [&] { second.set_value(std::this_thread::get_id()); });
    const auto id = first.get_future().get();
    EXPECT_EQ(second.get_future().get(), id);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(runtime, destroys_work_that_it_will_not_run) {
  auto watched = std::make_shared<int>(0);
  const std::weak_ptr<int> still = watched;
  runtime loops(1);
  loops.stop();
  loops.post(0, [kept = std::move(watched)] { FAIL() << "ran after the end"; });
  EXPECT_TRUE(still.expired());
  loops.stop();  // a second time does nothing
}

}  // namespace
}  // namespace sluice::net
