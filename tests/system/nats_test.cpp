// Goal: a JetStream stream gets every event once and in order, whoever is killed, slow or full. Method: the
// real program and a real server; kill -9 and SIGSTOP of either; then the stream read back against a ledger.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "tests/net/tls/tls_fixture.hpp"
#include "tests/support/json_scan.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/nats_server.hpp"
#include "tests/support/nats_stream.hpp"
#include "tests/support/node.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr std::string_view destination = "stream";
constexpr const char* stream = "EVENTS";

/// One destination with these keys beside the server's.
std::string stream_node(const std::string& keys) {
  return std::string(node_base) + R"(
routes: [ { source: "^calls", to: stream } ]
destinations:
  stream: { kind: nats, servers: "{scheme}://127.0.0.1:{nats}", allow: [127.0.0.0/8], stream: EVENTS,
            subject: "events.{source}.{metadata.region}", retry: { initial: 50ms, max: 300ms, for: 1h }, )" +
         keys + " }\n";
}

class stream_delivery : public ::testing::Test {
 protected:
  static constexpr std::size_t calls = 7;

  void serve(const nats_stream_limits& limits = {}, const std::string& configuration = {}) {
    server_.emplace(configuration);
    streams().make(stream, "events.>", limits);
  }
  nats_streams streams() const { return nats_streams(server_->port(), login_); }
  void start(const std::string& keys) {
    there_.emplace(stream_node(keys),
                   std::map<std::string, std::string>{{"nats", port_of_server()}, {"scheme", scheme_}});
    there_->start();
  }
  /// Another configuration at the next start.
  void change(const std::string& keys) {
    write_text(there_->config_file(),
               substitute(stream_node(keys), {{"nats", port_of_server()},
                                              {"scheme", scheme_},
                                              {"port", std::to_string(there_->port())},
                                              {"dir", there_->path("").parent_path().string()}}));
  }
  /// Batches, noted as acknowledged; ids are numbers from 0.
  void post(std::size_t batches, std::size_t events) {
    for (std::size_t i = 0; i < batches; ++i) {
      std::string body = "{\"events\":[";
      const std::size_t first = posted_.size();
      for (std::size_t e = 0; e < events; ++e) {
        const std::string id = std::to_string(posted_.size());
        const std::string call = std::to_string(posted_.size() % calls);
        posted_.push_back(R"({"id":")" + id + R"(","source":"calls.a b","metadata":{"region":"eu","call":")" +
                          call + R"("},"data":{"n": )" + id + ".0}}");
        body.append(e == 0 ? "" : ",").append(posted_.back());
        book_.offered(id, destination, "batch");
      }
      ASSERT_EQ(there_->post(body + "]}").status, 200) << there_->last_words();
      for (std::size_t e = first; e < posted_.size(); ++e) book_.acknowledged(std::to_string(e));
    }
  }
  double backlog() const {
    return there_->metric("sluice_backlog_events", {{"destination", std::string(destination)}});
  }
  bool all_settled(milliseconds patience = milliseconds(60'000)) const {
    return wait_until([&] { return backlog() == 0; }, patience);
  }
  std::string port_of_server() const { return std::to_string(server_ ? server_->port() : server_port_); }
  /// Of what the node says or writes; its configuration alone may hold a secret.
  void expect_nowhere(const std::string& secret) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(there_->path(""))) {
      if (entry.is_regular_file() && entry.path() != there_->config_file()) {
        EXPECT_THAT(read_text(entry.path()), ::testing::Not(::testing::HasSubstr(secret))) << entry.path();
      }
    }
  }
  std::uint64_t stored() const { return streams().count(stream); }
  static std::vector<std::string> ids_of(const std::vector<nats_stored>& all) {
    std::vector<std::string> ids;
    for (const auto& m : all) ids.push_back(json::text_of(m.body, "id"));
    return ids;
  }
  /// Nothing lost, nothing doubled, bytes as they came. What stands before an earlier event.
  std::size_t expect_everything_once() const {
    const auto all = streams().read(stream);
    const auto judged = book_.judge(destination, ids_of(all));
    EXPECT_TRUE(judged.clean()) << judged;
    std::set<std::string> ids;
    std::size_t inversions = 0, last = 0;
    for (const auto& m : all) {
      ids.insert(m.id);
      const std::size_t number = std::stoul(json::text_of(m.body, "id"));
      EXPECT_EQ(m.body, posted_.at(number));
      EXPECT_EQ(m.subject, "events.calls%2Ea%20b.eu");
      if (number < last) ++inversions;
      last = std::max(last, number);
    }
    EXPECT_EQ(ids.size(), all.size()) << "each has an id of its own";
    return inversions;
  }

  std::optional<nats_server> server_;
  std::uint16_t server_port_ = 0;  ///< where there is none of the real ones
  nats_login login_;               ///< of the test
  std::optional<node> there_;
  std::string scheme_ = "nats";
  ledger book_;
  std::vector<std::string> posted_;
};

