// Goal: the program serves its senders over TLS and believes only receivers that it should. Method: OpenSSL
// as the sender, a TLS server as the receiver, certificates of a throw-away authority.
#include <gmock/gmock.h>

#include "tests/net/tls/openssl_client.hpp"
#include "tests/net/tls/tls_fixture.hpp"
#include "tests/support/deadline.hpp"
#include "tests/support/delivered.hpp"
#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

using namespace net::tls::testing_support;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Senders speak TLS on `{tls}`; readiness and metrics are plain, on `{port}`.
constexpr std::string_view tls_base = R"(
ingest: { listen: "127.0.0.1:{tls}", tls: { certificate: "{files}/server.pem", key: "{files}/server.key" } }
admin: { listen: "127.0.0.1:{port}" }
checkpoint: { directory: "{dir}/data", max_bytes: 1GiB }
audit: { path: "{dir}/audit.jsonl" }
)";

std::string request(const std::string& body) {
  return "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string event(std::size_t number) {
  return R"({"events":[{"id":")" + std::to_string(number) +
         R"(","source":"conversation:transcript","metadata":{"region":"us-east-1"}}]})";
}

class node_over_tls : public ::testing::Test {
 protected:
  node_over_tls() { files_.server(for_loopback()); }
  std::map<std::string, std::string> values() const {
    return {{"tls", std::to_string(tls_port_)}, {"files", files_.file("")}};
  }
  client_wish believing() const { return {files_.issuer().certificate(), "localhost"}; }

  tls_files files_;
  const std::uint16_t tls_port_ = free_port();
};

TEST_F(node_over_tls, takes_batches_on_new_and_on_resumed_connections) {
  node under_test(std::string(tls_base) + std::string(default_routes) + R"(
destinations:
  analytics-warehouse: { kind: file, path: "{dir}/warehouse.jsonl", rate: unlimited }
  realtime-dashboard: { kind: discard }
)",
                  values());
  under_test.start();
  auto wish = believing();
  constexpr std::size_t requests = 30;
  for (std::size_t i = 0; i < requests; ++i) {
    openssl_client sender(tls_port_, wish);
    ASSERT_TRUE(sender.shook_hands());
    EXPECT_EQ(sender.resumed(), i > 0);
    sender.send(request(event(i)));
    const auto said = sender.receive_answer();
    ASSERT_THAT(said, StartsWith("HTTP/1.1 200 "));
    ASSERT_THAT(said, HasSubstr(R"("accepted":1,)"));
    wish.session = sender.save_session();
    sender.say_goodbye();
  }
  openssl_client asker(tls_port_, believing());
  asker.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(asker.receive_answer(), HasSubstr(R"("status":"healthy")"));
  const auto delivered = [&] { return complete_lines(under_test.path("warehouse.jsonl")).size(); };
  EXPECT_TRUE(wait_until([&] { return delivered() >= requests; }, milliseconds(20'000))) << delivered();
  EXPECT_EQ(under_test.stop(), (exit_status{0, 0}));
  EXPECT_EQ(delivered(), requests);
}

TEST_F(node_over_tls, delivers_over_https_to_whom_the_system_believes_and_to_nobody_else) {
  net::http::testing_support::node peer(
      [&](net::http::server_options& o) { o.tls = files_.server(for_loopback(), "receiver"); });
  const std::string configuration = std::string(node_base) + std::string(default_routes) + R"(
destinations:
  analytics-warehouse: { kind: http, url: "https://localhost:{receiver}/echo", allow: [127.0.0.0/8, "::1"], retry: { initial: 50ms, max: 100ms } }
  realtime-dashboard: { kind: discard }
)";
  node under_test(configuration, {{"receiver", std::to_string(peer.port())}});
  under_test.start();
  ASSERT_EQ(under_test.post(event(1)).status, 200);
  const auto failed = [&] {
    return under_test.metric("sluice_delivery_attempts_total",
                             {{"destination", "analytics-warehouse"}, {"outcome", "endpoint_failed"}});
  };
  ASSERT_TRUE(wait_until([&] { return failed() >= 2; }, milliseconds(20'000)));
  EXPECT_TRUE(peer.app.seen_targets().empty()) << "a stranger was sent events";
  EXPECT_THAT(under_test.errors(), ContainsRegex("TLS does not trust localhost:[0-9]+: .*certificate"));
  under_test.stop();

  // OpenSSL's own way to name the system's authorities.
  under_test.preload({}, {{"SSL_CERT_FILE", files_.ca()}});
  under_test.start();
  EXPECT_TRUE(wait_until(
      [&] {
        return under_test.metric("sluice_delivered_total", {{"destination", "analytics-warehouse"}}) >= 1;
      },
      milliseconds(20'000)));
  EXPECT_EQ(under_test.stop(), (exit_status{0, 0}));
}

TEST_F(node_over_tls, does_not_start_with_a_certificate_that_is_not_its_keys) {
  files_.server(for_loopback(), "other");
  const temp_dir dir;
  const std::string file = (dir.path() / "bad.yaml").string();
  write_text(file,
             substitute("ingest:\n  tls: { certificate: \"{files}server.pem\", key: \"{files}other.key\" }\n",
                        values()));
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"check", file}, {"run", "--config", file}}) {
    const finished refused = run(sluice_binary(), call);
    EXPECT_EQ(refused.how, (exit_status{78, 0}));
    EXPECT_THAT(refused.errors,
                ContainsRegex("bad\\.yaml:2:[0-9]+: ingest\\.tls\\.key: .*other\\.key. is not the key of"));
    EXPECT_EQ(std::ranges::count(refused.errors, '\n'), 1) << refused.errors;
  }
}

}  // namespace
}  // namespace sluice::testing
