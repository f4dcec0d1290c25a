// Goal: the subscription is there, active and pointing here, whatever is done to it and however the API
// behaves, and there are never two. Method: the keeper against the model, check by check, in virtual time.
#include "actors/subscription/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/subscription/world.hpp"

namespace sluice::subscription::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class keeper_test : public ::testing::Test {
 protected:
  void start(const std::string& noted_id = {}) {
    keeper_options options;
    options.what = what;
    options.noted_id = noted_id;
    options.note = [this](const std::string& id) { notes.push_back(id); };
    options.incident = [this](const std::string& line) { incidents.push_back(line); };
    options.random = there.random();
    kept.emplace(std::move(options));
    next = kept->start(there.at);
  }
  /// Up to the end of the next check.
  status check() {
    const std::uint64_t before = kept->now().checks;
    while (kept->now().checks == before) next = there.perform(*kept, std::move(next));
    return kept->now();
  }
  std::chrono::nanoseconds wait_now() { return std::get<wait_step>(next).time; }
  resource ours(const std::string& id = "ours") const {
    const specification& s = what.wanted;
    return {id, s.name, s.endpoint, s.sources, s.retention_days, "active", ""};
  }
  std::vector<std::string> calls() {
    std::vector<std::string> made = std::exchange(there.cloud.log, {});
    std::erase(made, "POST /oauth/token");
    for (std::string& line : made) {
      const std::string path = " /api/v2/eventbridge/subscriptions";
      line.replace(line.find(path), path.size(), line.find("/subscriptions/") == line.npos ? "" : " ");
      if (const auto query = line.find('?'); query != line.npos) line.erase(query);
    }
    return made;
  }

  settings what = known_settings();
  world there;
  std::vector<std::string> notes, incidents;
  std::optional<keeper> kept;
  step next;
};

TEST_F(keeper_test, makes_it_when_there_is_none) {
  start();
  EXPECT_EQ(kept->now().now, standing::unknown);
  const status s = check();
  EXPECT_THAT(calls(), ElementsAre("GET", "POST"));
  EXPECT_EQ(s.now, standing::active);
  EXPECT_EQ(s.id, "id-1");
  EXPECT_EQ(s.last_check_ms, there.at.wall_ms);
  EXPECT_EQ(s.checks, 1u);
  EXPECT_EQ(s.failed_checks, 0u);
  EXPECT_EQ(s.repairs, 0u);
  EXPECT_EQ(s.token_requests, 1u);
  EXPECT_THAT(notes, ElementsAre("id-1"));
  EXPECT_THAT(incidents, IsEmpty());
  EXPECT_EQ(wait_now(), 60s);
}

TEST_F(keeper_test, looks_at_it_by_its_id_every_minute) {
  start();
  check();
  check();
  calls();
  check();
  const status s = check();
  EXPECT_THAT(calls(), ElementsAre("GET /id-1", "GET /id-1"));
  EXPECT_EQ(s.checks, 4u);
  EXPECT_THAT(notes, ElementsAre("id-1"));
}

TEST_F(keeper_test, looks_at_the_noted_id_first) {
  there.cloud.add(ours());
  start("ours");
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(calls(), ElementsAre("GET /ours"));
  EXPECT_THAT(notes, IsEmpty()) << "it is noted already";
}

TEST_F(keeper_test, names_one_again_that_was_renamed) {
  there.cloud.add(ours()).name = "renamed";
  start("ours");
  const status s = check();
  EXPECT_EQ(s.now, standing::active);
  EXPECT_EQ(s.repairs, 1u);
  EXPECT_THAT(calls(), ElementsAre("GET /ours", "PUT /ours"));
  EXPECT_EQ(there.cloud.count("analytics"), 1u);
}

TEST_F(keeper_test, takes_up_by_name_when_the_noted_one_is_gone) {
  there.cloud.add(ours());
  start("older");
  EXPECT_EQ(check().id, "ours");
  EXPECT_THAT(calls(), ElementsAre("GET /older", "GET"));
  EXPECT_THAT(notes, ElementsAre("", "ours"));
  EXPECT_THAT(incidents,
              ElementsAre("subscription older is gone",
                          "subscription older was gone; ours is there instead, no events came for an "
                          "unknown time",
                          ""));
}

TEST_F(keeper_test, takes_up_the_other_when_ours_was_renamed_and_our_name_is_taken) {
  there.cloud.unique_names = true;
  there.cloud.add(ours()).name = "renamed";
  there.cloud.add(ours("other"));
  start("ours");
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_EQ(check().id, "other");
  EXPECT_EQ(there.cloud.subscriptions.size(), 2u) << "nothing of others is deleted";
}

