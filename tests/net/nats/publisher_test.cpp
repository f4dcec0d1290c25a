// Goal: what is called stored is in the stream, once and in order; what is not, is not called so; whatever
// happens to the server, each burst ends and the next one finds its way. Method: bursts against a real
// nats-server that is filled, frozen and killed, and a look into its stream.
#include "tests/net/nats/publisher_fixture.hpp"
#include "tests/support/socket.hpp"

namespace sluice::net::nats {
namespace {

std::vector<nats_stored> in_stream(const std::vector<message>& messages) {
  std::vector<nats_stored> all;
  for (const message& one : messages) all.push_back({one.subject, one.id, one.body});
  return all;
}

TEST_F(nats_publisher_test, stores_bursts_in_order) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  with(to(server));
  const auto all = numbered_up_to(500);
  for (std::size_t from = 0; from < all.size(); from += 100) {
    const burst_end end =
        publish({all.begin() + static_cast<long>(from), all.begin() + static_cast<long>(from) + 100});
    EXPECT_EQ(end.of.size(), 100U);
    EXPECT_TRUE(end.sent);
    expect_stored(end);
  }
  EXPECT_EQ(streams.read("EVENTS"), in_stream(all));
}

TEST_F(nats_publisher_test, takes_any_bytes) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  with(to(server));
  std::vector<message> all{numbered(1), numbered(2), numbered(3)};
  all[0].body.clear();
  all[1].body = std::string("\0\r\nPUB x 0\r\n\xff", 13);
  all[2].body = std::string(500'000, 'x');
  expect_stored(publish(all));
  EXPECT_EQ(streams.read("EVENTS"), in_stream(all));
}

TEST_F(nats_publisher_test, stores_the_same_id_once) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  with(to(server));
  expect_stored(publish({numbered(1), numbered(2)}));
  expect_stored(publish({numbered(2), numbered(3), numbered(3)}));
  EXPECT_EQ(streams.read("EVENTS"), in_stream({numbered(1), numbered(2), numbered(3)}));
}

TEST_F(nats_publisher_test, knows_nothing_where_no_stream_listens) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.a");
  with(to(server));
  const burst_end end = publish({numbered(1), numbered(2, "events.b"), numbered(3)});
  ASSERT_EQ(end.of.size(), 3U);
  EXPECT_EQ(end.of[0].how, kind::stored) << end.of[0].why;
  EXPECT_EQ(end.of[1].how, kind::unknown);
  EXPECT_EQ(end.of[1].why, "no stream listens on the subject events.b");
  EXPECT_EQ(end.of[2].how, kind::stored) << end.of[2].why;
  streams.make("LATER", "events.b");
  expect_stored(publish({numbered(2, "events.b")}));
}

TEST_F(nats_publisher_test, knows_nothing_of_a_full_stream_until_it_is_emptied) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>", {.messages_max = 2, .discard_new = true});
  with(to(server));
  const burst_end end = publish(numbered_up_to(3));
  ASSERT_EQ(end.of.size(), 3U);
  EXPECT_EQ(end.of[1].how, kind::stored) << end.of[1].why;
  EXPECT_EQ(end.of[2].how, kind::unknown);
  EXPECT_NE(end.of[2].why.find("full"), std::string::npos) << end.of[2].why;
  EXPECT_NE(end.of[2].why.find("maximum messages exceeded"), std::string::npos) << end.of[2].why;
  streams.empty("EVENTS");
  expect_stored(publish({numbered(2)}));
  EXPECT_EQ(streams.read("EVENTS"), in_stream({numbered(2)}));
}

TEST_F(nats_publisher_test, stores_the_neighbours_of_what_is_too_large_for_the_stream) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>", {.message_bytes_max = 1000});
  with(to(server));
  auto all = numbered_up_to(3);
  all[1].body.assign(1001, 'x');
  const burst_end end = publish(all);
  ASSERT_EQ(end.of.size(), 3U);
  EXPECT_EQ(end.of[1].how, kind::refused);
  EXPECT_NE(end.of[1].why.find("max_msg_size"), std::string::npos) << end.of[1].why;
  EXPECT_EQ(streams.read("EVENTS"), in_stream({all[0], all[2]}));
}

