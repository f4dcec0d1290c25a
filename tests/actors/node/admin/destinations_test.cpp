// Goal: the list shows every configured destination in its order, and one that is gone as long as something
// of it is kept. Method: rows from a made-up board, and their JSON.
#include "actors/node/admin/destinations.hpp"

#include <gmock/gmock.h>

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
  EXPECT_EQ(ask().body, R"({"destinations":[{"name":"second","kind":"file","state":"running",)"
                        R"("backlog":{"events":0,"pinned_bytes":0,"oldest_seconds":null}},)"
                        R"({"name":"first \"one\"","kind":"http","state":"running",)"
                        R"("backlog":{"events":2,"pinned_bytes":200,"oldest_seconds":1.500}},)"
                        R"({"name":"gone","kind":null,"state":"removed",)"
                        R"("backlog":{"events":5,"pinned_bytes":500,"oldest_seconds":null}}]})");
}

TEST_F(admin_destinations, wait_for_the_log) {
  const auto said = ask();
  EXPECT_EQ(said.status, 503);
  EXPECT_THAT(said.body, HasSubstr("not ready"));
}

}  // namespace
}  // namespace sluice::node::admin
