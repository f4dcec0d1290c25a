#include "actors/node/lanes.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "actors/deliver/file_sink.hpp"
#include "actors/node/commit_now.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/random_fraction.hpp"

namespace sluice::node {

using checkpoint::control_head;
using checkpoint::control_kind;

namespace {

/// File destinations by name and control records in one small group.
constexpr std::size_t declaration_bytes = 1u << 20;

/// The configured lanes, and those of an earlier configuration that still hold events.
result<std::vector<lane_id>> lanes_of(const config::destination_options& d,
                                      const checkpoint::destination_state& known) {
  std::vector<lane_id> numbers;
  const std::size_t configured = d.lane_count();
  for (std::size_t i = 0; i < std::max(configured, known.lanes.size()); ++i)
    if (i < configured || !known.lanes[i].idle()) numbers.push_back(static_cast<lane_id>(i));
  // Lanes write side by side, which a file's length does not allow.
  if (d.kind == config::destination_kind::file && numbers.size() > 1) {
    return fail(errc::invalid_config,
                "destination " + d.name +
                    " still holds events in lanes that kind file does not have; deliver them with its former "
                    "kind first");
  }
  return numbers;
}

bool is_configured(const config::config& of, const checkpoint::destination_state& d) {
  return std::ranges::any_of(of.destinations, [&](const auto& c) { return c.name == d.name; });
}

bool is_idle(const checkpoint::destination_state& d) {
  return std::ranges::all_of(d.lanes, &checkpoint::lane_state::idle);
}

result<std::shared_ptr<deliver::lane>> make_lane(const checkpoint::destination_state& d, lane_id number,
                                                 checkpoint::segment_log& log,
                                                 const checkpoint::log_state& state) {
  auto lane = std::make_shared<deliver::lane>();
  lane->destination = d.id;
  lane->number = number;
  lane->name = d.name;
  lane->paused = d.paused;
  lane->discard_upto = d.discard_upto;
  bool idle = true;
  // A lane that the log does not know begins there with its first event.
  lane->cursor = state.next_position() - 1;
  if (number < d.lanes.size()) {
    const auto& known = d.lanes[number];
    idle = known.idle();
    lane->cursor = known.settled.upto();
    lane->file_length = known.file_length;
    lane->last_offer = known.last_offer;
    lane->open_offer = known.open_offer;
    lane->offer_durable = known.open_offer.has_value();
  }
  // Without a backlog nothing before the log's end is for it, and what it once read may be gone.
  lane->scan_behind = idle ? state.next_position() - 1 : lane->cursor;
  const auto group = log.group_before(lane->scan_behind + 1, d.id);
  if (!group) return fail(group.error());
  lane->scanned = *group;
  return lane;
}

/// No answer's Retry-After is waited for longer.
constexpr auto retry_after_max = std::chrono::minutes(15);

/// Failures in a row after which an endpoint gets no more than probes.
constexpr std::uint32_t circuit_opens_after = 5;

void add_circuit(const config::destination_options& d, std::size_t endpoint,
                 deliver::endpoint_options& options) {
  options.circuit = deliver::circuit_options{circuit_opens_after, retry_of(d)};
  options.random = random_fraction();
  std::string name = d.name;
  if (d.endpoint_count() > 1) name.append(" endpoint ").append(std::to_string(endpoint));
  options.circuit_changed = [name](bool open) {
    open ? log_warning("deliver", name + ": circuit open, " + std::to_string(circuit_opens_after) +
                                      " failures in a row; one request at a time tries whether it is back")
         : log_info("deliver", name + ": circuit closed, the endpoint answers");
  };
}

/// Attempts of the process that died, given up ones too, may still arrive; how many events they held is not
/// known. Even a clean stop does not wait for a receiver that hangs: an offer that is still open tells of it,
/// or, where there are no offers, events that wait. `last`: the newest event of the log.
bool may_be_under_way(const config::destination_options& d, const deliver::lane& l, bool clean,
                      position last) {
  if (l.open_offer.has_value()) return true;
  if (d.kind == config::destination_kind::http) return d.batch == 1 && !clean;
  return !clean || l.scan_behind < last;
}

/// Gives each endpoint of the destination one limit and one circuit, shared by the lanes that send to it.
void make_endpoints(const config::destination_options& d, std::span<served_lane> lanes, bool clean,
                    position last, std::chrono::nanoseconds now) {
  const auto timeout = std::chrono::nanoseconds(d.timeout);
  for (std::size_t i = 0; i < d.endpoint_count(); ++i) {
    deliver::endpoint_options options;
    options.rate = d.rate;
    options.timeout = timeout;
    if (d.over_network()) add_circuit(d, i, options);
    const auto endpoint = std::make_shared<deliver::endpoint>(std::move(options));
    bool under_way = false;
    for (const served_lane& l : lanes) {
      if (l.endpoint != i) continue;
      l.lane->endpoint = endpoint;
      under_way |= may_be_under_way(d, *l.lane, clean, last);
    }
    if (d.over_network() && d.rate && under_way)
      endpoint->hold(*d.rate, now + timeout + std::chrono::seconds(1));
  }
}

}  // namespace

result<void> declare_destinations(const config::config& from, checkpoint::segment_log& log,
                                  checkpoint::log_state& state, checkpoint::file_system& files,
                                  checkpoint::segment_log::moment when) {
  checkpoint::group_builder group(log.buffers()->take(declaration_bytes));
  auto next_id = state.next_destination();
  for (const auto& d : from.destinations) {
    const auto* known = state.find(d.name);
    const auto id = known != nullptr ? known->id : next_id++;
    bool fits = true;
    if (known == nullptr) {
      const auto at = state.next_position() - 1;
      const control_head added{control_kind::destination_added, id, static_cast<std::uint32_t>(d.name.size()),
                               at, d.from == config::begins::oldest && at > 0 ? 1u : 0u};
      fits = group.append_control(added, d.name);
    }
    if (known != nullptr && known->backfill_upto != 0 && d.from == config::begins::now) {
      // What it was still owed is not asked for any more.
      fits = group.append_control(
          {.kind = control_kind::backfilled, .destination = id, .at = known->backfill_upto}, {});
    }
    const bool attached = known != nullptr && !known->lanes.empty() && known->lanes[0].file_attached;
    if (d.kind == config::destination_kind::file && !attached) {
      const auto length = deliver::file_sink::existing_length(files, d.path);
      if (!length) return fail(length.error());
      fits = fits && group.append_control({control_kind::file_attached, id, 0, 0, *length}, {});
    }
    if (!fits) return fail(errc::too_large, "too many new destinations at once");
  }
  for (const auto& d : state.destinations()) {
    if (d.removed || d.id == checkpoint::dead_letters_id || is_configured(from, d) || !is_idle(d)) continue;
    if (!group.append_control({control_kind::destination_removed, d.id, 0, 0, 0}, d.name))
      return fail(errc::too_large, "too many destinations are gone at once");
  }
  if (group.records() == 0) return {};
  return commit_now(group, log, state, when);
}

result<std::vector<served_lane>> make_lanes(const config::config& from, checkpoint::segment_log& log,
                                            const checkpoint::log_state& state, bool clean,
                                            std::chrono::nanoseconds now) {
  std::vector<served_lane> lanes;
  auto letters = make_lane(state.destinations().front(), 0, log, state);
  if (!letters) return fail(letters.error());
  lanes.push_back({std::move(*letters)});
  for (const auto& d : from.destinations) {
    const auto* known = state.find(d.name);
    SLUICE_ASSERT(known != nullptr);
    const auto numbers = lanes_of(d, *known);
    if (!numbers) return fail(numbers.error());
    const std::size_t first = lanes.size();
    for (const lane_id number : *numbers) {
      auto lane = make_lane(*known, number, log, state);
      if (!lane) return fail(lane.error());
      lanes.push_back({std::move(*lane), &d, number % d.endpoint_count()});
    }
    if (d.rate || d.over_network()) {
      make_endpoints(d, std::span(lanes).subspan(first), clean, state.next_position() - 1, now);
    }
  }
  for (const auto& d : state.destinations()) {
    if (d.id == checkpoint::dead_letters_id || (!d.removed && is_configured(from, d))) continue;
    for (std::size_t i = 0; i < d.lanes.size(); ++i) {
      if (d.lanes[i].idle()) continue;
      auto lane = make_lane(d, static_cast<lane_id>(i), log, state);
      if (!lane) return fail(lane.error());
      (*lane)->paused = true;
      lanes.push_back({std::move(*lane)});
    }
  }
  return lanes;
}

deliver::retry_options retry_of(const config::destination_options& from) {
  return {from.retry.initial, from.retry.max, retry_after_max};
}

std::string served_lane::endpoint_label() const {
  const bool alone = of == nullptr || of->endpoint_count() == 1;
  return alone ? lane->name : lane->name + " endpoint " + std::to_string(endpoint);
}

std::string served_lane::label() const {
  const bool alone = lane->number == 0 && (of == nullptr || of->lane_count() == 1);
  return alone ? lane->name : endpoint_label() + " lane " + std::to_string(lane->number);
}

}  // namespace sluice::node
