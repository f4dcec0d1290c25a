// Goal: the list shows every configured destination in its order, and one that is gone as long as something
// of it is kept; an order goes to the one that is named, and its answer waits for the log. Method: a made-up
// board, and a checkpoint that answers when the test says so.
#include "actors/node/admin/destinations.hpp"

#include <gmock/gmock.h>

#include "actors/node/admin/orders.hpp"

#include "actors/node/admin/orders.hpp"

namespace sluice::node::admin {
namespace {

using ::testing::HasSubstr;

checkpoint::destination_view view_of(destination_id id, std::string name, std::uint64_t pending,
                                     bool removed = false) {
  checkpoint::destination_view d;
  d.id = id;
  d.name = std::move(name);
  d.totals.routed = pending + 3;
  d.totals.delivered = 3;
  d.pinned_bytes = pending * 100;
  d.removed = removed;
  return d;
}

class admin_destinations : public ::testing::Test {
 protected:
  admin_destinations() {
    from_.board = &board_;
    from_.configured = {{"second", "file"}, {"first \"one\"", "http"}};
    from_.oldest_received_ms = [](destination_id id) { return id == 1 ? 98'500 : 0; };
    from_.open_circuits = [](destination_id id) { return id == 1 ? std::size_t{2} : 0; };
    from_.wall_ms = [] { return 100'000; };
    view_.destinations = {view_of(0, "dead-letters", 7),   view_of(1, "first \"one\"", 2),
                          view_of(2, "second", 0),         view_of(3, "gone", 5),
                          view_of(4, "gone and empty", 0), view_of(5, "first \"one\"", 0, true)};
  }
  net::http::response ask() {
    net::http::response said;
    list_destinations(from_)({}, [&](net::http::response r) { said = std::move(r); });
    return said;
  }

  checkpoint::board board_;
  checkpoint::board_view view_;
  destination_sources from_;
};

TEST_F(admin_destinations, are_listed_in_the_order_of_the_configuration) {
  board_.put(view_);
  EXPECT_EQ(ask().body,
            R"({"destinations":[{"name":"second","kind":"file","state":"running","circuit_open":0,)"
            R"("backlog":{"events":0,"pinned_bytes":0,"oldest_seconds":null}},)"
            R"({"name":"first \"one\"","kind":"http","state":"running","circuit_open":2,)"
            R"("backlog":{"events":2,"pinned_bytes":200,"oldest_seconds":1.500}},)"
            R"({"name":"gone","kind":null,"state":"removed","circuit_open":0,)"
            R"("backlog":{"events":5,"pinned_bytes":500,"oldest_seconds":null}}]})");
}

TEST_F(admin_destinations, wait_for_the_log) {
  const auto said = ask();
  EXPECT_EQ(said.status, 503);
  EXPECT_THAT(said.body, HasSubstr("not ready"));
}

class admin_orders : public admin_destinations {
 protected:
  admin_orders() {
    view_.destinations[1].paused = true;
    board_.put(view_);
    desk_.connect([this](checkpoint::order_ptr what) { handed_in_ = std::move(what); });
  }
  std::vector<net::http::response> order(checkpoint::order_kind what, const std::string& name) {
    request asked;
    asked.names = {name};
    asked.who = "127.0.0.1";
    said_.clear();
    order_destination(what, from_, desk_)(asked,
                                          [this](net::http::response r) { said_.push_back(std::move(r)); });
    return said_;
  }

  order_desk desk_;
  checkpoint::order_ptr handed_in_;
  std::vector<net::http::response> said_;
};

TEST_F(admin_orders, are_answered_when_they_are_durable) {
  EXPECT_TRUE(order(checkpoint::order_kind::pause, "second").empty());
  ASSERT_TRUE(handed_in_);
  EXPECT_EQ(handed_in_->destination, 2u);
  EXPECT_EQ(handed_in_->what, checkpoint::order_kind::pause);
  EXPECT_EQ(handed_in_->who, "127.0.0.1");
  handed_in_->done(0);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].body, R"({"destination":"second","state":"paused"})");
  EXPECT_TRUE(order(checkpoint::order_kind::resume, "first \"one\"").empty());
  handed_in_->done(fail(errc::not_durable, "the log takes nothing any more"));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].status, 503);
}

TEST_F(admin_orders, to_discard_reach_a_destination_that_is_gone) {
  EXPECT_TRUE(order(checkpoint::order_kind::discard, "gone").empty());
  ASSERT_TRUE(handed_in_);
  EXPECT_EQ(handed_in_->destination, 3u);
  handed_in_->done(5);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].body, R"({"destination":"gone","discarding":5})");
}

TEST_F(admin_orders, are_refused_where_there_is_nothing_to_order) {
  struct refused_order {
    const char* name;
    int status;
    const char* detail;
  };
  const refused_order cases[] = {
      {"secnod", 404, "; second is one"},
      {"dead-letters", 404, "no destination has this name"},
      {"gone", 409, "not configured any more"},
      {"gone and empty", 404, "no destination has this name"},
  };
  for (const auto& c : cases) {
    const auto said = order(checkpoint::order_kind::pause, c.name);
    ASSERT_EQ(said.size(), 1u) << c.name;
    EXPECT_EQ(said[0].status, c.status) << c.name;
    EXPECT_THAT(said[0].body, HasSubstr(c.detail)) << c.name;
    EXPECT_FALSE(handed_in_) << c.name;
  }
  desk_.connect({});
  EXPECT_EQ(order(checkpoint::order_kind::pause, "second").at(0).status, 503);
}

}  // namespace
}  // namespace sluice::node::admin