TEST_F(nats_publisher_test, stores_the_neighbours_of_what_is_too_large_for_the_server) {
  const nats_server server("max_payload: 2000");
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  with(to(server));
  auto all = numbered_up_to(4);
  all[1].body.assign(2001, 'x');
  all[2].body.assign(2000, 'x');  // with its headers it is larger
  const burst_end end = publish(all);
  ASSERT_EQ(end.of.size(), 4U);
  for (const auto i : {1U, 2U}) {
    EXPECT_EQ(end.of[i].how, kind::refused);
    EXPECT_NE(end.of[i].why.find("max_payload of 2000 bytes"), std::string::npos) << end.of[i].why;
  }
  EXPECT_EQ(streams.read("EVENTS"), in_stream({all[0], all[3]}));
  const burst_end none = publish({all[1]});
  expect(kind::refused, "max_payload", none);
  EXPECT_FALSE(none.sent) << "nothing of it has left";
}

TEST_F(nats_publisher_test, sends_nothing_that_would_end_its_line_or_mean_many_subjects) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  with(to(server));
  const std::vector<std::string> bad{
      "",        "events.*",   "events.>",      "events..a",       "events.a.",
      ".events", "events.a b", "events.a\r\nX", "events.\xc3\xbc", std::string(2000, 'a')};
  for (const std::string& subject : bad) {
    expect(kind::refused, "subject", publish({numbered(1, subject)}));
  }
  message odd = numbered(1);
  for (const std::string id : {"", "a b", "a\r\nNats-Rollup: all"}) {
    odd.id = id;
    expect(kind::refused, "id", publish({odd}));
  }
  expect_stored(publish({numbered(2)}));
  EXPECT_EQ(streams.read("EVENTS"), in_stream({numbered(2)}));
}

TEST_F(nats_publisher_test, stores_only_in_the_stream_that_is_expected) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.a");
  streams.make("OTHER", "events.b");
  auto options = to(server);
  options.stream = "EVENTS";
  with(std::move(options));
  const burst_end end = publish({numbered(1), numbered(2, "events.b")});
  ASSERT_EQ(end.of.size(), 2U);
  EXPECT_EQ(end.of[0].how, kind::stored) << end.of[0].why;
  EXPECT_EQ(end.of[1].how, kind::unknown);
  EXPECT_NE(end.of[1].why.find("another stream"), std::string::npos) << end.of[1].why;
  EXPECT_EQ(streams.read("OTHER"), in_stream({}));
}

TEST_F(nats_publisher_test, ends_an_empty_burst) {
  const nats_server server;
  with(to(server));
  const burst_end end = publish({});
  EXPECT_TRUE(end.of.empty());
  EXPECT_FALSE(end.sent);
}

TEST_F(nats_publisher_test, goes_on_after_a_kill_within_a_burst) {
  nats_server server;
  nats_streams(server.port()).make("EVENTS", "events.>");
  with(to(server));
  expect_stored(publish({numbered(0)}));
  server.freeze();
  auto hanging = begin(numbered_up_to(50));
  server.wait_for_unread();
  server.kill();
  const burst_end lost = hanging.get();
  expect(kind::unknown, "", lost);
  EXPECT_TRUE(lost.sent);
  server.start();
  expect_stored(publish(numbered_up_to(50)));
  EXPECT_EQ(nats_streams(server.port()).read("EVENTS"), in_stream(numbered_up_to(50)));
}

TEST_F(nats_publisher_test, goes_on_after_a_kill_between_bursts) {
  nats_server server;
  nats_streams(server.port()).make("EVENTS", "events.>");
  with(to(server));
  expect_stored(publish({numbered(0)}));
  server.kill();
  expect(kind::unknown, "", publish({numbered(1)}));  // its connection may look as if it were there
  const burst_end away = publish({numbered(1)});
  expect(kind::unknown, "no connection with the NATS server 127.0.0.1:", away);
  EXPECT_FALSE(away.sent);
  server.start();
  expect_stored(publish({numbered(1)}));
  EXPECT_EQ(nats_streams(server.port()).read("EVENTS"), in_stream(numbered_up_to(2)));
}

