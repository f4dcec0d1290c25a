// Goal: dead letters find their way back, each once, whatever kills the node meanwhile, and the audit says
// who asked. Method: the program with a receiver that refuses events until it is told better; its commands
// and its API from outside; the receiver's own notes and the log's totals as witnesses.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"
#include "tests/system/dead_letter_commands.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

class redrive : public ::testing::Test {
 protected:
  redrive() {
    webhook_.answer_with([this](const delivery&, std::size_t) {
      return takes_ ? reply{} : reply{.status = 422, .body = "not of our schema"};
    });
    webhook_.start();
  }
  void start(std::size_t events, const std::string& more) {
    batch_ = maker_.next_for(warehouse, events);
    there_.emplace(webhook_node(more),
                   std::map<std::string, std::string>{{"receiver", std::to_string(webhook_.port())}});
    there_->start();
    EXPECT_EQ(there_->post(batch_.body).status, 200);
    EXPECT_TRUE(wait_until([&] { return stored() == static_cast<double>(events) && backlog() == 0; },
                           milliseconds(60'000)));
  }
  double backlog() const {
    return there_->metric("sluice_backlog_events", {{"destination", std::string(warehouse)}});
  }
  double stored() const { return stored_letters(*there_); }
  finished ask(std::vector<std::string> what) const { return ask_of_letters(*there_, std::move(what)); }
  std::string totals() const {
    const finished said = run(sluice_binary(), {"log", "inspect", there_->path("data").string()});
    const auto at = said.output.find(std::string(warehouse) + ": routed");
    return at == std::string::npos ? said.output + said.errors
                                   : said.output.substr(at, said.output.find('\n', at) - at);
  }

  batch_maker maker_{91, 3};
  made_batch batch_;
  std::atomic<bool> takes_ = false;
  receiver webhook_;
  std::optional<node> there_;
};

TEST_F(redrive, sends_letters_their_way_again_as_often_as_they_come_back) {
  start(12, ", batch: 1");
  const auto first = webhook_.deliveries();
  EXPECT_EQ(ask({"redrive", "--destination", std::string(warehouse)}).output, "12 dead letters redriven\n");
  EXPECT_TRUE(webhook_.wait_for_requests(24, milliseconds(30'000)));
  EXPECT_TRUE(wait_until([&] { return stored() == 12; }, milliseconds(30'000))) << "refused once more";
  const finished listed = ask({"list", "--json"});
  EXPECT_THAT(listed.output, HasSubstr(R"(.1","position":)")) << "letters of their own";
  EXPECT_THAT(listed.output, HasSubstr(R"("attempts":2)"));
  takes_ = true;
  const std::string mark = R"({"key":")";
  const std::string key =
      listed.output.substr(mark.size(), listed.output.find('"', mark.size()) - mark.size());
  EXPECT_EQ(ask({"redrive", key}).output, "1 dead letters redriven\n");
  EXPECT_TRUE(webhook_.wait_for_events(1, milliseconds(30'000)));
  EXPECT_EQ(ask({"redrive", key}).output, "0 dead letters redriven\n");
  EXPECT_EQ(ask({"redrive", "--destination", std::string(warehouse), "--reason", "not of our"}).output,
            "11 dead letters redriven\n");
  EXPECT_TRUE(webhook_.wait_for_events(12, milliseconds(30'000)));
  EXPECT_EQ(stored(), 0);
  std::map<std::string, std::set<std::string>> ids;
  for (const delivery& d : webhook_.deliveries()) ids[d.ids.front()].insert(d.webhook_id);
  EXPECT_EQ(ids.size(), 12U);
  for (const auto& [event, names] : ids) EXPECT_EQ(names.size(), 1U) << event << ": its webhook-id changed";
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  EXPECT_THAT(totals(), HasSubstr("routed 12, redriven 24, delivered 12, dead-lettered 24"));
  const std::string audit = read_text(there_->path("audit.jsonl"));
  std::size_t told = 0;
  for (auto at = audit.find(R"("action":"redriven")"); at != std::string::npos;
       at = audit.find(R"("action":"redriven")", at + 1))
    ++told;
  EXPECT_EQ(told, 24U);
  EXPECT_THAT(audit, HasSubstr(R"("who":"127.0.0.1")"));
}

TEST_F(redrive, owes_each_letter_once_through_kills) {
  const std::uint64_t seed = draw_seed("redrive");
  std::mt19937_64 random(seed);
  constexpr std::size_t events = 400;
  start(events, ", batch: 1, rate: 1000");
  takes_ = true;
  int kills = 0;
  for (; kills < 200 && stored() > 0; ++kills) {
    std::thread asking([this, port = there_->port()] {
      try {
        // Small pages and few, so that there are many moments between a commit and the removal behind it, and
        // many lives before the last letter, however fast it goes.
        http_peer to(port);
        for (int i = 0; i < 6; ++i)
          to.post("", "/api/v1/dead-letters/redrive?destination=" + std::string(warehouse) + "&limit=7");
      } catch (const std::exception&) {  // it was killed
      }
    });
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(1, 40)(random)));
    there_->kill9();
    asking.join();
    there_->start();
  }
  EXPECT_GE(kills, 9) << "fewer lives than pages need";
  EXPECT_EQ(stored(), 0);
  EXPECT_TRUE(webhook_.wait_for_events(events, milliseconds(60'000)));
  EXPECT_TRUE(wait_until([&] { return backlog() == 0; }, milliseconds(30'000)));
  EXPECT_EQ(there_->stop(), exit_status{}) << there_->last_words();
  EXPECT_THAT(totals(), HasSubstr("routed 400, redriven 400, delivered 400, dead-lettered 400"));
}

}  // namespace
}  // namespace sluice::testing