TEST_F(keeper_test, keeps_one_that_was_renamed_while_its_update_is_in_conflict) {
  there.cloud.add(ours()).name = "renamed";
  there.cloud.next(host::api, "PUT", answered(409, R"({"message":"another change is under way"})"));
  start("ours");
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(calls(), ElementsAre("GET /ours", "PUT /ours", "GET", "GET /ours", "PUT /ours"));
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(keeper_test, passes_over_a_noted_id_that_cannot_be_one) {
  start("../../users/me");
  check();
  EXPECT_THAT(calls(), ElementsAre("GET", "POST"));
}

TEST_F(keeper_test, looks_once_for_a_second_one_after_it_made_one) {
  there.cloud.next(host::api, "POST", late());
  start();
  for (int i = 0; i < 4; ++i) next = there.perform(*kept, std::move(next));  // token, list, create, list
  start();  // the node is started again, and knows nothing of the request that is on its way
  check();
  calls();
  there.cloud.arrive();
  EXPECT_EQ(check().id, "id-1");
  EXPECT_THAT(calls(), ElementsAre("GET /id-1", "GET"));
  EXPECT_EQ(incidents.back(),
            "2 subscriptions are named analytics: id-1 is used; delete what is not needed of id-2");
}

TEST_F(keeper_test, makes_it_again_when_it_is_deleted) {
  start();
  check();
  calls();
  there.cloud.subscriptions.clear();
  const status s = check();
  EXPECT_THAT(calls(), ElementsAre("GET /id-1", "GET", "POST"));
  EXPECT_EQ(s.now, standing::active);
  EXPECT_EQ(s.id, "id-2");
  EXPECT_EQ(s.repairs, 1u);
  EXPECT_THAT(notes, ElementsAre("id-1", "", "id-2"));
  EXPECT_THAT(
      incidents,
      ElementsAre("subscription id-1 is gone",
                  "subscription id-1 was gone; id-2 is there instead, no events came for 60.1 s", ""));
}

struct mended_case {
  const char* name;
  std::function<void(resource&)> change;
  const char* because;
};

TEST_F(keeper_test, mends_what_is_not_as_it_shall_be) {
  const mended_case rows[] = {
      {"endpoint", [](resource& r) { r.endpoint = "https://old.example/"; },
       "endpoint is https://old.example/, not https://node.example/v1/events"},
      {"inactive", [](resource& r) { r.status = "inactive"; }, "status is inactive, not active"},
      {"sources", [](resource& r) { r.sources.pop_back(); }, "sources lack audit"},
      {"retention", [](resource& r) { r.retention_days = 1; }, "retention is 1 days, not 30"},
  };
  for (const auto& row : rows) {
    there.cloud.subscriptions.clear();
    incidents.clear();
    row.change(there.cloud.add(ours()));
    start();
    calls();
    const status s = check();
    EXPECT_EQ(s.now, standing::active) << row.name;
    EXPECT_EQ(s.repairs, 1u) << row.name;
    EXPECT_EQ(there.cloud.subscriptions, std::vector<resource>{there.cloud.subscriptions.front()})
        << row.name;
    EXPECT_TRUE(differences(what.wanted, there.cloud.subscriptions.front()).empty()) << row.name;
    EXPECT_THAT(incidents, ElementsAre("subscription ours is put right: " + std::string(row.because), ""));
  }
}

TEST_F(keeper_test, is_repairing_meanwhile) {
  there.cloud.add(ours()).endpoint = "https://old.example/";
  start();
  while (kept->now().now == standing::unknown) next = there.perform(*kept, std::move(next));
  EXPECT_EQ(kept->now().now, standing::repairing);
}

TEST_F(keeper_test, deletes_and_makes_again_where_an_update_is_refused) {
  there.cloud.refuses_put = true;
  there.cloud.add(ours()).endpoint = "https://old.example/";
  start();
  const status s = check();
  EXPECT_THAT(calls(), ElementsAre("GET", "PUT /ours", "DELETE /ours", "GET", "POST"));
  EXPECT_EQ(s.now, standing::active);
  EXPECT_EQ(s.repairs, 1u);
  EXPECT_EQ(there.cloud.count("analytics"), 1u);
  EXPECT_EQ(
      incidents.at(1),
      "subscription ours was deleted because an update is refused: endpoint is https://old.example/, not "
      "https://node.example/v1/events; id-2 is there instead, no events came for 0.1 s");
  EXPECT_EQ(incidents.back(), "");
}

TEST_F(keeper_test, names_the_whole_gap_when_making_it_again_takes_time) {
  there.cloud.refuses_put = true;
  there.cloud.add(ours()).endpoint = "https://old.example/";
  there.cloud.next(host::api, "POST", answered(400, R"({"message":"not today"})"));
  start();
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_THAT(notes, ElementsAre("ours", ""));
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(incidents,
              ElementsAre(StartsWith("subscription ours is put right"), HasSubstr("not today"),
                          AllOf(StartsWith("subscription ours was deleted"), HasSubstr("for 5.2 s")), ""));
}

TEST_F(keeper_test, makes_one_again_that_an_update_leaves_inactive) {
  there.cloud.shapes = [](resource& r) {
    if (r.id == "ours") r.status = "inactive";
  };
  there.cloud.add(ours()).status = "inactive";
  start();
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(calls(), ElementsAre("GET", "PUT /ours", "DELETE /ours", "GET", "POST"));
  EXPECT_THAT(incidents.at(1),
              HasSubstr("was deleted because an update leaves it inactive; id-2 is there instead"));
}

TEST_F(keeper_test, makes_one_again_but_once_when_all_are_inactive) {
  there.cloud.shapes = [](resource& r) { r.status = "inactive"; };
  there.cloud.add(ours()).status = "inactive";
  start();
  EXPECT_EQ(check().now, standing::failing);
  calls();
  const status s = check();
  EXPECT_THAT(calls(), ElementsAre("GET /id-2", "GET", "PUT /id-2"));
  EXPECT_EQ(s.now, standing::failing);
  EXPECT_EQ(s.last_error, "subscription id-2 is still not as it shall be: status is inactive, not active");
  there.cloud.shapes = {};
  EXPECT_EQ(check().now, standing::active);
}

TEST_F(keeper_test, makes_one_again_but_once_when_it_is_made_inactive_after_every_create) {
  there.cloud.changed = [&] {
    for (resource& one : there.cloud.subscriptions) one.status = "inactive";
  };
  there.cloud.shapes = [](resource& r) {
    if (r.id == "ours") r.status = "inactive";
  };
  there.cloud.add(ours());
  start();
  for (int i = 0; i < 5; ++i) check();
  EXPECT_EQ(std::ranges::count(calls(), "POST"), 1);
}

TEST_F(keeper_test, does_not_delete_what_takes_an_update_and_stays_different) {
  there.cloud.shapes = [](resource& r) { r.retention_days = 7; };
  there.cloud.add(ours()).retention_days = 7;
  start();
  check();
  check();
  EXPECT_EQ(kept->now().now, standing::failing);
  EXPECT_EQ(kept->now().repairs, 0u);
  EXPECT_THAT(calls(), ElementsAre("GET", "PUT /ours", "GET /ours", "PUT /ours"));
}

TEST_F(keeper_test, uses_the_oldest_active_of_several_and_warns) {
  there.cloud.add(ours("b")).created = "2024-01-01T00:00:00.000Z";
  there.cloud.add(ours("a")).created = "2023-01-01T00:00:00.000Z";
  there.cloud.add(ours("c")).status = "inactive";
  start();
  EXPECT_EQ(check().id, "a");
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(calls(), ElementsAre("GET", "GET /a", "GET"));
  EXPECT_THAT(incidents,
              ElementsAre("3 subscriptions are named analytics: a is used; delete what is not needed "
                          "of b c"));
  EXPECT_EQ(there.cloud.subscriptions.size(), 3u);
  there.cloud.subscriptions.erase(there.cloud.subscriptions.begin());
  there.cloud.subscriptions.pop_back();
  check();
  EXPECT_EQ(incidents.back(), "");
  calls();
  check();
  EXPECT_THAT(calls(), ElementsAre("GET /a"));
}

TEST_F(keeper_test, finds_what_it_made_when_the_answer_is_lost) {
  there.cloud.next(host::api, "POST", lost_answer());
  start();
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(calls(), ElementsAre("GET", "POST", "GET"));
  EXPECT_EQ(there.cloud.count("analytics"), 1u);
  EXPECT_EQ(kept->now().id, "id-1");
}

TEST_F(keeper_test, looks_again_before_it_makes_another_after_a_lost_create) {
  there.cloud.next(host::api, "POST", lost());
  start();
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_GE(wait_now(), 5s);
  // The request was only late.
  there.cloud.add(ours("late"));
  calls();
  EXPECT_EQ(check().id, "late");
  EXPECT_THAT(calls(), ElementsAre("GET"));
}

TEST_F(keeper_test, does_not_make_another_when_the_list_fails_after_a_lost_create) {
  there.cloud.next(host::api, "POST", lost_answer());
  start();
  next = there.perform(*kept, std::move(next));  // token
  next = there.perform(*kept, std::move(next));  // list
  for (int i = 0; i < 5; ++i) there.cloud.next(host::api, "GET", answered(500));
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_EQ(check().now, standing::active);
  EXPECT_EQ(there.cloud.count("analytics"), 1u);
}

TEST_F(keeper_test, takes_up_who_was_faster) {
  there.cloud.unique_names = true;
  start();
  next = there.perform(*kept, std::move(next));  // token
  next = there.perform(*kept, std::move(next));  // list
  there.cloud.add(ours("faster")).endpoint = "https://old.example/";
  EXPECT_EQ(check().now, standing::active);
  EXPECT_EQ(kept->now().id, "faster");
  EXPECT_THAT(calls(), ElementsAre("GET", "POST", "GET", "PUT /faster"));
}

TEST_F(keeper_test, waits_longer_after_each_check_that_fails_and_never_longer_than_between_good_ones) {
  there.random_next = 0.99;
  there.cloud.always([](host, const net::http::outgoing&) { return answered(403, R"({"message":"no"})"); });
  start();
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(check().now, standing::failing);
    waits.push_back(wait_now());
  }
  EXPECT_THAT(waits, ElementsAre(9'900ms, 19'800ms, 39'600ms, 59'400ms, 59'400ms, 59'400ms));
  there.random_next = 0.0;
  check();
  EXPECT_EQ(wait_now(), 5s);
  EXPECT_EQ(kept->now().failed_checks, 7u);
}

