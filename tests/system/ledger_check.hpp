// A ledger against everything that a node with file destinations left behind: delivered files and the audit.
#pragma once

#include <string_view>

#include "tests/support/ledger.hpp"
#include "tests/support/load.hpp"
#include "tests/support/node.hpp"

namespace sluice::testing {

/// Waits until every acknowledged event is delivered and audited, or `patience` is over; the judges speak
/// then.
void wait_until_settled(const node& there, const ledger& book, milliseconds patience);

/// Expects of a stopped node: nothing acknowledged lost, nothing doubled, nothing invented, in each file and
/// in the audit (one `routed` line for each delivered event, one `dropped` line for each that no rule
/// wanted).
void expect_honest_files(const node& there, const ledger& book);

/// Expects that the senders met nothing that the contract does not allow, and that some batches went through.
void expect_honest_answers(const load_report& report);

}  // namespace sluice::testing
