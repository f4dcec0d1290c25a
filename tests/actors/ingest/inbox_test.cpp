// Goal: everything that is put into the inbox comes out once, each writer's in its order, and the reader is
// never left asleep on something. Method: examples on one thread, then many writers against a reader that
// only wakes when told.
#include "actors/ingest/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <string>
#include <thread>

#include "tests/support/actor_fixture.hpp"

namespace sluice::ingest {
namespace {

using sluice::testing::answer_book;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> drain(inbox& from) {
  std::vector<std::string> bodies;
  from.drain_into([&](std::unique_ptr<batch> b) { bodies.emplace_back(b->done.body()); });
  return bodies;
}

TEST(inbox, gives_everything_once_in_the_order_in_which_it_came) {
  answer_book requests;
  inbox box;
  for (const auto* body : {"a", "b", "c"}) box.push(requests.request(body));
  EXPECT_THAT(drain(box), ElementsAre("a", "b", "c"));
  EXPECT_THAT(drain(box), IsEmpty());
  box.push(requests.request("d"));
  EXPECT_THAT(drain(box), ElementsAre("d"));
}

TEST(inbox, only_who_finds_it_empty_wakes_the_reader) {
  answer_book requests;
  inbox box;
  EXPECT_TRUE(box.push(requests.request("a")));
  EXPECT_FALSE(box.push(requests.request("b")));
  EXPECT_FALSE(box.push(requests.request("c")));
  drain(box);
  EXPECT_TRUE(box.push(requests.request("d"))) << "the reader may sleep again";
}

TEST(inbox, what_comes_while_the_reader_takes_is_for_its_next_turn) {
  answer_book requests;
  inbox box;
  box.push(requests.request("a"));
  bool woke = false;
  box.drain_into([&](std::unique_ptr<batch>) { woke = box.push(requests.request("b")); });
  EXPECT_TRUE(woke);
  EXPECT_THAT(drain(box), ElementsAre("b"));
}

TEST(inbox, answers_what_is_left_in_it_when_it_goes) {
  answer_book requests;
  {
    inbox box;
    box.push(requests.request("a"));
    box.push(requests.request("b"));
  }
  EXPECT_EQ(requests.verdict(0), "stage_died");
  EXPECT_EQ(requests.verdict(1), "stage_died");
}

/// Says its number, and counts the answers of all.
class numbered_request final : public inbound {
 public:
  numbered_request(std::string text, std::atomic<int>& answers) : text_(std::move(text)), answers_(answers) {}
  std::string_view body() const noexcept override { return text_; }
  void answer(const result<receipt>&) noexcept override { ++answers_; }

 private:
  std::string text_;
  std::atomic<int>& answers_;
};

TEST(inbox, loses_nothing_and_no_wake_between_threads) {
  constexpr int writers = 4, each = 20'000;
  std::atomic<int> answers = 0;
  std::counting_semaphore<> wakes(0);
  inbox box;
  std::vector<std::thread> threads;
  for (int w = 0; w < writers; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < each; ++i) {
        auto body = std::to_string(w * each + i);
        if (box.push(std::make_unique<batch>(std::make_unique<numbered_request>(std::move(body), answers)))) {
          wakes.release();
        }
      }
    });
  }
  std::vector<int> next(writers);
  int taken = 0;
  bool in_order = true;
  while (taken < writers * each && wakes.try_acquire_for(std::chrono::seconds(30))) {
    box.drain_into([&](std::unique_ptr<batch> b) {
      const int number = std::stoi(std::string(b->done.body()));
      in_order &= number % each == next[static_cast<std::size_t>(number / each)]++;
      ++taken;
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(taken, writers * each) << "the reader sleeps though something is there";
  EXPECT_TRUE(in_order) << "a writer's requests changed places";
  EXPECT_EQ(answers, writers * each);
}

}  // namespace
}  // namespace sluice::ingest