TEST_F(nats_publisher_test, mistakes_no_late_answer_for_another_messages) {
  nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  auto options = to(server);
  options.timeout = short_time;
  with(std::move(options));
  connect();
  server.freeze();
  const burst_end silent = publish({numbered(1)});
  expect(kind::unknown, "", silent);
  expect(kind::unknown, "no connection with", publish({numbered(2)}));
  server.thaw();
  publisher_.reset();
  with(to(server));
  expect_stored(publish({numbered(1), numbered(2)}));
  EXPECT_EQ(streams.read("EVENTS"), in_stream(numbered_up_to(3)));
}

TEST_F(nats_publisher_test, takes_the_next_server_where_one_is_dead_and_stays_with_it) {
  nats_server first, second;
  nats_streams(first.port()).make("EVENTS", "events.>");
  nats_streams(second.port()).make("EVENTS", "events.>");
  first.kill();
  with(to({at(first.port()), at(second.port())}));
  expect_stored(publish({numbered(1)}));
  first.start();
  expect_stored(publish({numbered(2)}));
  second.kill();
  // The connection's end may be noticed within a burst, which is then unknown.
  if (publish({numbered(3)}).of.at(0).how != kind::stored) expect_stored(publish({numbered(3)}));
  second.start();
  expect_stored(publish({numbered(4)}));
  EXPECT_EQ(nats_streams(second.port()).read("EVENTS"), in_stream({numbered(1), numbered(2)}));
  EXPECT_EQ(nats_streams(first.port()).read("EVENTS"), in_stream({numbered(3), numbered(4)}));
}

TEST_F(nats_publisher_test, names_each_server_that_it_cannot_reach) {
  const auto port = sluice::testing::free_port(), other = sluice::testing::free_port();
  with(to({at(port), at(other), at(4222, "no-such-host.invalid")}));
  const burst_end end = publish({numbered(1)});
  EXPECT_FALSE(end.sent);
  expect(kind::unknown, "127.0.0.1:" + std::to_string(port), end);
  expect(kind::unknown, "127.0.0.1:" + std::to_string(other), end);
  expect(kind::unknown, "cannot resolve no-such-host.invalid", end);
}

TEST_F(nats_publisher_test, reaches_only_what_its_guard_allows) {
  const nats_server server;
  nats_streams streams(server.port());
  streams.make("EVENTS", "events.>");
  for (const std::string host : {"127.0.0.1", "localhost", "::1"}) {
    auto options = to({at(server.port(), host)});
    options.guard.emplace();
    with(std::move(options));
    const burst_end end = publish({numbered(1)});
    expect(kind::unknown, " must not be reached: ", end);
    expect(kind::unknown, "(loopback)", end);
    EXPECT_FALSE(end.sent);
  }
  auto options = to({at(server.port(), "localhost")});
  options.guard.emplace(std::vector{parse_network("127.0.0.1").value()});
  with(std::move(options));
  expect_stored(publish({numbered(2)}));
  EXPECT_EQ(streams.read("EVENTS"), in_stream({numbered(2)}));
}

TEST_F(nats_publisher_test, ends_a_hanging_burst_when_it_goes) {
  nats_server server;
  nats_streams(server.port()).make("EVENTS", "events.>");
  with(to(server));
  expect_stored(publish({numbered(0)}));
  server.freeze();
  auto hanging = begin(numbered_up_to(10));
  server.wait_for_unread();
  publisher_.reset();
  ASSERT_EQ(hanging.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "before it is gone";
  expect(kind::unknown, "ended before an answer came", hanging.get());
}

TEST_F(nats_publisher_test, ends_a_burst_that_the_server_does_not_read) {
  nats_server server;
  nats_streams(server.port()).make("EVENTS", "events.>");
  auto options = to(server);
  options.timeout = short_time;
  with(std::move(options));
  connect();
  server.freeze();
  auto large = numbered_up_to(200);  // more than the kernels' buffers take
  for (message& one : large) one.body.assign(500'000, 'x');
  const burst_end end = publish(large);
  expect(kind::unknown, "", end);
  EXPECT_EQ(end.of.size(), 200U);
  EXPECT_TRUE(end.sent);
}

TEST_F(nats_publisher_test, goes_before_it_was_asked_anything) {
  const nats_server server;
  with(to(server));
}

}  // namespace
}  // namespace sluice::net::nats
