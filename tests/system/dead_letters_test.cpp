// Goal: an operator finds what an endpoint refused, with what it said, and gives it up for good. Method: the
// program with a receiver that refuses some events; its API and its commands from outside.
#include <gmock/gmock.h>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/dead_letter_commands.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class dead_letters : public ::testing::Test {
 protected:
  static constexpr std::size_t refused = 3;

  dead_letters() {
    for (const made_event& e : batch_.events)
      if (bad_.size() < refused && &e != &batch_.events.front()) bad_.push_back(e.id);
    webhook_.answer_with([this](const delivery& what, std::size_t) {
      const bool any = std::ranges::any_of(
          what.ids, [&](const std::string& id) { return std::ranges::find(bad_, id) != bad_.end(); });
      return any ? reply{.status = 422, .body = "not of our schema"} : reply{};
    });
    webhook_.start();
    there_.emplace(webhook_node(", batch: 10"),
                   std::map<std::string, std::string>{{"receiver", std::to_string(webhook_.port())}});
    there_->start();
    EXPECT_EQ(there_->post(batch_.body).status, 200);
    EXPECT_TRUE(webhook_.wait_for_events(batch_.events.size() - refused, milliseconds(60'000)));
    EXPECT_TRUE(wait_until([&] { return stored() == refused; }, milliseconds(30'000)));
  }
  double stored() const { return stored_letters(*there_); }
  finished ask(std::vector<std::string> what) const { return ask_of_letters(*there_, std::move(what)); }
  /// The key of the letter of this event, as the list has it.
  std::string key_of(const std::string& id) const {
    const std::string listed = ask({"list", "--json", "--id", id}).output;
    const std::string before = R"({"key":")";
    return listed.starts_with(before)
               ? listed.substr(before.size(), listed.find('"', before.size()) - before.size())
               : "";
  }

  batch_maker maker_{77, 3};
  const made_batch batch_ = maker_.next_for(warehouse, 30);
  std::vector<std::string> bad_;
  receiver webhook_;
  std::optional<node> there_;
};

TEST_F(dead_letters, are_found_with_what_the_receiver_said) {
  const finished listed = ask({"list", "--json"});
  EXPECT_EQ(listed.how, exit_status{}) << listed.errors;
  EXPECT_EQ(std::ranges::count(listed.output, '\n'), static_cast<std::ptrdiff_t>(refused)) << listed.output;
  for (const std::string& id : bad_) EXPECT_THAT(listed.output, HasSubstr(id));
  EXPECT_THAT(listed.output, HasSubstr("answer 422: not of our schema"));
  const finished shown = ask({"show", key_of(bad_[0])});
  EXPECT_EQ(shown.how, exit_status{}) << shown.errors;
  EXPECT_THAT(shown.output, HasSubstr(bad_[0]));
  const auto page = get(there_->port(), "/api/v1/dead-letters?destination=analytics-warehouse&limit=2");
  EXPECT_THAT(page.body, HasSubstr("answer 422: not of our schema"));
  EXPECT_THAT(page.body, HasSubstr(R"("next":")"));
  EXPECT_EQ(get(there_->port(), "/api/v1/dead-letters?destination=realtime-dashboard").body,
            R"({"letters":[],"next":null})");
}

TEST_F(dead_letters, stay_discarded_through_a_kill) {
  const finished unasked = ask({"discard", key_of(bad_[0])});
  EXPECT_NE(unasked.how, exit_status{}) << "nobody was there to be asked";
  EXPECT_EQ(stored(), refused);
  EXPECT_EQ(ask({"discard", "--yes"}).how, (exit_status{.code = 2})) << "everything is no slip of the finger";
  EXPECT_EQ(ask({"discard", "--yes", key_of(bad_[0])}).output, "1 dead letters discarded\n");
  there_->kill9();
  EXPECT_THAT(ask({"list", "--json"}).output, Not(HasSubstr(bad_[0])));
  there_->start();
  EXPECT_EQ(stored(), refused - 1);
  EXPECT_EQ(ask({"discard", "--yes", "--destination", std::string(warehouse)}).output,
            "2 dead letters discarded\n");
  EXPECT_EQ(stored(), 0);
  EXPECT_EQ(ask({"list"}).output, "no dead letters\n");
}

}  // namespace
}  // namespace sluice::testing
