// Goal: what becomes of letters is durable before they leave the store, no letter is redriven twice, and what
// cannot be done is said. Method: the handlers over a real store on a simulated disk; the checkpoint answers
// when the test says so.
#include "actors/node/admin/letter_orders.hpp"

#include <gmock/gmock.h>

#include "tests/support/inline_executor.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::node::admin {
namespace {

using checkpoint::order_kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class letter_orders : public ::testing::Test {
 protected:
  letter_orders() {
    auto made = deliver::dead_letter_store::open(disk_, {"letters", 64u << 20});
    EXPECT_TRUE(made);
    store_ = std::move(*made);
    std::vector<deliver::dead_letter> letters;
    for (position at = 1; at <= 5; ++at) letters.push_back(letter(at % 2 == 0 ? "files" : "crm", at));
    letters.push_back(letter("dead-letters", 6));
    letters.push_back(letter("gone", 7));
    EXPECT_TRUE(store_->append(letters));
    desk_.connect(*store_, [](const char*) { return std::make_unique<testing::inline_executor>(); });
    orders_.connect([this](checkpoint::order_ptr asked) { asked_.push_back(std::move(asked)); });
    checkpoint::board_view view;
    view.destinations = {named(0, "dead-letters"), named(1, "gone", true), named(2, "crm", true),
                         named(3, "crm"), named(4, "files")};
    board_.put(std::move(view));
  }
  static deliver::dead_letter letter(const std::string& destination, position at) {
    deliver::dead_letter l;
    l.at = at + 100;
    l.origin = at;
    l.generation = at == 3 ? 2 : 0;
    l.lane = static_cast<lane_id>(at);
    l.destination = destination;
    l.attempts = 4;
    l.received_ms = 1'000;
    l.first_stored_ms = at == 3 ? 2'000 : 0;
    l.stored_ms = 3'000;
    l.id = "e" + std::to_string(at);
    l.source = "s";
    l.event = R"({"id":"e)" + std::to_string(at) + R"(","source":"s"})";
    return l;
  }
  static checkpoint::destination_view named(destination_id id, std::string name, bool removed = false) {
    checkpoint::destination_view made;
    made.id = id;
    made.name = std::move(name);
    made.removed = removed;
    return made;
  }
  letter_order_sources sources() {
    letter_order_sources from;
    from.letters = &desk_;
    from.orders = &orders_;
    from.board = &board_;
    from.lanes = [](std::string_view name) {
      return std::size_t{name == "crm" ? 2u : name == "files" ? 1u : 0u};
    };
    from.read = [this](std::span<const deliver::dead_letter> letters, checkpoint::rewritten_events& into) {
      if (!readable_) return result<void>(fail(errc::corrupt, "no event"));
      for (const auto& l : letters) {
        into.body += l.event;
        into.entries.emplace_back();
      }
      return result<void>();
    };
    return from;
  }
  /// The answer, or one with status 0 while there is none.
  std::shared_ptr<net::http::response> ask(const handler& of,
                                           std::vector<std::pair<std::string, std::string>> query) {
    request asked;
    asked.query = std::move(query);
    asked.who = "127.0.0.1";
    auto said = std::make_shared<net::http::response>();
    said->status = 0;
    of(asked, [said](net::http::response r) { *said = std::move(r); });
    return said;
  }
  auto redrive(std::vector<std::pair<std::string, std::string>> query) {
    return ask(redrives_.take(), query);
  }
  auto discard(std::vector<std::pair<std::string, std::string>> query) {
    return ask(discard_dead_letters(sources()), query);
  }
  /// The oldest order ends.
  void end(const result<std::uint64_t>& how) {
    const auto order = std::move(asked_.front());
    asked_.erase(asked_.begin());
    order->done(how);
  }

  test::simulated_file_system disk_;
  std::unique_ptr<deliver::dead_letter_store> store_;
  std::vector<checkpoint::order_ptr> asked_;
  letter_desk desk_;
  order_desk orders_;
  checkpoint::board board_;
  bool readable_ = true;
  redrive_orders redrives_{sources()};
};

TEST_F(letter_orders, give_letters_back_to_their_lanes_and_then_remove_them) {
  const auto said = redrive({{"destination", "crm"}});
  ASSERT_EQ(asked_.size(), 1u);
  const auto& order = *asked_.front();
  EXPECT_EQ(order.what, order_kind::redrive);
  EXPECT_EQ(order.destination, 3u) << "the one of that name that is there";
  EXPECT_EQ(order.who, "127.0.0.1");
  EXPECT_THAT(order.redriven->events.before, ElementsAre(checkpoint::rewritten_event{1, 1'000, 3'000, 1, 4},
                                                         checkpoint::rewritten_event{3, 1'000, 2'000, 3, 4},
                                                         checkpoint::rewritten_event{5, 1'000, 3'000, 1, 4}));
  const auto& events = order.redriven->events;
  for (const auto& e : events.entries)
    EXPECT_THAT(events.targets[e.targets], ElementsAre(target{3, 1})) << "lane 1, 3 and 5 of two";
  EXPECT_EQ(order.redriven->letters[1].at, 103u);
  EXPECT_EQ(order.redriven->letters[1].lane, 3u);
  EXPECT_EQ(said->status, 0) << "it is not durable yet";
  EXPECT_EQ(store_->count("crm"), 3u);
  // The second one still waits in its lane.
  auto& left = order.redriven->events.before;
  left.erase(left.begin() + 1);
  end(2);
  EXPECT_EQ(said->body, R"({"redriven":2,"next":null})");
  EXPECT_EQ(store_->count("crm"), 1u);
  EXPECT_TRUE(store_->find({"crm", 3, 2}).value());
}

TEST_F(letter_orders, redrive_nothing_twice_when_letters_could_not_be_removed) {
  const auto first = redrive({{"key", "crm:1"}});
  disk_.inject({.kind = test::operation_kind::write, .sys = ENOSPC, .forever = true});
  end(1);
  EXPECT_EQ(first->status, 503);
  EXPECT_EQ(redrive({{"key", "crm:1"}})->status, 503) << "the disk still fails";
  disk_.clear_faults();
  const auto again = redrive({{"key", "crm:1"}});
  EXPECT_EQ(again->body, R"({"redriven":0,"next":null})") << "it went the first time";
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(store_->count("crm"), 2u);
}

TEST_F(letter_orders, are_carried_out_one_redrive_at_a_time) {
  const auto first = redrive({{"destination", "crm"}});
  EXPECT_EQ(redrive({{"destination", "files"}})->status, 409);
  end(fail(errc::log_full, "the log is full"));
  EXPECT_EQ(first->status, 503);
  EXPECT_THAT(first->body, HasSubstr("the log is full"));
  EXPECT_EQ(store_->count("crm"), 3u);
  const auto second = redrive({{"destination", "files"}});
  end(2);
  EXPECT_EQ(second->body, R"({"redriven":2,"next":null})");
  redrive({{"destination", "crm"}});
  asked_.clear();  // the node that it was asked of is gone
  EXPECT_EQ(redrive({{"destination", "gone"}})->status, 409);
  EXPECT_EQ(redrive({{"destination", "crm"}})->status, 0) << "and it blocks nobody";
}

TEST_F(letter_orders, say_why_nothing_can_be_redriven) {
  EXPECT_EQ(redrive({})->status, 400);
  EXPECT_EQ(redrive({{"key", "crm:1"}, {"key", "files:2"}})->status, 400);
  EXPECT_EQ(redrive({{"destination", "crm"}, {"key", "files:2"}})->status, 400);
  EXPECT_EQ(redrive({{"key", "dead-letters:6"}})->status, 422);
  EXPECT_EQ(redrive({{"destination", "gone"}})->status, 409);
  EXPECT_EQ(redrive({{"destination", "nobody"}})->status, 409);
  EXPECT_EQ(redrive({{"key", "crm:99"}})->body, R"({"redriven":0,"next":null})");
  EXPECT_EQ(redrive({{"key", "crm:1"}, {"after", "x"}})->status, 400);
  readable_ = false;
  EXPECT_THAT(redrive({{"key", "crm:1"}})->body, HasSubstr("no event"));
  EXPECT_TRUE(asked_.empty());
  orders_.connect({});
  readable_ = true;
  EXPECT_EQ(redrive({{"key", "crm:1"}})->status, 503);
}

TEST_F(letter_orders, note_what_is_discarded_before_it_goes) {
  const auto said = discard({{"key", "crm:3.2"}, {"key", "crm:9"}, {"key", "crm:3.2"}});
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0]->what, order_kind::discard_letters);
  EXPECT_EQ(asked_[0]->destination, 3u);
  EXPECT_EQ(asked_[0]->letters, 1u);
  EXPECT_EQ(store_->count("crm"), 3u);
  end(1);
  EXPECT_EQ(said->body, R"({"discarded":1,"next":null})");
  EXPECT_EQ(store_->count("crm"), 2u);
  for (const auto& [name, letters] :
       {std::pair("files", 2), std::pair("dead-letters", 1), std::pair("gone", 1)}) {
    const auto all = discard({{"destination", name}});
    end(static_cast<std::uint64_t>(letters));
    EXPECT_EQ(all->body, R"({"discarded":)" + std::to_string(letters) + R"(,"next":null})") << name;
  }
  EXPECT_EQ(discard({{"destination", "files"}})->body, R"({"discarded":0,"next":null})");
  EXPECT_EQ(discard({{"destination", "nobody"}})->status, 404);
  EXPECT_EQ(discard({})->status, 400) << "everything at once is no slip of the finger";
  EXPECT_EQ(discard({{"id", "e1"}})->status, 400);
  EXPECT_EQ(discard({{"key", "crm:1"}, {"key", "files:2"}})->status, 400);
  const auto failed = discard({{"key", "crm:1"}});
  end(fail(errc::not_durable, "the log takes nothing any more"));
  EXPECT_EQ(failed->status, 503);
  EXPECT_EQ(store_->count("crm"), 2u);
}

TEST_F(letter_orders, go_on_behind_the_bytes_that_one_call_takes) {
  auto large = letter("crm", 4);
  large.generation = 1;
  large.event = R"({"id":"e4","source":"s","detail":")" + std::string(redrive_bytes, 'x') + R"("})";
  ASSERT_TRUE(store_->append({&large, 1}));
  const std::vector<std::pair<std::string, std::string>> keys{
      {"key", "crm:5"}, {"key", "crm:4.1"}, {"key", "crm:1"}};
  const auto first = redrive(keys);
  end(2);
  EXPECT_EQ(first->body, R"({"redriven":2,"next":"2"})") << "the last one may pass it";
  auto rest = keys;
  rest.emplace_back("after", "2");
  const auto second = redrive(rest);
  end(1);
  EXPECT_EQ(second->body, R"({"redriven":1,"next":null})");
}

}  // namespace
}  // namespace sluice::node::admin
