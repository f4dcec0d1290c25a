// A node that is told about the emulated organisation, and what both say of the subscription between them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/node.hpp"
#include "tests/support/sandbox.hpp"
#include "tests/system/configurations.hpp"

namespace sluice::testing {

inline constexpr std::string_view subscription_name = "analytics-pipeline-sub";

/// Both destinations are files; the subscription is looked at every second. `more` are lines of the section,
/// in place of those with the same key; one that ends with its colon takes the key away.
std::string organisation_node(const std::vector<std::string>& more = {});

/// What `{cloud}` and `{ca}` of that configuration stand for.
std::map<std::string, std::string> addresses_of(const sandbox& cloud);

struct health_report {
  int status = 0;
  std::string subscription;  ///< empty: null
  std::string subscription_status;
};
health_report health_of(const node& there);

/// Whether /health shows a subscription that is in order within `patience`.
bool becomes_active(const node& there, milliseconds patience = milliseconds(60'000));

/// Of the organisation.
struct subscription_row {
  std::string id, name, endpoint, status;
};
std::vector<subscription_row> subscriptions_of(const sandbox& cloud);
/// Calls of the API by method; of all paths, or of the one.
int calls_of(const sandbox& cloud, std::string_view method, std::string_view path = {});
/// A sum over the feeds of the sender, as `acknowledged` or `on_their_way`.
std::uint64_t sent_of(const sandbox& cloud, std::string_view what);

/// What the subscription stage said: one message a line.
std::vector<std::string> subscription_lines(const node& there);

}  // namespace sluice::testing
