// What routing costs an event: sources the cache knows, sources it does not, how that grows with the rules,
// and with lanes.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "actors/route/router.hpp"

namespace {

using namespace sluice;

constexpr std::int64_t events_in_batch = 100;

struct workload {
  std::shared_ptr<const route::rule_set> rules;
  std::vector<std::string> sources;
  decoded events;
};

/// `count` rules as people write them (a prefix and one condition each), events that meet one of every three
/// of them.
workload make_workload(std::size_t count, std::size_t distinct_sources) {
  workload w;
  std::vector<route::rule> rules;
  for (std::size_t i = 0; i < count; ++i) {
    rules.push_back({"^conversation:type" + std::to_string(i) + ":.*",
                     {{"region", "us-east-1"}},
                     {static_cast<destination_id>(i % 8)}});
  }
  w.rules = std::make_shared<const route::rule_set>(
      std::move(*route::rule_set::compile(std::move(rules), route::match_mode::first)));
  for (std::size_t i = 0; i < distinct_sources; ++i) {
    w.sources.push_back("conversation:type" + std::to_string(i % (count * 3)) + ":" + std::to_string(i));
  }
  return w;
}

/// The next batch of the workload's sources, round and round.
void fill(workload& w, std::size_t& next) {
  w.events.clear();
  for (std::int64_t i = 0; i < events_in_batch; ++i) {
    event_entry entry;
    entry.length = 500;
    w.events.entries.push_back(entry);
    w.events.texts.push_back(
        {"id", w.sources[next++ % w.sources.size()], static_cast<std::uint32_t>(i * 2), 2});
    w.events.metadata.push_back({"tenant", "t1"});
    w.events.metadata.push_back({"region", "us-east-1"});
  }
}

void run(benchmark::State& state, workload w, std::size_t distinct_sources, std::size_t cached,
         std::shared_ptr<const route::lane_split> split = nullptr) {
  route::router router(w.rules, std::move(split), cached);
  target_sets targets;
  std::size_t next = 0;
  fill(w, next);
  for (auto _ : state) {
    if (distinct_sources > std::size_t{events_in_batch}) {
      state.PauseTiming();
      fill(w, next);
      state.ResumeTiming();
    }
    targets.clear();
    benchmark::DoNotOptimize(router.apply(w.events, targets));
  }
  state.SetItemsProcessed(state.iterations() * events_in_batch);
}

workload of_rules(const benchmark::State& state, std::size_t distinct_sources) {
  return make_workload(static_cast<std::size_t>(state.range(0)), distinct_sources);
}

void route_known_sources(benchmark::State& state) {
  run(state, of_rules(state, events_in_batch), events_in_batch, route::source_cache::entries_default);
}
void route_new_sources(benchmark::State& state) {
  run(state, of_rules(state, 1'000'000), 1'000'000, route::source_cache::entries_default);
}
void route_uncached(benchmark::State& state) {
  run(state, of_rules(state, events_in_batch), events_in_batch, 0);
}

/// Ten rules, every destination with so many lanes.
void route_lanes(benchmark::State& state, route::split_rule::by what) {
  auto split = std::make_shared<route::lane_split>();
  for (destination_id to = 0; to < 8; ++to)
    split->tell(to, {static_cast<lane_id>(state.range(0)), what, "tenant"});
  run(state, make_workload(10, events_in_batch), events_in_batch, route::source_cache::entries_default,
      std::move(split));
}

BENCHMARK(route_known_sources)->Arg(2)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK(route_new_sources)->Arg(2)->Arg(1000);
BENCHMARK(route_uncached)->Arg(2)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(route_lanes, by_source, route::split_rule::by::source)->Arg(1)->Arg(8)->Arg(64)->Arg(512);
BENCHMARK_CAPTURE(route_lanes, by_member, route::split_rule::by::metadata)->Arg(64);
BENCHMARK_CAPTURE(route_lanes, by_turn, route::split_rule::by::turn)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
