// Judging a node by its files.
#include "tests/system/ledger_check.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/batches.hpp"
#include "tests/support/delivered.hpp"

namespace sluice::testing {
namespace {

std::string file_of(std::string_view destination) {
  return destination == warehouse ? "warehouse.jsonl" : "dashboard.jsonl";
}

std::size_t lines_in(const std::filesystem::path& file) { return complete_lines(file).size(); }

/// The delivered ids of both files are exactly those of the audit's lines with this action.
void expect_audited(const std::vector<std::string>& delivered, const std::filesystem::path& audit,
                    const std::string& action) {
  SCOPED_TRACE("audit lines: " + action);
  const std::vector<std::string> audited = audited_ids(audit, action);
  const std::set<std::string> files(delivered.begin(), delivered.end()),
      lines(audited.begin(), audited.end());
  EXPECT_EQ(lines.size(), audited.size()) << "an event has two such lines";
  for (const std::string& id : files)
    EXPECT_TRUE(lines.contains(id)) << id << " is delivered and not audited";
  for (const std::string& id : lines)
    EXPECT_TRUE(files.contains(id)) << id << " is audited and not delivered";
}

}  // namespace

void wait_until_settled(const node& there, const ledger& book, milliseconds patience) {
  wait_until(
      [&] {
        return lines_in(there.path("warehouse.jsonl")) >= book.acknowledged_count(warehouse) &&
               lines_in(there.path("dashboard.jsonl")) >= book.acknowledged_count(dashboard) &&
               lines_in(there.path("audit.jsonl")) >= book.acknowledged_count();
      },
      patience);
}

void expect_honest_files(const node& there, const ledger& book) {
  std::vector<std::string> all;
  for (const std::string_view destination : {warehouse, dashboard}) {
    const auto ids = delivered_ids(there.path(file_of(destination)));
    const verdict v = book.judge(destination, ids);
    EXPECT_TRUE(v.clean()) << destination << ": " << v;
    all.insert(all.end(), ids.begin(), ids.end());
  }
  const auto audit = there.path("audit.jsonl");
  const verdict dropped = book.judge("", audited_ids(audit, "dropped"));
  EXPECT_TRUE(dropped.clean()) << "dropped, by the audit: " << dropped;
  for (const char* const action : {"routed", "delivered"}) expect_audited(all, audit, action);
}

void expect_honest_answers(const load_report& report) {
  for (const std::string& complaint : report.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(report.unanswered, 0U) << "batches that were never acknowledged";
  EXPECT_TRUE(report.answers.contains(200)) << "no batch was acknowledged at all";
}

}  // namespace sluice::testing
