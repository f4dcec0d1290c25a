// What the log costs an event before the disk: building and closing groups, applying them, and the dedup
// window.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "actors/checkpoint/dedup_window.hpp"
#include "actors/checkpoint/group.hpp"
#include "actors/checkpoint/log_state.hpp"
#include "tests/support/sample_batch.hpp"

namespace {

using namespace sluice;
using namespace sluice::checkpoint;

constexpr std::size_t batch_events = 100;

std::unique_ptr<batch> sample(std::size_t padding) {
  std::vector<test::sample_event> events(batch_events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].id = "0d5ac9a8-7e57-4b3a-9e6f-0000000000" + std::to_string(10 + i);
    events[i].source = "aws.partner/genesys.com/cloud/organisation/stream";
    events[i].region = "eu-central-1";
    events[i].padding = padding;
    if (i % 3 != 0) events[i].targets = {{1, 0}};
  }
  return test::make_batch(events);
}

group_builder::closing closing_of(group_number number, position first) {
  return {group_type::data, 7, number, first, number - 1, number, 0, 0};
}

/// Groups of as many 100-event batches as the argument says, built and closed. The second argument: every how
/// many events one is a duplicate (0: none).
void build_group(benchmark::State& state) {
  const auto batches = static_cast<std::size_t>(state.range(0));
  const auto every = static_cast<std::size_t>(state.range(1));
  const auto b = sample(380);
  std::vector<std::uint8_t> is_new(batch_events, 1);
  for (std::size_t i = 0; every != 0 && i < batch_events; i += every) is_new[i] = 0;
  auto pool = std::make_shared<buffer_pool>(64u << 20);
  group_number number = 1;
  for (auto _ : state) {
    group_builder group(pool->take(sizeof(group_header) + batches * group_builder::batch_bytes(*b)));
    for (std::size_t i = 0; i < batches; ++i) benchmark::DoNotOptimize(group.append_batch(*b, is_new, true));
    group.close(closing_of(number, number));
    ++number;
    benchmark::DoNotOptimize(group.data());
    pool->give_back(group.release());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0) *
                          std::int64_t{batch_events});
}
BENCHMARK(build_group)->Args({1, 0})->Args({10, 0})->Args({10, 10})->Args({60, 0});

/// A group of ten 100-event batches applied to the state: one check of every record, one count a target set.
void apply_group(benchmark::State& state) {
  log_state log;
  group_number number = 1;
  {
    group_builder first(aligned_buffer(4096));
    first.append_control({control_kind::destination_added, 1, 0, 0, 0}, "warehouse");
    first.close(closing_of(number++, 1));
    if (!log.apply(first.header(), {first.data() + sizeof(group_header), first.header().content_bytes}))
      std::abort();
  }
  const auto b = sample(380);
  const std::vector<std::uint8_t> is_new(batch_events, 1);
  group_builder group(aligned_buffer(4u << 20));
  for (int i = 0; i < 10; ++i) group.append_batch(*b, is_new, true);
  group.close(closing_of(number, 1));
  group_header header = group.header();
  for (auto _ : state) {
    header.number = number++;
    header.first_position = log.next_position();
    header.running_ms = number;
    const auto applied = log.apply(header, {group.data() + sizeof(group_header), header.content_bytes});
    if (!applied) std::abort();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 10 * std::int64_t{batch_events});
}
BENCHMARK(apply_group);

/// Batches of 100 new identities into a full window of as many as the argument says: each makes the oldest
/// leave.
void dedup_insert(benchmark::State& state) {
  const auto max_ids = static_cast<std::size_t>(state.range(0));
  const bool ahead = state.range(1) != 0;
  dedup_window window(max_ids, 24ull * 3600'000);
  std::uint64_t counter = 0;
  const auto next = [&counter] {  // splitmix64
    std::uint64_t z = (counter += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  };
  for (std::size_t i = 0; i < max_ids; ++i) {
    window.insert({next(), i}, i / 600);
    window.confirm(window.end());
  }
  std::vector<event_entry> entries(batch_events);
  std::uint64_t now = max_ids;
  for (auto _ : state) {
    for (event_entry& e : entries) e.identity = {next(), now};
    if (ahead) window.prefetch(entries);
    for (const event_entry& e : entries) benchmark::DoNotOptimize(window.insert(e.identity, now));
    window.confirm(window.end());
    window.expire(now);
    ++now;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * std::int64_t{batch_events});
}
BENCHMARK(dedup_insert)->Args({4'000'000, 1})->Args({4'000'000, 0})->Args({100'000, 1});

}  // namespace

BENCHMARK_MAIN();
