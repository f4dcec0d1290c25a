// Goal: several endpoints and several requests at once deliver everything, hold each other up in nothing,
// keep a key's order and the limit; and a crash repeats the open offers of all lanes and nothing else.
// Method: the real program, real receivers that note every request, kill -9.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "tests/support/ledger.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {
namespace {

constexpr std::string_view spread = "spread";

/// One destination with these keys; `{rN}` is the port of receiver N.
std::string spread_node(const std::string& keys) {
  return std::string(node_base) +
         "routes: [ { source: \"^key:\", to: spread } ]\ndestinations:\n  spread: { kind: " +
         "http, allow: [127.0.0.0/8], retry: { initial: 50ms, max: 300ms, for: 1h }, " + keys + " }\n";
}

std::string endpoints(std::size_t n) {
  std::string text = "endpoints: [";
  for (std::size_t i = 0; i < n; ++i)
    text.append(i == 0 ? "" : ", ")
        .append("\"http://127.0.0.1:{r")
        .append(std::to_string(i))
        .append("}/hook\"");
  return text + "]";
}

class spread_events : public ::testing::Test {
 protected:
  static constexpr int keys = 48;

  void receivers(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      webhooks_.emplace_back();
      ports_["r" + std::to_string(i)] = std::to_string(webhooks_.back().port());
    }
  }
  void start(const std::string& configuration) {
    there_.emplace(configuration, ports_);
    there_->start();
  }
  /// Another configuration at the next start.
  void change(const std::string& configuration) {
    auto values = ports_;
    values["port"] = std::to_string(there_->port());
    values["dir"] = there_->path("").parent_path().string();
    std::ofstream(there_->config_file()) << substitute(configuration, values);
  }

  /// Batches whose events go round the keys, noted as acknowledged. An event's id is `key-number`.
  void post(std::size_t batches, std::size_t events) {
    for (std::size_t i = 0; i < batches; ++i) {
      std::string body = "{\"events\":[";
      std::vector<std::string> ids;
      for (std::size_t e = 0; e < events; ++e) {
        const int key = static_cast<int>(posted_.size()) % keys;
        const std::string id = std::to_string(key) + "-" + std::to_string(posted_.size());
        body.append(e == 0 ? "" : ",").append(R"({"id":")").append(id).append(R"(","source":"key:)");
        body.append(std::to_string(key)).append(R"(","data":"some text"})");
        ids.push_back(id);
        posted_.push_back(id);
        book_.offered(id, spread, "batch");
      }
      ASSERT_EQ(there_->post(body + "]}").status, 200) << there_->last_words();
      for (const std::string& id : ids) book_.acknowledged(id);
    }
  }
  static int key_of(const std::string& id) { return std::stoi(id); }
  static int number_of(const std::string& id) { return std::stoi(id.substr(id.find('-') + 1)); }

  /// Different events that arrived, answered 2xx, wherever.
  std::size_t arrived() const {
    std::set<std::string> all;
    for (const receiver& r : webhooks_)
      for (const std::string& id : r.received()) all.insert(id);
    return all.size();
  }
  std::vector<std::string> everything_received() const {
    std::vector<std::string> all;
    for (const receiver& r : webhooks_) std::ranges::copy(r.received(), std::back_inserter(all));
    return all;
  }
  /// Nothing lost; an event always at the same receiver; first arrivals of a key in its order.
  void expect_each_key_in_order_at_one_place() const {
    std::map<int, const receiver*> place;
    std::size_t inversions = 0;
    for (const receiver& r : webhooks_) {
      std::map<int, int> last;
      std::set<std::string> seen;
      for (const std::string& id : r.received()) {
        if (!seen.insert(id).second) continue;
        EXPECT_EQ(place.emplace(key_of(id), &r).first->second, &r)
            << "key " << key_of(id) << " at two places";
        int& before = last.emplace(key_of(id), -1).first->second;
        if (number_of(id) < before) ++inversions;
        before = std::max(before, number_of(id));
      }
    }
    EXPECT_EQ(inversions, 0U) << "first arrivals of a key out of its order";
    EXPECT_EQ(book_.judge(spread, everything_received()).lost, 0U)
        << book_.judge(spread, everything_received());
  }

  std::list<receiver> webhooks_;
  std::map<std::string, std::string> ports_;
  std::optional<node> there_;
  ledger book_;
  std::vector<std::string> posted_;
};

