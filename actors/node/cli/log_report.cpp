// Plain columns; the same figures as JSON.
#include "actors/node/cli/log_report.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <string>
#include <string_view>

#include "messages/json_string.hpp"

namespace sluice::cli {
namespace {

using checkpoint::destination_state;
using checkpoint::log_summary;
using checkpoint::segment_summary;

std::string_view kind_of(const segment_summary& s) {
  if (s.sealed) return "sealed";
  return s.stopped ? "stopped" : "open";
}

/// Positions of its events: none when `events` is 0.
position last_position(const segment_summary& s) { return s.head.first_position + s.events - 1; }

struct spilled_sum {
  std::uint64_t files = 0, events = 0, bytes = 0;
};
spilled_sum spilled(const log_summary& log, destination_id of) {
  spilled_sum sum;
  for (const checkpoint::spill_head& s : log.spills) {
    if (s.destination != of) continue;
    ++sum.files;
    sum.events += s.events;
    sum.bytes += s.end;
  }
  return sum;
}

void put_string(std::ostream& out, std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  out << quoted;
}

template <class List, class Put>
void put_list(std::ostream& out, std::string_view name, const List& list, Put put) {
  put_string(out, name);
  out << ":[";
  bool first = true;
  for (const auto& item : list) {
    if (!first) out << ',';
    first = false;
    put(item);
  }
  out << ']';
}

void put_error(std::ostream& out, const error& e) {
  out << "{\"place\":";
  put_string(out, e.place);
  out << ",\"detail\":";
  put_string(out, e.detail);
  out << '}';
}

void put_segment(std::ostream& out, const segment_summary& s) {
  out << "{\"number\":" << s.head.number << ",\"file\":";
  put_string(out, s.file);
  out << ",\"groups\":" << s.groups << ",\"events\":" << s.events << ",\"records\":" << s.records
      << ",\"bytes\":" << s.end << ",\"state\":\"" << kind_of(s)
      << "\",\"first_position\":" << s.head.first_position << ",\"last_position\":" << last_position(s)
      << ",\"last_group\":" << s.last_group << '}';
}

std::string_view stand_of(const destination_state& d) noexcept {
  if (d.removed) return " (removed)";
  return d.paused ? " (paused)" : "";
}

void put_destination(std::ostream& out, const destination_state& d) {
  out << "{\"name\":";
  put_string(out, d.name);
  out << ",\"id\":" << d.id << ",\"removed\":" << (d.removed ? "true" : "false")
      << ",\"paused\":" << (d.paused ? "true" : "false") << ",\"routed\":" << d.totals.routed
      << ",\"redriven\":" << d.totals.redriven << ",\"delivered\":" << d.totals.delivered
      << ",\"dead_lettered\":" << d.totals.dead_lettered << ",\"discarded\":" << d.totals.discarded
      << ",\"dropped_oldest\":" << d.totals.dropped_oldest << ",\"pending\":" << d.totals.pending() << ',';
  put_list(out, "lanes", d.lanes, [&](const checkpoint::lane_state& lane) {
    out << "{\"settled_upto\":" << lane.settled.upto() << ",\"file_length\":" << lane.file_length
        << ",\"open_offer\":";
    if (lane.open_offer) {
      out << "{\"offer\":" << lane.open_offer->offer << ",\"first\":" << lane.open_offer->first
          << ",\"last\":" << lane.open_offer->last << ",\"events\":" << lane.open_offer->events << '}';
    } else {
      out << "null";
    }
    out << '}';
  });
  out << '}';
}

}  // namespace

void print_log_table(std::ostream& out, const log_summary& log) {
  out << std::setw(8) << "segment" << std::setw(9) << "state" << std::setw(10) << "groups" << std::setw(12)
      << "events" << std::setw(12) << "bytes"
      << "  file                  positions\n";
  for (const segment_summary& s : log.segments) {
    out << std::setw(8) << s.head.number << std::setw(9) << kind_of(s) << std::setw(10) << s.groups
        << std::setw(12) << s.events << std::setw(12) << s.end << "  "
        << std::string_view(s.file).substr(s.file.rfind('/') + 1) << "  ";
    if (s.events == 0) {
      out << "none\n";
    } else {
      out << s.head.first_position << ".." << last_position(s) << '\n';
    }
  }
  const auto& totals = log.state.totals();
  out << log.segments.size() << " segments, " << log.pool.size() << " prepared files, "
      << log.side_files.size() << " side files, " << log.spills.size() << " spill files\nbatches "
      << totals.batches << ", received " << totals.received << " = accepted " << totals.accepted
      << " + duplicates " << totals.duplicates << " + quarantined " << totals.quarantined << "; dropped "
      << totals.dropped << "\naudited up to group " << log.state.audited().upto << '\n';
  if (!log.state.subscription().empty()) {
    out << "subscription ";
    put_string(out, log.state.subscription());  // an id is somebody else's text
    out << '\n';
  }
  for (const destination_state& d : log.state.destinations()) {
    out << d.name << stand_of(d) << ": routed " << d.totals.routed << ", redriven " << d.totals.redriven
        << ", delivered " << d.totals.delivered << ", dead-lettered " << d.totals.dead_lettered
        << ", discarded " << d.totals.discarded << ", dropped-oldest " << d.totals.dropped_oldest
        << ", pending " << d.totals.pending() << '\n';
    if (const auto copied = spilled(log, d.id); copied.files != 0)
      out << "  " << copied.files << " spill files: " << copied.events << " events, " << copied.bytes
          << " bytes\n";
    for (std::size_t i = 0; i < d.lanes.size(); ++i) {
      const checkpoint::lane_state& lane = d.lanes[i];
      out << "  lane " << i << ": settled up to " << lane.settled.upto();
      if (lane.file_attached) out << ", file of " << lane.file_length << " bytes";
      if (lane.open_offer) {
        out << ", open offer " << lane.open_offer->offer << " of " << lane.open_offer->first << ".."
            << lane.open_offer->last;
      }
      out << '\n';
    }
  }
}

void print_log_json(std::ostream& out, const log_summary& log) {
  const auto& totals = log.state.totals();
  out << '{';
  put_list(out, "segments", log.segments, [&](const segment_summary& s) { put_segment(out, s); });
  out << ',';
  put_list(out, "pool", log.pool, [&](const std::string& name) { put_string(out, name); });
  out << ',';
  put_list(out, "side_files", log.side_files, [&](const std::string& name) { put_string(out, name); });
  out << ',';
  put_list(out, "spill_files", log.spills, [&](const checkpoint::spill_head& s) {
    out << "{\"segment\":" << s.segment << ",\"destination\":" << s.destination << ",\"events\":" << s.events
        << ",\"bytes\":" << s.end << '}';
  });
  out << ",\"totals\":{\"batches\":" << totals.batches << ",\"received\":" << totals.received
      << ",\"accepted\":" << totals.accepted << ",\"duplicates\":" << totals.duplicates
      << ",\"quarantined\":" << totals.quarantined << ",\"dropped\":" << totals.dropped
      << "},\"next_position\":" << log.state.next_position()
      << ",\"audited_upto\":" << log.state.audited().upto << ",\"subscription\":";
  put_string(out, log.state.subscription());
  out << ',';
  put_list(out, "destinations", log.state.destinations(),
           [&](const destination_state& d) { put_destination(out, d); });
  out << ',';
  put_list(out, "damage", log.damage, [&](const error& e) { put_error(out, e); });
  out << ',';
  put_list(out, "notes", log.notes, [&](const error& e) { put_error(out, e); });
  out << "}\n";
}

}  // namespace sluice::cli
