// Goal: a line for each event and action, none lost or doubled by the actor's death or a failing disk.
// Method: a log in memory, the simulated disk, blocking work done at once, virtual time.
#include <gtest/gtest.h>

#include <cerrno>
#include <span>

#include "actors/audit/actor.hpp"
#include "tests/support/delivery_fixture.hpp"
#include "tests/support/json_scan.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using test::operation_kind;

class audit_stage : public delivery_fixture, public ::testing::Test {
 protected:
  ~audit_stage() override { kill_audit(); }
  void start(audit::actions which = {}) {
    audit::actor_options o;
    o.at = at;
    o.feed = &feed;
    o.files = &disk;
    o.path = "/out/audit.jsonl";
    o.which = which;
    o.names = {{destination, "warehouse"}};
    o.checkpoint = checkpoint;
    o.workers = [](const char*) { return std::make_unique<inline_executor>(); };
    o.incident = [this](const std::string& what) { incidents.push_back(what); };
    audit = audit::spawn_audit(system, std::move(o));
    run();
  }
  void kill_audit() {
    if (audit) kill(audit);
    audit = audit_actor{};
    run();
  }
  std::string file() {
    const auto from =
        disk.open("/out/audit.jsonl", checkpoint::open_mode::read, checkpoint::caching::buffered);
    if (!from) return {};
    std::string text((*from)->size().value(), '\0');
    EXPECT_TRUE((*from)->read_at(std::as_writable_bytes(std::span(text)), 0));
    return text;
  }
  /// `action id`, of each line.
  std::vector<std::string> lines() {
    const std::string text = file();
    std::vector<std::string> all;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const auto line = text.substr(begin, end - begin);
      all.push_back(json::text_of(line, "action") + " " + json::text_of(line, "eventId"));
    }
    return all;
  }

  test::simulated_file_system disk;
  std::shared_ptr<audit::progress> at = std::make_shared<audit::progress>();
  audit_actor audit;
};

TEST_F(audit_stage, tells_what_became_of_each_event) {
  start();
  feed.append(
      {{.id = "r", .targets = {{destination, 0}}}, {.id = "d"}, {.id = "q", .why = quarantine::id_empty}});
  checkpoint::outcome_head head;
  head.destination = destination;
  head.how = checkpoint::settlement::delivered;
  head.first = head.last = head.events = 1;
  feed.append(head, "", {{1, "r", "genesys", ""}});
  advance(1s);
  EXPECT_EQ(lines(), (std::vector<std::string>{"routed r", "dropped d", "quarantined q", "delivered r"}));
  EXPECT_EQ(at->upto, 2u);
  EXPECT_EQ(at->last, 3u);
}

TEST_F(audit_stage, leaves_out_what_nobody_wants_to_see) {
  start({.routed = false, .dropped = true, .quarantined = false, .delivered = false, .dead_lettered = false});
  feed.append({{.id = "r", .targets = {{destination, 0}}}, {.id = "d"}});
  feed.append({{.id = "r2", .targets = {{destination, 0}}}});
  advance(1s);
  EXPECT_EQ(lines(), std::vector<std::string>{"dropped d"});
  EXPECT_EQ(at->upto, 2u) << "a group without a line is done with";
}

TEST_F(audit_stage, tells_what_an_operator_did_and_who_it_was) {
  start(
      {.routed = false, .dropped = false, .quarantined = false, .delivered = false, .dead_lettered = false});
  const auto order = [&](checkpoint::control_kind what, std::string_view who) {
    feed.append(checkpoint::control_head{what, destination, 0, 0, 0}, who);
  };
  order(checkpoint::control_kind::destination_paused, "10.1.2.3 \"token\"");
  order(checkpoint::control_kind::destination_resumed, "127.0.0.1");
  advance(1s);
  EXPECT_EQ(lines(), (std::vector<std::string>{"pause ", "resume "}));
  EXPECT_NE(file().find(R"("destination":"warehouse","who":"10.1.2.3 \"token\""})"), std::string::npos)
      << file();
}

TEST_F(audit_stage, tells_what_was_redriven_and_backfilled) {
  start({.routed = false});
  feed.append({{.id = "a"}, {.id = "b"}});
  feed.append_rewritten(checkpoint::rewrite_kind::redrive, "127.0.0.1 token 1",
                        {{.id = "r", .targets = {{destination, 0}}}}, {{1, 0, 0, 1, 1}});
  feed.append_rewritten(checkpoint::rewrite_kind::backfill, "", {{.id = "b", .targets = {{destination, 0}}}},
                        {{2, 0, 0, 0, 0}});
  feed.append({.kind = checkpoint::control_kind::letters_discarded, .destination = destination, .value = 7},
              "127.0.0.1");
  advance(1s);
  EXPECT_EQ(lines(),
            (std::vector<std::string>{"dropped a", "dropped b", "redriven r", "discard_dead_letters "}))
      << "nobody wants to see what was routed";
  EXPECT_NE(file().find("\"destination\":\"warehouse\",\"who\":\"127.0.0.1 token 1\""), std::string::npos)
      << file();
  EXPECT_NE(file().find("\"reason\":\"7 dead letters\",\"who\":\"127.0.0.1\""), std::string::npos) << file();
}

TEST_F(audit_stage, writes_the_first_line_at_once_and_gathers_the_next) {
  start();
  feed.append({{.id = "1"}});
  run();
  EXPECT_EQ(lines().size(), 1u);
  const auto syncs = disk.count(operation_kind::sync, "audit");
  for (int i = 2; i <= 20; ++i) {
    feed.append({{.id = std::to_string(i)}});
    run();
  }
  advance(1s);
  EXPECT_EQ(lines().size(), 20u);
  EXPECT_EQ(disk.count(operation_kind::sync, "audit"), syncs + 1);
}

TEST_F(audit_stage, loses_and_doubles_no_line_when_it_dies) {
  std::vector<std::string> expected;
  for (int i = 1; i <= 30; ++i) {
    const auto id = std::to_string(i);
    start();
    feed.append({{.id = id}});
    if (i % 3 == 0) run();
    if (i % 3 == 1) advance(1s);
    expected.push_back("dropped " + id);
    kill_audit();
  }
  start();
  advance(1s);
  EXPECT_EQ(lines(), expected);
}

TEST_F(audit_stage, tries_a_failed_write_again_and_says_so_once) {
  disk.inject({.kind = operation_kind::sync, .sys = EIO, .path_contains = "audit"});
  disk.inject({.kind = operation_kind::write,
               .sys = ENOSPC,
               .nth = 2,
               .path_contains = "audit",
               .partial_bytes = 20});
  start();
  feed.append({{.id = "1"}, {.id = "2"}});
  for (int i = 0; i < 5; ++i) advance(1s);
  EXPECT_EQ(lines(), (std::vector<std::string>{"dropped 1", "dropped 2"}));
  ASSERT_FALSE(incidents.empty());
  EXPECT_EQ(incidents.back(), "") << "it goes on";
}

TEST_F(audit_stage, writes_everything_before_it_ends) {
  start();
  feed.append({{.id = "1"}});
  run();
  feed.append({{.id = "2"}});
  caf::anon_send(audit, drain_a{});
  run();
  EXPECT_EQ(lines(), (std::vector<std::string>{"dropped 1", "dropped 2"}));
  audit = audit_actor{};
  EXPECT_EQ(system.registry().running(), 1u) << "only the checkpoint is left";
}

}  // namespace
}  // namespace sluice::testing