TEST_F(spread_events, go_on_to_three_endpoints_while_the_fourth_is_down) {
  receivers(4);
  for (receiver& r : webhooks_) r.start();
  start(spread_node(endpoints(4) + ", ordering: key, concurrency: 2, batch: 20"));
  post(1, keys);
  ASSERT_TRUE(wait_until([&] { return arrived() == keys; }, milliseconds(30'000))) << there_->last_words();
  receiver& down =
      *std::ranges::max_element(webhooks_, {}, [](const receiver& r) { return r.received().size(); });
  std::set<int> waiting_keys;
  for (const std::string& id : down.received()) waiting_keys.insert(key_of(id));
  ASSERT_FALSE(waiting_keys.empty());
  ASSERT_LT(waiting_keys.size(), std::size_t{keys});
  down.stop();
  post(40, keys);
  const std::size_t others = keys + 40 * (keys - waiting_keys.size());
  EXPECT_TRUE(wait_until([&] { return arrived() == others; }, milliseconds(60'000)))
      << arrived() << " of " << others << " arrived although three endpoints are up\n"
      << there_->last_words();
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_backlog_events", {{"destination", std::string(spread)}}) ==
               static_cast<double>(posted_.size() - others);
      },
      milliseconds(20'000)))
      << "the backlog is what waits for the endpoint that is down";
  down.start();
  EXPECT_TRUE(wait_until([&] { return arrived() == posted_.size(); }, milliseconds(60'000)))
      << there_->last_words();
  expect_each_key_in_order_at_one_place();
  std::printf("%zu of %d keys waited for the endpoint that was down\n", waiting_keys.size(), keys);
}

TEST_F(spread_events, give_way_where_the_oldest_wait_and_nowhere_else) {
  receivers(4);
  for (receiver& r : webhooks_) r.start();
  start(spread_node(
      endpoints(4) +
      ", ordering: key, concurrency: 2, batch: 20, backlog: { max_events: 100, when_full: drop_oldest }"));
  post(1, keys);
  ASSERT_TRUE(wait_until([&] { return arrived() == keys; }, milliseconds(30'000))) << there_->last_words();
  receiver& down =
      *std::ranges::max_element(webhooks_, {}, [](const receiver& r) { return r.received().size(); });
  std::set<int> waiting_keys;
  for (const std::string& id : down.received()) waiting_keys.insert(key_of(id));
  ASSERT_FALSE(waiting_keys.empty());
  down.stop();
  std::size_t others = keys;
  // One batch after the other, so that nothing waits but for the endpoint that is down.
  for (int i = 0; i < 25; ++i) {
    post(1, keys);
    others += keys - waiting_keys.size();
    ASSERT_TRUE(wait_until([&] { return arrived() == others; }, milliseconds(30'000)))
        << arrived() << " of " << others << " of those that no relief concerns\n"
        << there_->last_words();
  }
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_backlog_events", {{"destination", std::string(spread)}}) <= 100;
      },
      milliseconds(20'000)));
  down.start();
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_backlog_events", {{"destination", std::string(spread)}}) == 0;
      },
      milliseconds(30'000)))
      << there_->last_words();
  // What arrived of a key that waited, behind its first event, are its last ones: the older gave way.
  std::map<int, std::vector<std::string>> sent, got;
  for (const std::string& id : posted_)
    if (waiting_keys.contains(key_of(id))) sent[key_of(id)].push_back(id);
  for (const std::string& id : down.received()) got[key_of(id)].push_back(id);
  std::size_t gone = 0;
  for (const auto& [key, all] : sent) {
    const std::vector<std::string>& some = got[key];
    ASSERT_LE(some.size(), all.size());
    gone += all.size() - some.size();
    EXPECT_TRUE(
        std::equal(some.begin() + 1, some.end(), all.end() - static_cast<std::ptrdiff_t>(some.size() - 1)))
        << "key " << key;
  }
  EXPECT_GT(gone, 0U);
  std::printf("%zu of %zu events that waited gave way\n", gone, 25 * waiting_keys.size());
}

TEST_F(spread_events, keep_to_the_limit_with_several_requests_at_once) {
  constexpr milliseconds answer_time(500);
  constexpr std::size_t rate = 200, concurrency = 8;
  receivers(1);
  receiver& slow = webhooks_.front();
  slow.answer_with([&](const delivery&, std::size_t) { return reply{.delay = answer_time}; });
  slow.start();
  start(spread_node(
      "url: \"http://127.0.0.1:{r0}/hook\", ordering: none, concurrency: 8, batch: 20, rate: 200"));
  const auto begin = steady::now();
  post(12, 100);
  EXPECT_TRUE(slow.wait_for_events(posted_.size(), milliseconds(60'000))) << there_->last_words();
  const double seconds = std::chrono::duration<double>(steady::now() - begin).count();
  EXPECT_LE(slow.fastest_second(), rate);
  const auto all = slow.deliveries();
  std::size_t most = 0;
  for (const delivery& last : all) {
    // Unanswered when the last of them had come.
    most = std::max(most, static_cast<std::size_t>(std::ranges::count_if(all, [&](const delivery& d) {
                      return d.at <= last.at && d.at > last.at - answer_time;
                    })));
  }
  EXPECT_GE(most, concurrency / 2) << "requests in flight at once";
  EXPECT_LE(most, concurrency);
  EXPECT_TRUE(book_.judge(spread, slow.received()).clean()) << book_.judge(spread, slow.received());
  std::printf(
      "1200 events at %zu a second and 500 ms an answer took %.2f s; %zu in the fastest second, %zu "
      "requests at once\n",
      rate, seconds, slow.fastest_second(), most);
}

struct repeats {
  std::size_t requests = 0, repeated = 0;
};

/// A request that comes again is the same to the letter, and no event changes its request.
repeats expect_same_when_repeated(const std::list<receiver>& webhooks, std::size_t rate) {
  repeats counted;
  for (const receiver& r : webhooks) {
    std::map<std::string, std::string> body_of;
    std::map<std::string, std::string> request_of;
    EXPECT_LE(r.fastest_second(), rate);
    for (const delivery& each : r.deliveries()) {
      ++counted.requests;
      const auto [known, is_new] = body_of.emplace(each.webhook_id, each.body);
      counted.repeated += is_new ? 0 : 1;
      EXPECT_EQ(each.body, known->second) << each.webhook_id << " came again with other bytes";
      for (const std::string& id : each.ids)
        EXPECT_EQ(request_of.emplace(id, each.webhook_id).first->second, each.webhook_id)
            << id << " came again in another request";
    }
  }
  return counted;
}

class killed_with_lanes : public spread_events {
 protected:
  /// Two endpoints with four lanes each, killed again and again; the offers that were open at the kills.
  std::size_t kill_in_the_middle(const std::string& keys_of_it, int kills, std::size_t events,
                                 std::size_t between) {
    std::mt19937_64 random(draw_seed("kill with lanes"));
    receivers(2);
    for (receiver& r : webhooks_) {
      r.answer_with([](const delivery&, std::size_t) { return reply{.delay = milliseconds(20)}; });
      r.start();
    }
    start(spread_node(endpoints(2) + ", ordering: key, concurrency: 4, rate: 500, " + keys_of_it));
    post(events / 100, 100);
    std::size_t open_offers = 0, wanted = 200;
    for (int kill = 0; kill < kills; ++kill) {
      EXPECT_TRUE(wait_until([&] { return arrived() >= wanted; }, milliseconds(30'000)))
          << there_->last_words();
      std::this_thread::sleep_for(milliseconds(random() % 60));
      there_->kill9();
      const finished log = run(sluice_binary(), {"log", "inspect", there_->path("data").string()});
      for (std::size_t at = 0; (at = log.output.find("open offer", at)) != std::string::npos; ++at)
        ++open_offers;
      there_->start();
      wanted = arrived() + between;
    }
    EXPECT_TRUE(wait_until([&] { return arrived() == posted_.size(); }, milliseconds(60'000)))
        << there_->last_words();
    EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
    expect_each_key_in_order_at_one_place();
    return open_offers;
  }
};

TEST_F(killed_with_lanes, repeat_the_open_offers_of_every_lane_and_nothing_else) {
  const std::size_t open_offers = kill_in_the_middle("batch: 20", rounds(5, 3), 4000, 400);
  const repeats counted = expect_same_when_repeated(webhooks_, 500);
  EXPECT_LE(counted.repeated, open_offers) << "more came again than was open at the kills";
  std::printf("%zu requests, %zu of them again; %zu offers were open at the kills\n", counted.requests,
              counted.repeated, open_offers);
}

// Such requests have no offers: what no committed outcome covers comes again.
TEST_F(killed_with_lanes, repeat_single_events_under_their_own_names) {
  kill_in_the_middle("batch: 1", rounds(3, 2), 1500, 200);
  const repeats counted = expect_same_when_repeated(webhooks_, 500);
  std::printf("%zu requests of one event, %zu of them again\n", counted.requests, counted.repeated);
}

TEST_F(spread_events, leave_by_the_lanes_that_they_wait_in_when_the_configuration_has_fewer) {
  receivers(2);
  start(spread_node(endpoints(2) + ", ordering: none, concurrency: 4, batch: 10"));
  post(5, 100);
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  change(spread_node("url: \"http://127.0.0.1:{r0}/hook\", batch: 10"));
  there_->start();
  post(1, 100);
  webhooks_.front().start();
  EXPECT_TRUE(webhooks_.front().wait_for_events(posted_.size(), milliseconds(60'000)))
      << there_->last_words();
  EXPECT_TRUE(wait_until(
      [&] {
        return there_->metric("sluice_backlog_events", {{"destination", std::string(spread)}}) == 0;
      },
      milliseconds(20'000)));
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  change(spread_node(endpoints(2) + ", key: source"));
  webhooks_.back().start();
  there_->start();
  post(2, 100);
  EXPECT_TRUE(wait_until([&] { return arrived() == posted_.size(); }, milliseconds(60'000)))
      << there_->last_words();
  const auto judged = book_.judge(spread, everything_received());
  EXPECT_TRUE(judged.clean()) << judged;
  EXPECT_FALSE(webhooks_.back().received().empty());
}

}  // namespace
}  // namespace sluice::testing
