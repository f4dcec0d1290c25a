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
      HasSubstr(R"({"name":"analytics-warehouse","kind":"file","state":"running","backlog":{"events":0,)"));
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

}  // namespace
}  // namespace sluice::testing
