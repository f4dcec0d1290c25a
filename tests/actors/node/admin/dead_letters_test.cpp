// Goal: dead letters are found by filters, page by page. Method: the handlers over a real store on a
// simulated disk, their thread replaced by calls in place.
#include "actors/node/admin/dead_letters.hpp"

#include <gmock/gmock.h>

#include "tests/support/inline_executor.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::node::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class admin_dead_letters : public ::testing::Test {
 protected:
  admin_dead_letters() {
    auto made = deliver::dead_letter_store::open(disk_, {"letters", 64u << 20});
    EXPECT_TRUE(made);
    store_ = std::move(*made);
    std::vector<deliver::dead_letter> letters;
    for (position at = 1; at <= 5; ++at) {
      deliver::dead_letter l;
      l.at = l.origin = at;
      l.destination = at % 2 == 0 ? "files" : "crm";
      l.reason = "answer 422: \"no\"";
      l.attempts = 2;
      l.received_ms = 1'700'000'000'000;
      l.stored_ms = l.received_ms + static_cast<std::int64_t>(at) * 1000;
      l.id = "e" + std::to_string(at);
      l.source = R"(a \"source\")";
      l.event = R"({"id":"e)" + std::to_string(at) + R"("})";
      letters.push_back(std::move(l));
    }
    EXPECT_TRUE(store_->append(letters));
    desk_.connect(*store_, [](const char*) { return std::make_unique<testing::inline_executor>(); });
  }
  static request with(std::vector<std::pair<std::string, std::string>> query) {
    request asked;
    asked.query = std::move(query);
    asked.who = "127.0.0.1";
    return asked;
  }
  net::http::response ask(const handler& of, const request& asked) {
    net::http::response said;
    said.status = 0;
    of(asked, [&](net::http::response r) { said = std::move(r); });
    return said;
  }
  net::http::response list(std::vector<std::pair<std::string, std::string>> query) {
    return ask(list_dead_letters(desk_), with(std::move(query)));
  }

  test::simulated_file_system disk_;
  std::unique_ptr<deliver::dead_letter_store> store_;
  letter_desk desk_;
};

TEST_F(admin_dead_letters, are_listed_by_filter_and_page_by_page) {
  const auto first = list({{"destination", "crm"}, {"limit", "2"}});
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(
      first.body,
      HasSubstr(
          R"({"letters":[{"key":"crm:1","position":1,"destination":"crm","reason":"answer 422: \"no\"",)"
          R"("attempts":2,"received":"2023-11-14T22:13:20.000Z","first_stored":"2023-11-14T22:13:21.000Z",)"
          R"("stored":"2023-11-14T22:13:21.000Z","id":"e1","source":"a \"source\"","region":""},)"
          R"({"key":"crm:3")"));
  EXPECT_THAT(first.body, Not(HasSubstr("files")));
  const std::string mark = R"("next":")";
  const auto at = first.body.find(mark);
  ASSERT_NE(at, std::string::npos) << first.body;
  const auto begin = at + mark.size();
  const auto second = list({{"destination", "crm"},
                            {"limit", "2"},
                            {"after", first.body.substr(begin, first.body.find('"', begin) - begin)}});
  EXPECT_THAT(second.body, HasSubstr(R"({"letters":[{"key":"crm:5")"));
  EXPECT_THAT(second.body, HasSubstr(R"("next":null})"));
  EXPECT_THAT(list({{"since", "2023-11-14T22:13:22Z"}, {"until", "2023-11-14T22:13:23Z"}}).body,
              HasSubstr(R"({"letters":[{"key":"files:2")"));
  EXPECT_EQ(list({{"id", "e9"}}).body, R"({"letters":[],"next":null})");
}

TEST_F(admin_dead_letters, are_shown_whole) {
  request asked;
  asked.names = {"files:4"};
  EXPECT_THAT(ask(show_dead_letter(desk_), asked).body, HasSubstr(R"("event":{"id":"e4"}})"));
  for (const char* const other : {"files:5", "crm:4", "nonsense", ""}) {
    asked.names = {other};
    EXPECT_EQ(ask(show_dead_letter(desk_), asked).status, 404) << other;
  }
}

TEST_F(admin_dead_letters, refuse_what_they_do_not_understand) {
  const struct {
    std::pair<std::string, std::string> parameter;
    const char* says;
  } rows[] = {
      {{"limit", "0"}, "`limit`: is no number from 1 to 1000"},
      {{"limit", "1001"}, "`limit`"},
      {{"limit", "x"}, "`limit`"},
      {{"since", "yesterday"}, "`since`: is no time"},
      {{"key", "crm"}, "`key`: is no key"},
      {{"after", "1-2"}, "where a page"},
      {{"colour", "red"}, "`colour`: is not known"},
  };
  for (const auto& r : rows) {
    const auto said = list({r.parameter});
    EXPECT_EQ(said.status, 400) << r.parameter.first;
    EXPECT_THAT(said.body, HasSubstr(r.says));
  }
}

TEST_F(admin_dead_letters, are_not_there_before_the_store_and_after_it) {
  letter_desk none;
  EXPECT_EQ(ask(list_dead_letters(none), with({})).status, 503);
  desk_.disconnect();
  EXPECT_EQ(list({}).status, 503);
}

}  // namespace
}  // namespace sluice::node::admin
