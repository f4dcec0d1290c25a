// What a healthy destination notices of five bad ones: the same events at the same pace, alone and with the
// neighbours, in turns. The bad ones are owed every event too: refused connections, silence, an answer byte
// by byte, an endless answer, failures in turn.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tests/support/bad_receivers.hpp"
#include "tests/support/batches.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"

namespace {

using namespace sluice::testing;
using std::chrono::duration;

struct settings {
  int turns = 5;
  int seconds = 15;                    ///< of a turn, paced
  std::size_t batch = 16, pace = 500;  ///< events of a request, events a second: half of what is allowed
  milliseconds warm_up{3000};          ///< not looked at: a limit begins as if it were used up
  std::size_t backlog = 10'000;        ///< events of a turn's second part, posted as fast as they are taken
};

/// Milliseconds from the node's 200 to the receiver, and events a second of the backlogged part.
struct figures {
  double p50 = 0, p99 = 0, answer_p99 = 0, rate = 0;
};

double percentile(std::vector<double>& of, double share) {
  if (of.empty()) return 0;
  const auto nth = static_cast<std::ptrdiff_t>(share * static_cast<double>(of.size() - 1));
  std::ranges::nth_element(of, of.begin() + nth);
  return of[static_cast<std::size_t>(nth)];
}

void fail(const std::string& why) {
  std::fprintf(stderr, "neighbours: %s\n", why.c_str());
  std::exit(1);
}

figures turn(const settings& of, bool beside, std::uint64_t seed) {
  receiver healthy;
  healthy.start();
  std::optional<bad_receivers> bad;
  if (beside) bad.emplace();
  node there(node_with_neighbours(healthy, bad ? &*bad : nullptr));
  there.start();
  batch_maker maker(seed, 0);

  std::unordered_map<std::string, steady::time_point> answered;
  std::vector<double> answers, delays;
  const auto begin = steady::now();
  const auto gap = duration<double>(static_cast<double>(of.batch) / static_cast<double>(of.pace));
  for (int i = 0; gap * i < std::chrono::seconds(of.seconds); ++i) {
    const auto due = begin + std::chrono::duration_cast<steady::duration>(gap * i);
    std::this_thread::sleep_until(due);
    const made_batch batch = maker.next_for(warehouse, of.batch);
    if (there.post(batch.body).status != 200) fail("a batch was refused: " + there.last_words());
    const auto now = steady::now();
    if (due - begin > of.warm_up) answers.push_back(duration<double, std::milli>(now - due).count());
    for (const made_event& e : batch.events) answered.emplace(e.id, now);
  }
  if (!healthy.wait_for_events(answered.size(), milliseconds(60'000))) fail("events are missing");
  for (const delivery& d : healthy.deliveries()) {
    for (const std::string& id : d.ids) {
      const auto then = answered.at(id);
      if (then - begin > of.warm_up)
        delays.push_back(std::max(0.0, duration<double, std::milli>(d.at - then).count()));
    }
  }

  const auto before = answered.size();
  for (std::size_t sent = 0; sent < of.backlog; sent += 500) {
    if (there.post(maker.next_for(warehouse, 500).body).status != 200) fail("a batch was refused");
  }
  if (!healthy.wait_for_events(before + of.backlog, milliseconds(120'000))) fail("events are missing");
  const auto all = healthy.deliveries();
  // From the first to the last request of the backlog; the first one's events had places that were free.
  std::size_t seen = 0, counted = 0;
  steady::time_point first{};
  for (const delivery& d : all) {
    if (seen >= before && first == steady::time_point{})
      first = d.at;
    else if (seen > before)
      counted += d.ids.size();
    seen += d.ids.size();
  }
  const double took = duration<double>(all.back().at - first).count();
  if (healthy.fastest_second() > 1000) fail("more than 1000 events in a second");
  return {percentile(delays, 0.5), percentile(delays, 0.99), percentile(answers, 0.99),
          static_cast<double>(counted) / took};
}

void print(const char* what, const std::vector<figures>& of, double figures::*which, const char* unit) {
  std::vector<double> values;
  for (const figures& f : of) values.push_back(f.*which);
  std::ranges::sort(values);
  std::printf("  %-34s %8.2f (%.2f to %.2f) %s\n", what, values[values.size() / 2], values.front(),
              values.back(), unit);
}

}  // namespace

int main(int argc, char** argv) {
  settings of;
  if (argc > 1) of.turns = std::atoi(argv[1]);
  if (argc > 2) of.seconds = std::atoi(argv[2]);
  if (argc > 3 || of.turns < 1 || of.seconds < 4) {
    std::fprintf(stderr, "sluice_neighbours_bench [TURNS [SECONDS]], 4 seconds or more\n");
    return 2;
  }
  std::vector<figures> alone, beside;
  for (int i = 0; i < of.turns; ++i) {
    alone.push_back(turn(of, false, static_cast<std::uint64_t>(2 * i + 1)));
    beside.push_back(turn(of, true, static_cast<std::uint64_t>(2 * i + 2)));
    std::printf(
        "turn %d: alone p50 %.2f p99 %.2f ms, %.0f events/s; with neighbours p50 %.2f p99 %.2f ms, %.0f "
        "events/s\n",
        i + 1, alone.back().p50, alone.back().p99, alone.back().rate, beside.back().p50, beside.back().p99,
        beside.back().rate);
    std::fflush(stdout);
  }
  for (const auto* which : {&alone, &beside}) {
    std::printf("%s, median (smallest to largest) of %d turns\n",
                which == &alone ? "alone" : "with five bad neighbours", of.turns);
    print("from the 200 to the receiver, p50", *which, &figures::p50, "ms");
    print("from the 200 to the receiver, p99", *which, &figures::p99, "ms");
    print("the node's answer, p99", *which, &figures::answer_p99, "ms");
    print("backlogged", *which, &figures::rate, "events/s");
  }
  return 0;
}
