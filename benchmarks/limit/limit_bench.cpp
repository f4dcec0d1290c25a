// How much of a destination's limit a backlog uses, as its receiver counts: the most events in any second (as
// its program reads them, or with `arrival` as they reach its socket), and events a second against what the
// answer time L allows. Places are held until a second after the answer, so a window is 1 + L long: rate / (1
// + L); `rate_counts: arrival` allows the rate itself. And never more than the requests at once carry in L.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/batches.hpp"
#include "tests/support/node.hpp"
#include "tests/support/receiver.hpp"

namespace {

using namespace sluice::testing;
using std::chrono::duration;

constexpr std::size_t rate = 1000;
constexpr std::size_t posted_at_once = 500;

struct row {
  milliseconds answer_time;
  std::size_t lanes, batch;
  bool arrival = false;

  double seconds() const { return duration<double>(answer_time).count(); }
  double by_window() const { return static_cast<double>(rate) / (arrival ? 1 : 1 + seconds()); }
  /// What is left where requests wait for their answers, before the limit has its say.
  double by_answers() const { return static_cast<double>(lanes * batch) / seconds(); }
  double allowed() const { return std::min(by_window(), by_answers()); }
};

void fail(const std::string& why) {
  std::fprintf(stderr, "limit: %s\n", why.c_str());
  std::exit(1);
}

std::string configuration(const row& of, const receiver& to) {
  return "ingest: { listen: \"127.0.0.1:{port}\" }\n"
         "checkpoint: { directory: \"{dir}/data\", max_bytes: 1GiB }\n"
         "audit: { path: \"{dir}/audit.jsonl\" }\n"
         "routes: [ { source: \"^conversation:\", to: limited } ]\n"
         "destinations:\n  limited: { kind: http, url: \"http://127.0.0.1:" +
         std::to_string(to.port()) + "/\", allow: 127.0.0.0/8, rate: " + std::to_string(rate) +
         (of.arrival ? ", rate_counts: arrival" : "") + ", batch: " + std::to_string(of.batch) +
         (of.lanes == 1 ? "" : ", ordering: none, concurrency: " + std::to_string(of.lanes)) + " }\n";
}

/// Events a second from one event to a later one. Where there are enough, whole windows apart: events come
/// in bursts, and part of a burst would count as if it had taken no time.
double speed(const std::vector<delivery>& all) {
  std::vector<steady::time_point> at;
  for (const delivery& d : all) at.insert(at.end(), d.ids.size(), d.at);
  std::ranges::sort(at);
  const std::size_t step = at.size() > 2 * rate ? rate : 1;
  const std::size_t first = step, last = (at.size() - 1) / step * step;
  if (last <= first) fail("too few events");
  return static_cast<double>(last - first) / duration<double>(at[last] - at[first]).count();
}

void run(const row& of, int seconds) {
  receiver slow;
  slow.answer_with([&](const delivery&, std::size_t) { return reply{.delay = of.answer_time}; });
  slow.start();
  node there(configuration(of, slow));
  there.start();
  batch_maker maker(3, 0);
  // As many as are allowed in the time, and the first window, which is not looked at.
  const auto events = static_cast<std::size_t>(of.allowed() * seconds) +
                      std::min(rate, static_cast<std::size_t>(of.allowed())) + 1;
  for (std::size_t sent = 0; sent < events;) {
    const std::size_t some = std::min(posted_at_once, events - sent);
    if (there.post(maker.next_for(warehouse, some).body).status != 200)
      fail("a batch was refused: " + there.last_words());
    sent += some;
  }
  if (!slow.wait_for_events(events, milliseconds(2'000) * (seconds + 10))) fail("events are missing");
  const double used = speed(slow.deliveries());
  std::printf("| %lld ms | %s | %zu | %zu | %zu | %.1f | %.1f | %.1f %% |\n",
              static_cast<long long>(of.answer_time.count()), of.arrival ? "arrival" : "answer", of.lanes,
              of.batch, of.arrival ? slow.fastest_second_at_the_socket() : slow.fastest_second(), used,
              of.allowed(), 100 * used / of.allowed());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 60;
  if (argc > 2 || seconds < 3) {
    std::fprintf(stderr, "sluice_limit_bench [SECONDS], of a row: 3 or more\n");
    return 2;
  }
  std::printf("| L | counts | requests at once | batch | most in a second | events/s | allowed | used |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  for (const std::size_t batch : {100U, 1U})
    for (const std::size_t lanes : {1U, 16U})
      for (const int ms : {1, 50, 500}) run({milliseconds(ms), lanes, batch}, seconds);
  for (const int ms : {50, 500}) run({milliseconds(ms), 16, 100, true}, seconds);
  return 0;
}