TEST_F(stream_delivery, stores_everything_once_and_in_order) {
  serve();
  start("rate: unlimited");
  post(50, 100);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u) << "nothing failed: the order is that of the log";
  EXPECT_EQ(there_->stop(), exit_status{});
}

TEST_F(stream_delivery, keeps_to_its_rate_as_the_server_counts) {
  serve();
  start("rate: 200, max_in_flight: 50");
  post(10, 100);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
  const auto times = streams().times(stream);
  std::ptrdiff_t most = 0;
  for (auto first = times.begin(); first != times.end(); ++first)
    most = std::max(most, std::lower_bound(first, times.end(), *first + std::chrono::seconds(1)) - first);
  EXPECT_LE(most, 200);
  std::printf("%td in the fastest second\n", most);
}

enum class victim : std::uint8_t { node, server, both };

class killed_delivery : public stream_delivery, public ::testing::WithParamInterface<victim> {};

TEST_P(killed_delivery, loses_nothing_and_doubles_nothing) {
  std::mt19937_64 random(draw_seed("killed delivery"));
  serve();
  start("rate: 2000, timeout: 1s");
  post(60, 100);
  std::uint64_t wanted = 300;
  for (int kill = 0; kill < rounds(4, 2); ++kill) {
    ASSERT_TRUE(wait_until([&] { return stored() >= wanted; }, milliseconds(60'000)))
        << stored() << " of " << wanted << " stored\n"
        << there_->last_words();
    std::this_thread::sleep_for(milliseconds(random() % 80));
    if (GetParam() != victim::server) there_->kill9();
    if (GetParam() != victim::node) server_->kill();
    if (GetParam() != victim::node) server_->start();
    if (GetParam() != victim::server) there_->start();
    wanted = std::min<std::uint64_t>(stored() + 500, posted_.size());
  }
  ASSERT_TRUE(all_settled()) << there_->last_words();
  const std::size_t inversions = expect_everything_once();
  std::printf("%zu events, %zu of them behind a later one\n", posted_.size(), inversions);
  EXPECT_EQ(there_->stop(), exit_status{});
}

INSTANTIATE_TEST_SUITE_P(of, killed_delivery, ::testing::Values(victim::node, victim::server, victim::both),
                         [](const auto& of_it) {
                           return of_it.param == victim::node     ? "the_node"
                                  : of_it.param == victim::server ? "the_server"
                                                                  : "both";
                         });

TEST_F(stream_delivery, keeps_the_order_with_one_in_flight_whoever_is_killed) {
  serve();
  start("rate: unlimited, max_in_flight: 1, timeout: 1s");
  post(15, 100);
  for (std::uint64_t wanted = 200; wanted <= 800; wanted += 300) {
    ASSERT_TRUE(wait_until([&] { return stored() >= wanted; }, milliseconds(60'000))) << there_->last_words();
    server_->kill();
    there_->kill9();
    server_->start();
    there_->start();
  }
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
}

TEST_F(stream_delivery, waits_for_a_server_that_hangs) {
  serve();
  start("rate: 2000, timeout: 300ms");
  post(30, 100);
  for (const std::uint64_t wanted : {500u, 1500u}) {
    ASSERT_TRUE(wait_until([&] { return stored() >= wanted; }, milliseconds(60'000))) << there_->last_words();
    server_->freeze();
    const labels failed{{"destination", std::string(destination)}, {"outcome", "endpoint_failed"}};
    const double before = there_->metric("sluice_delivery_attempts_total", failed);
    EXPECT_TRUE(
        wait_until([&] { return there_->metric("sluice_delivery_attempts_total", failed) >= before + 2; },
                   milliseconds(30'000)))
        << "it gives up what has no answer, and tries again\n"
        << there_->last_words();
    server_->thaw();
  }
  ASSERT_TRUE(all_settled()) << there_->last_words();
  expect_everything_once();
}

TEST_F(stream_delivery, is_stopped_in_time_with_a_burst_that_hangs_and_repeats_it_after) {
  serve();
  start("rate: 2000, timeout: 1m");
  post(10, 100);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  server_->freeze();
  post(10, 100);
  server_->wait_for_unread();
  there_->terminate();
  const auto ended = there_->ended(milliseconds(20'000));
  ASSERT_TRUE(ended) << there_->last_words();
  EXPECT_EQ(*ended, exit_status{}) << there_->last_words();
  server_->thaw();
  change("rate: 2000, timeout: 1s");
  there_->start();
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
}

TEST_F(stream_delivery, is_stopped_in_time_while_it_waits_for_a_greeting) {
  serve();
  server_->freeze();
  start("rate: unlimited, timeout: 1m");
  post(1, 100);
  there_->terminate();
  const auto ended = there_->ended(milliseconds(20'000));
  ASSERT_TRUE(ended) << there_->last_words();
  EXPECT_EQ(*ended, exit_status{}) << there_->last_words();
  server_->thaw();
  there_->start();
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
}

TEST_F(stream_delivery, keeps_a_keys_order_over_several_connections) {
  serve();
  start("rate: unlimited, ordering: key, key: metadata.call, concurrency: 4");
  post(40, 100);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  expect_everything_once();
  std::map<std::string, std::size_t> last;
  for (const auto& m : streams().read(stream)) {
    const std::size_t number = std::stoul(json::text_of(m.body, "id"));
    std::size_t& before = last[std::to_string(number % calls)];
    EXPECT_LE(before, number);
    before = number;
  }
  EXPECT_EQ(last.size(), calls);
}

TEST_F(stream_delivery, holds_what_a_full_stream_does_not_take) {
  serve({.messages_max = 700, .discard_new = true});
  start("rate: unlimited");
  post(20, 100);
  ASSERT_TRUE(wait_until([&] { return stored() == 700 && backlog() == 1300; }, milliseconds(60'000)))
      << stored() << " stored, backlog of " << backlog() << "\n"
      << there_->last_words();
  std::vector<std::string> got;
  while (got.size() < posted_.size()) {
    nats_streams kept = streams();
    const std::uint64_t expected = std::min<std::uint64_t>(700, posted_.size() - got.size());
    ASSERT_TRUE(wait_until([&] { return kept.count(stream) == expected; }, milliseconds(60'000)))
        << kept.count(stream) << " of " << expected << " after " << got.size() << "\n"
        << there_->last_words();
    const auto some = ids_of(kept.read(stream));
    got.insert(got.end(), some.begin(), some.end());
    kept.empty(stream);
  }
  ASSERT_TRUE(all_settled()) << there_->last_words();
  const auto judged = book_.judge(destination, got);
  EXPECT_TRUE(judged.clean()) << judged;
  EXPECT_THAT(there_->errors(), ::testing::HasSubstr("the stream is full"));
}

TEST_F(stream_delivery, proves_who_it_is_to_the_server_that_it_believes_and_shows_nobody_how) {
  const std::string secret = "S3cr3t/+&=canary?";
  net::tls::testing_support::tls_files files;
  files.server(net::tls::testing_support::for_loopback());
  net::tls::certificate_wish own;
  own.names = {"node"};
  own.for_clients = true;
  files.server(own, "node");
  login_ = {.user = "node",
            .password = secret,
            .ca = files.ca(),
            .certificate = files.file("node.pem"),
            .key = files.file("node.key")};
  serve({}, "authorization { user: node, password: \"" + secret + "\" }\ntls { cert_file: \"" +
                files.file("server.pem") + "\", key_file: \"" + files.file("server.key") + "\", ca_file: \"" +
                files.ca() + "\", verify: true }");
  const std::string trusts = "tls: { ca: \"" + files.ca() + "\", certificate: \"" + files.file("node.pem") +
                             "\", key: \"" + files.file("node.key") + "\" }";
  scheme_ = "tls";
  start("user: node, password: \"" + secret + "\", " + trusts);
  post(5, 100);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
  EXPECT_EQ(there_->stop(), exit_status{});
  there_.reset();
  // A wrong password is the endpoint's failure: everything waits.
  start("user: node, password: \"" + secret + "wrong\", " + trusts);
  post(1, 100);
  const labels failed{{"destination", std::string(destination)}, {"outcome", "endpoint_failed"}};
  EXPECT_TRUE(wait_until([&] { return there_->metric("sluice_delivery_attempts_total", failed) >= 2; },
                         milliseconds(30'000)))
      << there_->last_words();
  EXPECT_EQ(backlog(), 100);
  expect_nowhere("canary");
}

/// A server that repeats in its error what it was told.
class indiscreet_server {
 public:
  indiscreet_server() : listener_(tcp_socket::listen(port)), serving_([this] { serve(); }) {}
  ~indiscreet_server() {
    listener_.shutdown();
    serving_.join();
  }
  std::string told() {
    const std::lock_guard held(guard_);
    return told_;
  }
  const std::uint16_t port = free_port();

 private:
  void serve() {
    while (tcp_socket peer = listener_.accept()) {
      try {
        peer.send(R"(INFO {"server_id":"x","version":"2.9.10","headers":true,"max_payload":1048576})"
                  "\r\n",
                  milliseconds(5000));
        std::string line;
        while (line.find("\r\n") == line.npos && peer.receive(line, milliseconds(5000))) {
        }
        line.erase(0, line.find("\"pass\""));
        line.resize(std::min(line.find("\r\n"), line.size()));
        peer.send("-ERR 'Authorization Violation of " + line + "'\r\n", milliseconds(5000));
        const std::lock_guard held(guard_);
        told_ += line;
      } catch (const std::runtime_error&) {
        // The node went away first.
      }
    }
  }

  tcp_socket listener_;
  std::mutex guard_;
  std::string told_;  // guarded by guard_
  std::thread serving_;
};

TEST_F(stream_delivery, shows_no_password_that_a_server_repeats) {
  indiscreet_server server;
  server_port_ = server.port;
  start("user: node, password: \"S3cr3t-canary\"");
  post(1, 10);
  const labels failed{{"destination", std::string(destination)}, {"outcome", "endpoint_failed"}};
  EXPECT_TRUE(wait_until([&] { return there_->metric("sluice_delivery_attempts_total", failed) >= 2; },
                         milliseconds(30'000)))
      << there_->last_words();
  EXPECT_THAT(server.told(), ::testing::HasSubstr("canary")) << "it was told, and could repeat it";
  EXPECT_THAT(there_->errors(), ::testing::HasSubstr("Authorization Violation"));
  expect_nowhere("canary");
}

TEST_F(stream_delivery, buries_what_is_too_large_for_the_server_and_delivers_its_neighbours) {
  serve({}, "max_payload: 4096");
  start("rate: unlimited");
  post(1, 10);
  const std::string large = R"({"id":"10","source":"calls","data":")" + std::string(5000, 'x') + "\"}";
  ASSERT_EQ(there_->post("{\"events\":[" + large + "]}").status, 200);
  posted_.push_back(large);
  post(1, 10);
  ASSERT_TRUE(all_settled()) << there_->last_words();
  EXPECT_EQ(expect_everything_once(), 0u);
  EXPECT_EQ(stored(), 20u);
  EXPECT_EQ(there_->metric("sluice_dead_letters", {{"destination", std::string(destination)}}), 1);
}

}  // namespace
}  // namespace sluice::testing
