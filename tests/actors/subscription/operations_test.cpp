// Goal: lists are whole, names find the right one, and a create is known to have happened or not.
#include "actors/subscription/answer.hpp"
#include "actors/subscription/operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/subscription/world.hpp"

namespace sluice::subscription::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class operations_test : public ::testing::Test {
 protected:
  template <class T>
  T run(task<T> wanted) {
    return there.run(out, std::move(wanted));
  }
  resource some(const std::string& name, const std::string& status = "active",
                const std::string& created = {}) {
    return {"", name, "https://node.example/v1/events", {"a"}, 30, status, created};
  }
  void add_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) there.cloud.add(some("s" + std::to_string(i)));
  }
  std::size_t calls(const std::string& start) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        there.cloud.log, [&](const std::string& line) { return line.starts_with(start); }));
  }

  settings what = known_settings();
  world there;
  outside out{there.random()};
  net::oauth2::token_cache tokens{tokens_for(what.credentials)};
  api with{out, tokens, what.hosts};
};

TEST_F(operations_test, list_all_pages) {
  for (const std::size_t count : {0u, 1u, 25u, 26u, 75u, 101u}) {
    there.cloud.subscriptions.clear();
    there.cloud.log.clear();
    add_many(count);
    const auto all = run(list(with));
    ASSERT_TRUE(all);
    EXPECT_EQ(all->size(), count);
    EXPECT_EQ(calls("GET"), std::max<std::size_t>(1, (count + 24) / 25)) << count;
  }
}

TEST_F(operations_test, list_without_knowing_how_many_pages_there_are) {
  const auto one = [](int i) { return R"({"id":"x)" + std::to_string(i) + "\"}"; };
  std::string full = one(0);
  for (int i = 1; i < 25; ++i) full += "," + one(i);
  there.cloud.next(host::api, "GET", answered(200, R"({"entities":[)" + full + "]}"));
  there.cloud.next(host::api, "GET", answered(200, R"({"entities":[)" + one(25) + "]}"));
  EXPECT_EQ(run(list(with))->size(), 26u);
}

TEST_F(operations_test, list_again_when_something_goes_on_the_way) {
  add_many(60);
  int pages = 0;
  there.cloud.changed = [&] {
    // Between the first and the second page one of the first goes: the others move up, and one is seen never.
    if (++pages == 2) there.cloud.subscriptions.erase(there.cloud.subscriptions.begin());
  };
  const auto all = run(list(with));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 59u);
}

TEST_F(operations_test, list_not_for_ever) {
  add_many(60);
  there.cloud.changed = [&] { there.cloud.subscriptions.erase(there.cloud.subscriptions.begin()); };
  const auto changing = run(list(with));
  ASSERT_FALSE(changing);
  EXPECT_THAT(to_string(changing.error().why), HasSubstr("change while they are listed"));
}

TEST_F(operations_test, list_a_bounded_number) {
  there.cloud.always([](host at, const net::http::outgoing& asked) -> std::optional<fate> {
    if (at == host::login) return std::nullopt;
    const std::string number = asked.target.substr(asked.target.rfind('=') + 1);
    return answered(200, R"({"entities":[{"id":"x)" + number + R"("}],"pageCount":1000000})");
  });
  const auto endless = run(list(with));
  ASSERT_FALSE(endless);
  EXPECT_THAT(to_string(endless.error().why), HasSubstr("more than 2000 subscriptions"));
  EXPECT_EQ(calls("GET"), listed_max / 25);
}

TEST_F(operations_test, say_where_a_list_cannot_be_understood) {
  there.cloud.next(host::api, "GET", answered(200, R"({"entities":[{"id":"x"},{}]})"));
  EXPECT_EQ(to_string(run(list(with)).error().why),
            "/api/v2/eventbridge/subscriptions?pageSize=25&pageNumber=1: the answer cannot be understood: "
            "entities[1].id: is missing, or has characters that no id has");
}

TEST_F(operations_test, find_the_oldest_active_one_first) {
  there.cloud.add(some("analytics", "inactive", "2020-01-01T00:00:00.000Z")).id = "oldest-inactive";
  there.cloud.add(some("analytics", "active", "2024-01-01T00:00:00.000Z")).id = "young";
  there.cloud.add(some("other", "active", "2019-01-01T00:00:00.000Z")).id = "other";
  there.cloud.add(some("analytics", "active", "2023-01-01T00:00:00.000Z")).id = "b";
  there.cloud.add(some("analytics", "active", "2023-01-01T00:00:00.000Z")).id = "a";
  const auto found = run(find(with, "analytics"));
  ASSERT_TRUE(found);
  std::vector<std::string> ids;
  for (const auto& one : *found) ids.push_back(one.id);
  EXPECT_THAT(ids, ElementsAre("a", "b", "young", "oldest-inactive"));
}

TEST_F(operations_test, create_what_the_answer_shows) {
  const auto made = run(create(with, what.wanted));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "id-1");
  EXPECT_TRUE(differences(what.wanted, *made).empty());
}

TEST_F(operations_test, find_what_was_created_when_the_answer_is_lost) {
  for (const fate& by : {lost_answer(), garbled("<html>"), garbled("{}")}) {
    there.cloud.subscriptions.clear();
    there.cloud.next(host::api, "POST", by);
    const auto made = run(create(with, what.wanted));
    ASSERT_TRUE(made);
    EXPECT_EQ(there.cloud.count("analytics"), 1u);
  }
}

TEST_F(operations_test, do_not_create_again_when_it_cannot_be_known) {
  there.cloud.next(host::api, "POST", lost());
  const auto made = run(create(with, what.wanted));
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().perhaps_done);
  EXPECT_THAT(to_string(made.error().why), HasSubstr("look again before another is made"));
  EXPECT_EQ(calls("POST /api"), 1u);
  EXPECT_EQ(calls("GET"), 1u);
}

TEST_F(operations_test, take_up_whose_name_is_taken) {
  there.cloud.unique_names = true;
  there.cloud.add(some("analytics"));
  const auto made = run(create(with, what.wanted));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "id-1");
}

TEST_F(operations_test, show_a_409_that_is_about_something_else) {
  there.cloud.next(host::api, "POST", answered(409, R"({"message":"another change is under way"})"));
  const auto made = run(create(with, what.wanted));
  ASSERT_FALSE(made);
  EXPECT_THAT(to_string(made.error().why), HasSubstr("answer 409: another change is under way"));
}

TEST_F(operations_test, replace_and_remove) {
  there.cloud.add(some("old", "inactive"));
  const auto put = run(replace(with, "id-1", what.wanted));
  ASSERT_TRUE(put);
  EXPECT_TRUE(differences(what.wanted, *put).empty());
  EXPECT_TRUE(run(remove(with, "id-1")));
  EXPECT_TRUE(run(remove(with, "id-1"))) << "gone is gone";
  EXPECT_EQ(run(get(with, "id-1")).error().status, 404);
  EXPECT_EQ(run(replace(with, "id-1", what.wanted)).error().status, 404);
}

TEST_F(operations_test, remove_once_although_the_answer_was_lost) {
  there.cloud.add(some("analytics"));
  there.cloud.next(host::api, "DELETE", lost_answer());
  EXPECT_TRUE(run(remove(with, "id-1")));
  EXPECT_TRUE(there.cloud.subscriptions.empty());
}

}  // namespace
}  // namespace sluice::subscription::testing
