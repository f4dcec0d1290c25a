#include "actors/node/admin/orders.hpp"

#include <algorithm>
#include <utility>

#include "actors/node/config/nearest.hpp"
#include "messages/assert.hpp"
#include "messages/json_string.hpp"

namespace sluice::node::admin {
namespace {

using checkpoint::order_kind;
using net::http::problem;
using net::http::response;

response no_such(const std::string& name, const std::vector<destination_row>& rows) {
  std::vector<std::string> known;
  for (const auto& row : rows) known.push_back(row.name);
  const auto meant = config::nearest(name, known);
  std::string detail = "no destination has this name";
  if (!meant.empty()) detail.append("; ").append(meant).append(" is one");
  return problem(404, "not found", detail);
}

response done(order_kind what, const std::string& name, std::uint64_t waiting) {
  response r;
  r.body = R"({"destination":)";
  append_json_string(r.body, name);
  switch (what) {
    case order_kind::pause:
      r.body += R"(,"state":"paused"})";
      break;
    case order_kind::resume:
      r.body += R"(,"state":"running"})";
      break;
    case order_kind::discard:
      r.body.append(R"(,"discarding":)").append(std::to_string(waiting)).append("}");
      break;
    case order_kind::discard_letters:
    case order_kind::redrive:
      SLUICE_ASSERT(false);  // no orders of this handler
  }
  return r;
}

response refused(const error& why) {
  if (why.code == errc::not_found) return problem(404, "not found", why.detail);
  auto r = problem(503, to_string(why.code), why.detail);
  r.fields.emplace_back("Retry-After", "1");
  return r;
}

}  // namespace

handler order_destination(order_kind what, destination_sources from, const order_desk& desk) {
  return [what, from = std::move(from), &desk](const request& asked, const respond& to) {
    const auto view = from.board->get();
    if (view.destinations.empty()) return to(not_ready());
    const std::string& name = asked.names.front();
    const auto rows = rows_of(view, from);
    const auto row = std::ranges::find(rows, name, &destination_row::name);
    if (row == rows.end()) return to(no_such(name, rows));
    if (row->stand == destination_stand::removed && what != order_kind::discard) {
      return to(
          problem(409, "removed", "the destination is not configured any more: nothing is delivered there"));
    }
    auto order = std::make_shared<checkpoint::order>();
    order->what = what;
    order->destination = row->id;
    order->who = asked.who;
    order->done = [what, name, to](const result<std::uint64_t>& ended) {
      to(ended ? done(what, name, *ended) : refused(ended.error()));
    };
    if (!desk.hand_in(std::move(order))) to(not_ready());
  };
}

}  // namespace sluice::node::admin
