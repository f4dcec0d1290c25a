#include "actors/node/admin/destinations.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "messages/json_string.hpp"

namespace sluice::node::admin {
namespace {

void append_row(std::string& to, const destination_row& row, std::int64_t wall_ms) {
  to += R"({"name":)";
  append_json_string(to, row.name);
  to += R"(,"kind":)";
  if (row.kind.empty()) {
    to += "null";
  } else {
    append_json_string(to, row.kind);
  }
  to += R"(,"state":")";
  to += to_string(row.stand);
  to += R"(","circuit_open":)";
  to += std::to_string(row.open_circuits);
  to += R"(,"backlog":{"events":)";
  to += std::to_string(row.backlog_events);
  to += R"(,"pinned_bytes":)";
  to += std::to_string(row.pinned_bytes);
  to += R"(,"oldest_seconds":)";
  if (row.oldest_received_ms == 0) {
    to += "null";
  } else {
    const auto age_ms = std::max<std::int64_t>(0, wall_ms - row.oldest_received_ms);
    char age[32];
    std::snprintf(age, sizeof age, "%.3f", static_cast<double>(age_ms) / 1e3);
    to += age;
  }
  to += "}}";
}

}  // namespace

std::string_view to_string(destination_stand stand) noexcept {
  switch (stand) {
    case destination_stand::running:
      return "running";
    case destination_stand::paused:
      return "paused";
    case destination_stand::removed:
      return "removed";
  }
  return "";
}

std::vector<destination_row> rows_of(const checkpoint::board_view& view, const destination_sources& from) {
  std::vector<destination_row> rows;
  const auto add = [&](const checkpoint::destination_view& d, std::string kind, destination_stand stand) {
    const auto events = d.totals.pending();
    rows.push_back({d.id, d.name, std::move(kind), stand, events, d.pinned_bytes,
                    events == 0 ? 0 : from.oldest_received_ms(d.id), from.open_circuits(d.id)});
  };
  for (const auto& c : from.configured) {
    for (const auto& d : view.destinations)
      if (!d.removed && d.name == c.name)
        add(d, c.kind, d.paused ? destination_stand::paused : destination_stand::running);
  }
  for (const auto& d : view.destinations) {
    const bool here =
        d.id == checkpoint::dead_letters_id ||
        (!d.removed && std::ranges::any_of(from.configured, [&](const auto& c) { return c.name == d.name; }));
    if (!here && d.totals.pending() > 0) add(d, {}, destination_stand::removed);
  }
  return rows;
}

std::string to_json(const std::vector<destination_row>& rows, std::int64_t wall_ms) {
  std::string text = R"({"destinations":[)";
  for (const auto& row : rows) {
    if (&row != &rows.front()) text += ',';
    append_row(text, row, wall_ms);
  }
  return text += "]}";
}

handler list_destinations(destination_sources from) {
  return at_once([from = std::move(from)](const request&) {
    const auto view = from.board->get();
    if (view.destinations.empty()) return not_ready();
    net::http::response r;
    r.body = to_json(rows_of(view, from), from.wall_ms());
    return r;
  });
}

}  // namespace sluice::node::admin