TEST_F(keeper_test, never_waits_longer_than_a_short_interval) {
  what.check_interval = 1s;
  there.random_next = 0.99;
  there.cloud.always([](host, const net::http::outgoing&) { return answered(400); });
  start();
  check();
  EXPECT_EQ(wait_now(), 1s);
}

TEST_F(keeper_test, tells_an_incident_once_and_its_end) {
  int call = 0;
  start();
  check();
  there.cloud.always([&](host at, const net::http::outgoing&) -> std::optional<fate> {
    if (at == host::login) return std::nullopt;
    return answered(400, R"({"message":"no","contextId":"c-)" + std::to_string(++call) + "\"}");
  });
  check();
  check();
  check();
  EXPECT_EQ(incidents.size(), 1u);
  EXPECT_THAT(kept->now().last_error, HasSubstr("(correlation id c-3)"));
  there.cloud.always({});
  const status s = check();
  EXPECT_EQ(s.last_error, "");
  EXPECT_THAT(incidents, ElementsAre(HasSubstr("answer 400: no (correlation id c-1)"), ""));
}

TEST_F(keeper_test, keeps_its_id_through_any_failure) {
  start();
  check();
  for (const fate& by :
       {answered(400), answered(401), answered(403), answered(501), untrusted(), garbled("{}")}) {
    there.cloud.next(host::api, "GET", by);
    if (by.reply.status == 401) there.cloud.next(host::api, "GET", by);
    EXPECT_EQ(check().now, standing::failing);
    EXPECT_EQ(kept->now().id, "id-1");
  }
  EXPECT_EQ(check().now, standing::active);
  EXPECT_THAT(notes, ElementsAre("id-1"));
  EXPECT_EQ(there.cloud.count("analytics"), 1u);
}

TEST_F(keeper_test, says_what_is_wrong_with_the_credentials) {
  what.credentials.client_secret = "wrong";
  start();
  EXPECT_EQ(check().last_error,
            "POST https://login.example/oauth/token: genesys.client_id or genesys.client_secret is wrong "
            "(invalid_client: authentication failed)");
}

TEST_F(keeper_test, keeps_what_cannot_be_deleted) {
  there.cloud.refuses_put = true;
  there.cloud.add(ours()).endpoint = "https://old.example/";
  there.cloud.next(host::api, "DELETE", answered(403));
  start();
  EXPECT_EQ(check().now, standing::failing);
  EXPECT_EQ(kept->now().id, "ours");
  EXPECT_THAT(notes, ElementsAre("ours"));
}

TEST_F(keeper_test, can_be_destroyed_at_any_step) {
  there.cloud.refuses_put = true;
  for (int steps = 0; steps < 8; ++steps) {
    there.cloud.subscriptions.clear();
    there.cloud.add(ours()).endpoint = "https://old.example/";
    start();
    for (int i = 0; i < steps; ++i) next = there.perform(*kept, std::move(next));
    kept.reset();
  }
}

}  // namespace
}  // namespace sluice::subscription::testing
