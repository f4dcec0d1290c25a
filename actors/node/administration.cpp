// Which handlers the admin API has, and what they are given of the node.
#include <algorithm>
#include <set>

#include "actors/node/admin/destinations.hpp"
#include "actors/node/admin/orders.hpp"
#include "actors/node/config/keys.hpp"
#include "actors/node/parts.hpp"
#include "actors/node/reread.hpp"

namespace sluice::node {

using net::http::method;

namespace {

result<void> read_again(std::span<const deliver::dead_letter> letters, const decode::identity_key& key,
                        checkpoint::rewritten_events& into) {
  std::vector<accepted_event> events;
  for (const deliver::dead_letter& l : letters) events.push_back({l.event, l.id, l.source});
  rereader reader(key);
  return reader.read(events, [&](const decoded& read, std::string_view body, std::size_t) {
    for (const event_entry& e : read.entries) into.add(e, body);
  });
}

}  // namespace

void application::parts::serve_admin() {
  admin::destination_sources from;
  from.board = &board;
  for (const auto& d : configured.destinations)
    from.configured.push_back({d.name, std::string(config::to_string(d.kind))});
  from.oldest_received_ms = [this](destination_id of) {
    std::int64_t oldest = 0;
    for (const served_lane& l : lanes) {
      const auto at = l.lane->destination == of ? l.lane->gauges.oldest_received_ms.load() : 0;
      if (at != 0 && (oldest == 0 || at < oldest)) oldest = at;
    }
    return oldest;
  };
  from.open_circuits = [this](destination_id of) {
    std::set<const deliver::endpoint*> open;  // lanes share them
    for (const served_lane& l : lanes)
      if (l.lane->destination == of && l.lane->endpoint->circuit_open()) open.insert(l.lane->endpoint.get());
    return open.size();
  };
  from.wall_ms = wall_ms;
  auto& routes = api.routes();
  routes.add(method::get, "/api/v1/destinations", admin::list_destinations(from));
  for (const auto what :
       {checkpoint::order_kind::pause, checkpoint::order_kind::resume, checkpoint::order_kind::discard}) {
    const auto path = std::string("/api/v1/destinations/{name}/").append(to_string(what));
    routes.add(method::post, path, admin::order_destination(what, from, orders));
  }
  routes.add(method::get, "/api/v1/dead-letters", admin::list_dead_letters(letter_requests));
  routes.add(method::get, "/api/v1/dead-letters/{key}", admin::show_dead_letter(letter_requests));
  admin::letter_order_sources ordered;
  ordered.letters = &letter_requests;
  ordered.orders = &orders;
  ordered.board = &board;
  ordered.lanes = [this](std::string_view name) {
    const auto d = std::ranges::find(configured.destinations, name, &config::destination_options::name);
    return d == configured.destinations.end() ? 0 : d->lane_count();
  };
  ordered.read = [this](std::span<const deliver::dead_letter> which, checkpoint::rewritten_events& into) {
    return read_again(which, *key, into);
  };
  redrives = std::make_unique<admin::redrive_orders>(ordered);
  routes.add(method::post, "/api/v1/dead-letters/redrive", redrives->take());
  routes.add(method::post, "/api/v1/dead-letters/discard", admin::discard_dead_letters(std::move(ordered)));
}

}  // namespace sluice::node
