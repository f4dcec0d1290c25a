// Goal: a verdict is bad exactly where an expectation is passed, and says so. Method: ledgers filled by hand,
// one limit passed at a time.
#include "actors/sandbox/verdict.hpp"

#include <gtest/gtest.h>

namespace sluice::sandbox {
namespace {

const event_class east{"conversation:x", "us-east-1", "normal"};
const event_class west{"conversation:x", "eu-west-1", "high"};
const event_class other{"user:presence", "us-east-1", "high"};

received_ledger ledger_of(const std::vector<identity>& events) {
  received_ledger made;
  std::vector<received_event> all;
  for (const identity one : events) all.push_back({one, "s", 0, 0});
  made.request(all, treatment::taken, "", "", std::chrono::seconds(0));
  return made;
}

TEST(selection, takes_what_all_its_members_allow) {
  EXPECT_TRUE((selection{}).has(west));
  EXPECT_TRUE((selection{"conversation:", "", ""}).has(west));
  EXPECT_FALSE((selection{"conversation:", "us-east-1", ""}).has(west));
  EXPECT_FALSE((selection{"conversation:", "us-east-1", "high"}).has(east));
  EXPECT_TRUE((selection{"", "us-east-1", "high"}).has(other));
}

TEST(comparison, finds_what_is_missing_and_what_is_too_much) {
  owed_events owed;
  owed.acknowledge(1, east);
  owed.acknowledge(2, east);
  owed.acknowledge(3, west);
  owed.acknowledge(4, other);
  owed.acknowledge(1, west);  // a second acknowledgement changes nothing
  const selection wanted{"conversation:", "us-east-1", ""};
  const auto made = compare(owed, ledger_of({1, 3, 9}), wanted);
  EXPECT_EQ(made.owed, 2U);
  EXPECT_EQ(made.missing, 1U);
  EXPECT_EQ(made.unexpected, 1U) << "3 is another's; 9 was never acknowledged, so nobody knows";
  EXPECT_EQ(made.forgotten, 0U);
}

TEST(comparison, misses_no_event_that_the_receiver_condemns) {
  owed_events owed;
  for (const identity one : {1U, 2U, 3U, 4U}) owed.acknowledge(one, east);
  received_ledger got = ledger_of({1, 2});
  got.condemn(2);  // and took it later: redriven
  got.condemn(3);
  got.condemn(3);
  const auto made = compare(owed, got, {});
  EXPECT_EQ(made.condemned, 1U);
  EXPECT_EQ(made.missing, 1U);
  EXPECT_EQ(got.counts().condemned, 2U);
}

verdict good() {
  verdict v;
  v.feeds.push_back({"id", "name", "http://127.0.0.1/", false, {.offered = 10, .acknowledged = 10}, 0, 0});
  v.receivers.push_back({9101, {}, comparison{}});
  return v;
}

scenario strict() {
  scenario s;
  s.lost = 0;
  s.acknowledged_min = 10;
  s.receivers.push_back({.number = 1,
                         .gets = {},
                         .missing = 0,
                         .condemned = 0,
                         .refused = 0,
                         .unexpected = 0,
                         .doubled = 0,
                         .repeated = 0,
                         .inversions = 0,
                         .fastest_second = 1000});
  return s;
}

TEST(verdict, is_good_when_everything_holds) {
  verdict v = good();
  v.receivers[0].counts.fastest_all = 1000;
  judge(strict(), v);
  EXPECT_TRUE(v.passed());
  const std::string text = to_text(v);
  EXPECT_TRUE(text.ends_with("passed\n")) << text;
  EXPECT_NE(text.find("9101"), std::string::npos);
}

TEST(verdict, names_what_does_not_hold) {
  struct row {
    const char* complaint;
    void (*spoil)(verdict& v);
  };
  const row rows[] = {
      {"1 events lost, at most 0 expected", [](verdict& v) { v.feeds[0].counts.lost = 1; }},
      {"9 events acknowledged, at least 10 expected", [](verdict& v) { v.feeds[0].counts.acknowledged = 9; }},
      {"receiver 1: 2 missing, at most 0 expected", [](verdict& v) { v.receivers[0].compared->missing = 2; }},
      {"receiver 1: 8 condemned, at most 0 expected",
       [](verdict& v) { v.receivers[0].compared->condemned = 8; }},
      {"receiver 1: 9 refused requests, at most 0 expected",
       [](verdict& v) { v.receivers[0].counts.refused = 9; }},
      {"receiver 1: 3 unexpected, at most 0 expected",
       [](verdict& v) { v.receivers[0].compared->unexpected = 3; }},
      {"receiver 1: 4 doubled, at most 0 expected", [](verdict& v) { v.receivers[0].counts.doubled = 4; }},
      {"receiver 1: 5 repeated, at most 0 expected", [](verdict& v) { v.receivers[0].counts.repeated = 5; }},
      {"receiver 1: 6 out of order, at most 0 expected",
       [](verdict& v) { v.receivers[0].counts.inversions = 6; }},
      {"receiver 1: 1001 in the fastest second, at most 1000 expected",
       [](verdict& v) { v.receivers[0].counts.fastest_all = 1001; }},
      {"receiver 1: not certain, because the ledgers have forgotten 7 events",
       [](verdict& v) { v.receivers[0].compared->forgotten = 7; }},
  };
  for (const row& r : rows) {
    verdict v = good();
    r.spoil(v);
    judge(strict(), v);
    EXPECT_EQ(v.complaints, std::vector<std::string>{r.complaint});
    EXPECT_NE(to_text(v).find("FAILED: " + std::string(r.complaint)), std::string::npos);
    v.complaints.clear();
    judge(scenario{}, v);
    EXPECT_TRUE(v.passed()) << "nothing was expected";
  }
}

TEST(verdict, cuts_long_names_and_marks_deleted_subscriptions) {
  verdict v = good();
  v.feeds[0].deleted = true;
  v.feeds.push_back(v.feeds[0]);
  v.feeds[1].name.assign(300, 'n');
  const std::string text = to_text(v);
  EXPECT_NE(text.find("name (deleted)"), std::string::npos) << text;
  EXPECT_EQ(text.find(std::string(29, 'n')), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::sandbox
