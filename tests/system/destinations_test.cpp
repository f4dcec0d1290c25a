// Goal: an operator sees and steers the destinations of a running node over its admin API and the command
// line. Method: the program, its API and its commands from outside.
#include <gmock/gmock.h>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view list_path = "/api/v1/destinations";

TEST(destinations, are_listed_by_the_api_and_by_the_command) {
  node there(file_node());
  there.start();
  EXPECT_THAT(
      get(there.port(), list_path).body,
      HasSubstr(
          R"({"name":"analytics-warehouse","kind":"file","state":"running","circuit_open":0,"backlog":{"events":0,)"));
  const finished listed =
      run(sluice_binary(), {"destinations", "list", "--config", there.config_file().string()});
  EXPECT_EQ(listed.how, exit_status{}) << listed.errors;
  EXPECT_THAT(listed.output, HasSubstr("realtime-dashboard"));
}

TEST(destinations, refuse_what_is_no_request_of_theirs) {
  node there(file_node());
  there.start();
  http_peer peer(there.port());
  EXPECT_EQ(peer.request("GET", "/api/v1/destination").status, 404);
  http_peer other(there.port());
  const auto answer = other.request("DELETE", list_path);
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD");
}

TEST(destinations, off_the_ingestion_listener_need_the_token) {
  const std::uint16_t admin_port = free_port();
  node there("admin: { listen: \"0.0.0.0:{admin}\", token: \"a-token-of-16-and-more\" }\n" + file_node(),
             {{"admin", std::to_string(admin_port)}});
  there.launch();
  ASSERT_TRUE(wait_until([&] { return there.ready(); }, milliseconds(20'000))) << there.last_words();
  EXPECT_EQ(get(there.port(), list_path).status, 404) << "the ingestion listener serves the admin API too";
  EXPECT_EQ(get(admin_port, list_path).status, 401);
  EXPECT_EQ(get(admin_port, "/metrics").status, 401);
  EXPECT_EQ(get(admin_port, "/livez").status, 200) << "probes have no token";
  http_peer peer(admin_port);
  EXPECT_EQ(peer.request("GET", list_path, {{"Authorization", "Bearer a-token-of-16-and-more"}}).status, 200);
  const finished listed =
      run(sluice_binary(), {"destinations", "list", "--config", there.config_file().string()});
  EXPECT_EQ(listed.how, exit_status{}) << listed.errors;
}

/// The warehouse's backlog, as the node says it.
double backlog(const node& there) {
  return there.metric("sluice_backlog_events", {{"destination", "analytics-warehouse"}});
}

finished ask(const node& there, std::vector<std::string> what) {
  what.insert(what.begin(), "destinations");
  what.insert(what.end(), {"--config", there.config_file().string()});
  return run(sluice_binary(), what);
}

TEST(destinations, stay_paused_through_a_kill_and_then_get_everything_once) {
  receiver webhook;
  webhook.start();
  node there(webhook_node(", batch: 20, rate: 1000"), {{"receiver", std::to_string(webhook.port())}});
  there.start();
  const finished paused = ask(there, {"pause", "analytics-warehouse"});
  ASSERT_EQ(paused.how, exit_status{}) << paused.errors;
  EXPECT_EQ(paused.output, "analytics-warehouse is paused\n");

  batch_maker maker(32, 0);
  std::vector<std::string> ids;
  const auto post = [&] {
    const made_batch batch = maker.next_for(warehouse, 50);
    for (const made_event& e : batch.events) ids.push_back(e.id);
    ASSERT_EQ(there.post(batch.body).status, 200);
  };
  for (int i = 0; i < 4; ++i) post();
  EXPECT_TRUE(wait_until([&] { return backlog(there) == 200; }, milliseconds(20'000)));
  EXPECT_THAT(get(there.port(), list_path).body,
              HasSubstr(R"("state":"paused","circuit_open":0,"backlog":{"events":200,)"));
  there.kill9();
  there.start();
  for (int i = 0; i < 2; ++i) post();
  EXPECT_TRUE(wait_until([&] { return backlog(there) == 300; }, milliseconds(20'000)));
  EXPECT_TRUE(webhook.deliveries().empty()) << "nothing is sent while it is paused, a restart is no reason";

  const finished resumed = ask(there, {"resume", "analytics-warehouse"});
  ASSERT_EQ(resumed.how, exit_status{}) << resumed.errors;
  EXPECT_TRUE(webhook.wait_for_events(ids.size(), milliseconds(30'000))) << there.last_words();
  EXPECT_EQ(webhook.received(), ids) << "each once, in the order in which they were acknowledged";
  EXPECT_TRUE(wait_until([&] { return backlog(there) == 0; }, milliseconds(20'000)));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();

  const std::string audit = read_text(there.path("audit.jsonl"));
  for (const char* const action : {"pause", "resume"}) {
    EXPECT_THAT(audit, HasSubstr("\"action\":\"" + std::string(action) +
                                 R"(","region":"","destination":"analytics-warehouse","who":"127.0.0.1"})"));
  }
}

TEST(destinations, that_are_not_there_are_named_with_the_nearest_one) {
  node there(file_node());
  there.start();
  const finished said = ask(there, {"pause", "analytics-warehose"});
  EXPECT_EQ(said.how.code, 1);
  EXPECT_THAT(said.errors, HasSubstr("analytics-warehouse is one"));
  there.stop();
  EXPECT_EQ(ask(there, {"resume", "realtime-dashboard"}).how.code, 1) << "nobody answers";
}

TEST(destinations, take_no_order_from_a_page_of_another_site) {
  node there(file_node());
  there.start();
  constexpr std::string_view pause = "/api/v1/destinations/realtime-dashboard/pause";
  http_peer peer(there.port());
  EXPECT_EQ(peer.request("POST", pause, {{"Origin", "https://evil.example"}}).status, 403);
  EXPECT_THAT(get(there.port(), list_path).body, ::testing::Not(HasSubstr("paused")));
  http_peer curl(there.port());
  EXPECT_EQ(curl.request("POST", pause).status, 200);
  EXPECT_THAT(get(there.port(), list_path).body, HasSubstr("paused"));
}

/// Changes the node's configuration; it counts from the next start on.
void configure(const node& there, const std::string& text) { write_text(there.config_file(), text); }

/// The same configuration without the warehouse.
std::string without_warehouse(const std::string& text) {
  std::string rest;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at) + 1;
    const auto line = text.substr(at, end - at);
    if (line.find("analytics-warehouse") == std::string::npos) rest += line;
    at = end;
  }
  return rest;
}

TEST(destinations, that_are_gone_keep_what_waits_until_they_come_back_or_are_discarded) {
  receiver webhook;
  node there(webhook_node(", batch: 20"), {{"receiver", std::to_string(webhook.port())}});
  const std::string with = read_text(there.config_file());
  there.start();
  batch_maker maker(33, 0);
  std::vector<std::string> ids;
  const auto post = [&](int batches) {
    for (int i = 0; i < batches; ++i) {
      const made_batch batch = maker.next_for(warehouse, 50);
      for (const made_event& e : batch.events) ids.push_back(e.id);
      ASSERT_EQ(there.post(batch.body).status, 200);
    }
  };
  const auto holds = [&](double events) {
    return wait_until([&] { return backlog(there) == events; }, milliseconds(20'000));
  };
  post(4);
  there.kill9();

  configure(there, without_warehouse(with));
  there.start();
  EXPECT_THAT(there.errors(), HasSubstr("analytics-warehouse is not configured any more; 200 events"));
  EXPECT_THAT(
      get(there.port(), list_path).body,
      HasSubstr(
          R"({"name":"analytics-warehouse","kind":null,"state":"removed","circuit_open":0,"backlog":{"events":200,)"));
  EXPECT_TRUE(holds(200)) << "it has its metrics";
  EXPECT_EQ(ask(there, {"pause", "analytics-warehouse"}).how.code, 1) << "nothing is delivered there";
  there.stop();

  configure(there, with);
  webhook.start();
  there.start();
  EXPECT_TRUE(webhook.wait_for_events(ids.size(), milliseconds(30'000))) << there.last_words();
  EXPECT_TRUE(holds(0));
  ASSERT_EQ(ask(there, {"pause", "analytics-warehouse"}).how, exit_status{});
  const auto delivered = webhook.received();
  post(2);
  there.stop();

  configure(there, without_warehouse(with));
  there.start();
  const finished unasked = ask(there, {"discard", "analytics-warehouse"});
  EXPECT_EQ(unasked.how.code, 1);
  EXPECT_THAT(unasked.errors, HasSubstr("--yes"));
  const finished discarded = ask(there, {"discard", "analytics-warehouse", "--yes"});
  ASSERT_EQ(discarded.how, exit_status{}) << discarded.errors;
  EXPECT_EQ(discarded.output, "discarding 100 events of analytics-warehouse\n");
  EXPECT_TRUE(holds(0));
  EXPECT_THAT(get(there.port(), list_path).body, ::testing::Not(HasSubstr("analytics-warehouse")));
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();

  const std::string audit = read_text(there.path("audit.jsonl"));
  EXPECT_THAT(audit, HasSubstr(R"("action":"discard","region":"","destination":"analytics-warehouse")"));
  for (std::size_t i = 200; i < 300; ++i) {
    const std::string event = "\"eventId\":\"" + ids[i] + "\"";
    EXPECT_NE(audit.find(event, audit.find(R"("action":"discard")")), std::string::npos)
        << ids[i] << " was discarded without a line";
  }
  const finished inspected = run(sluice_binary(), {"log", "inspect", there.path("data").string()});
  EXPECT_THAT(inspected.output, HasSubstr("analytics-warehouse (paused): routed 300, redriven 0, delivered "
                                          "200, dead-lettered 0, discarded 100, "
                                          "dropped-oldest 0, pending 0"));
  there.start();
  there.stop();
  EXPECT_THAT(run(sluice_binary(), {"log", "inspect", there.path("data").string()}).output,
              HasSubstr("analytics-warehouse (removed)"));
  EXPECT_EQ(webhook.received(), delivered) << "nothing of what was discarded was sent";
}

TEST(destinations, are_discarded_up_to_now_also_through_a_kill) {
  receiver webhook;
  node there(webhook_node(", batch: 20"), {{"receiver", std::to_string(webhook.port())}});
  there.start();
  batch_maker maker(34, 0);
  for (int i = 0; i < 40; ++i) ASSERT_EQ(there.post(maker.next_for(warehouse, 100).body).status, 200);
  ASSERT_EQ(ask(there, {"discard", "analytics-warehouse", "--yes"}).how, exit_status{});
  there.kill9();
  webhook.start();
  there.start();
  const made_batch later = maker.next_for(warehouse, 10);
  ASSERT_EQ(there.post(later.body).status, 200);
  EXPECT_TRUE(wait_until([&] { return backlog(there) == 0; }, milliseconds(30'000)))
      << there.last_words() << get(there.port(), list_path).body;
  std::vector<std::string> expected;
  for (const made_event& e : later.events) expected.push_back(e.id);
  EXPECT_EQ(webhook.received(), expected) << "what came after the order, and nothing from before it";
  EXPECT_EQ(there.stop(), exit_status{}) << there.last_words();
}

}  // namespace
}  // namespace sluice::testing
