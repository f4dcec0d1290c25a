// Goal: the printed bounds follow from the configuration. Method: change one value and look at the
// difference.
#include "actors/node/config/bounds.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(config_bounds, memory_follows_each_value) {
  config base;
  base.destinations.push_back({.name = "a", .kind = destination_kind::discard, .rate = std::nullopt});
  base.routes.push_back({.source = "a", .metadata = {}, .to = {"a"}});
  struct row {
    const char* name;
    void (*change)(config&);
    std::uint64_t more;
  };
  const std::vector<row> table = {
      {"in_flight", [](config& c) { c.ingest.in_flight += 5 * mib; }, 5 * mib},
      {"tail", [](config& c) { c.checkpoint.tail += 7 * mib; }, 7 * mib},
      {"connections", [](config& c) { c.ingest.connections += 10; }, 10 * (2 * 16 + 4 + 4) * kib},
      {"identities, the table stays", [](config& c) { c.checkpoint.dedup.max_ids += 1000; }, 24'000},
      {"identities, the table doubles", [](config& c) { c.checkpoint.dedup.max_ids = 4'194'305; },
       194'305 * 24 + 8'388'608 * 8},
      {"http",
       [](config& c) {
         c.destinations.push_back({.name = "b", .kind = destination_kind::http, .rate = 1000});
       },
       8 * mib + 16'000},
      {"file",
       [](config& c) { c.destinations.push_back({.name = "b", .kind = destination_kind::file, .rate = 10}); },
       mib + 160},
      {"nats",
       [](config& c) {
         c.destinations.push_back({.name = "b", .kind = destination_kind::nats, .rate = 1000});
       },
       (4 + 8 + 1) * mib + 16'000},
      {"threads", [](config& c) { c.scale.io_threads = 6; }, 5 * mib},
      {"decoders", [](config& c) { c.scale.decoders = 3; }, 2 * cost::decoder_bytes},
      {"routers", [](config& c) { c.scale.routers = 3; }, 2 * 4096 * (584 + 2)},
      {"a rule", [](config& c) { c.routes.push_back(c.routes.front()); }, 2 * mib + 4096 * 2},
  };
  for (const row& r : table) {
    config changed = base;
    r.change(changed);
    EXPECT_EQ(memory_bound(changed, 2).total() - memory_bound(base, 2).total(), r.more) << r.name;
  }
}

TEST(config_bounds, disk_is_log_reserve_backlogs_and_dead_letters) {
  config of;
  EXPECT_EQ(disk_bound(of).total(), 22 * gib + 64 * mib);
  of.destinations.resize(2);
  of.destinations[0].backlog.max_bytes = 3 * gib;
  of.destinations[1].backlog.max_bytes = 4 * gib;
  EXPECT_EQ(disk_bound(of).total(), 29 * gib + 64 * mib);
}

}  // namespace
}  // namespace sluice::config
