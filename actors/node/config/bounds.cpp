// Sums of the constants in the header with the values of a configuration. Where a part has a bound of its own
// in the configuration, that one is taken as it is.
#include "actors/node/config/bounds.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "actors/node/config/scale.hpp"
#include "net/http/server.hpp"

namespace sluice::config {
namespace {

std::uint64_t dedup_bytes(std::uint64_t max_ids) {
  return max_ids * cost::dedup_ring_bytes + std::bit_ceil(max_ids * 2) * cost::dedup_slot_bytes;
}

/// What one destination holds of events that are on their way, and its rate window.
std::uint64_t window_bytes(const config& of, const destination_options& d) {
  const std::uint64_t places = d.rate ? *d.rate * cost::rate_place_bytes : 0;
  switch (d.kind) {
    case destination_kind::http:
      // A request of each lane, at most as large as a body.
      return places * d.endpoint_count() + of.ingest.max_body * d.lane_count();
    case destination_kind::nats:
      // Of each lane a thread, what gathers and what is under way, as events, messages and bytes on the wire;
      // one event may be as large as a body.
      return places + d.lane_count() *
                          (cost::burst_copies * cost::burst_bytes + of.ingest.max_body + cost::thread_bytes);
    case destination_kind::file:
      return places + cost::write_buffer_bytes;
    case destination_kind::discard:
      return places;
  }
  return places;
}

}  // namespace

std::uint64_t bound::total() const noexcept {
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const bound_part& part) { return sum + part.bytes; });
}

bound memory_bound(const config& of, std::uint32_t processors) {
  const scale to = resolve(of.scale, processors);
  const std::uint64_t threads = std::uint64_t{to.io_threads} + to.actor_threads;
  const std::uint64_t rules = of.routes.size();
  const std::uint64_t connection =
      net::http::limits{}.head_bytes * 2 + cost::connection_answer_bytes + cost::connection_object_bytes;
  std::uint64_t windows = 0;
  for (const destination_options& d : of.destinations) windows += window_bytes(of, d);
  return {{
      {"requests under way (ingest.in_flight)", of.ingest.in_flight},
      {"newest part of the log (checkpoint.tail)", of.checkpoint.tail},
      {"groups being filled, written and read",
       cost::group_buffers * cost::group_bytes + cost::fetched_bytes},
      {"destinations (rate, max_body, endpoints, concurrency)", windows},
      {"audit", cost::write_buffer_bytes},
      {"identities (checkpoint.dedup.max_ids)", dedup_bytes(of.checkpoint.dedup.max_ids)},
      {"connections (ingest.connections)", of.ingest.connections * connection},
      {"decoders (scale.decoders)", to.decoders * cost::decoder_bytes},
      {"rules (routes, scale.routers)",
       rules == 0 ? 0
                  : rules * cost::rule_bytes + cost::rule_set_bytes +
                        std::uint64_t{to.routers} * cost::cached_sources *
                            (cost::cached_source_bytes + rules * cost::cached_rule_bytes)},
      {"process and threads (scale)", cost::process_bytes + threads * cost::thread_bytes},
  }};
}

bound disk_bound(const config& of) {
  std::uint64_t backlogs = 0;
  for (const destination_options& d : of.destinations) backlogs += d.backlog.max_bytes;
  return {{
      {"log (checkpoint.max_bytes)", of.checkpoint.max_bytes},
      {"reserve of one segment", segment_bytes},
      {"copied for destinations that are behind (destinations.*.backlog.max_bytes)", backlogs},
      {"dead letters (dead_letters.max_bytes)", of.dead_letters.max_bytes},
  }};
}

}  // namespace sluice::config
