// How subscriptions, requests and plans are written: tables for people, JSON for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "actors/subscription/operations.hpp"
#include "actors/subscription/plan.hpp"
#include "actors/subscription/resource.hpp"

namespace sluice::cli {

enum class form : std::uint8_t { table, json };

/// What a peer says, without control characters: it cannot start a line or colour a terminal.
std::string plain(std::string_view text);

/// One line each, and the head when there are any.
void show_list(std::ostream& out, const std::vector<subscription::resource>& all, form how);
/// One whole.
void show_whole(std::ostream& out, const subscription::resource& one, form how);
/// What would be sent to `origin`, without a token.
void show_request(std::ostream& out, const std::string& origin, const subscription::request& what, form how);
void show_verdict(std::ostream& out, const std::string& name, const std::string& id,
                  const std::vector<std::string>& differences, form how);

/// A planned subscription and what became of it: empty, `there`, `created` or what differs.
struct applied {
  subscription::planned what;
  std::string outcome;
};
void show_plan(std::ostream& out, std::uint32_t rate, const std::vector<applied>& all, form how);

}  // namespace sluice::cli
