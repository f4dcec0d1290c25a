// Options, the order of the steps, and what is shown while they run.
#include "actors/node/cli/bench.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "actors/node/cli/bench_node.hpp"
#include "actors/node/cli/bench_report.hpp"
#include "benchmarks/load/node_usage.hpp"
#include "benchmarks/load/sender.hpp"

namespace sluice::cli {
namespace {

constexpr double seconds_max = 86'400;
constexpr double rate_max = 10'000'000;
constexpr std::size_t events_max = 10'000;
constexpr std::size_t event_bytes_max = 8 << 20;
constexpr int done = 0;
constexpr int failed = 1;
constexpr int wrong_use = 2;

struct bench_options {
  std::string target;
  std::string directory;
  std::vector<std::string> settings;
  load::sender_options load;
  double seconds = 10;
  std::uint64_t batches = 0;
  std::optional<double> warm_up;
  std::optional<std::uint64_t> seed;
  bool json = false;
  bool no_metrics = false;
  std::string ledger;
  std::string compare;
  int pid = 0;
};

std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler counts in it");

/// SIGINT and SIGTERM count in `interrupts` for as long as one of these lives.
class interrupt_guard {
 public:
  interrupt_guard() {
    interrupts = 0;
    struct sigaction counts {};
    counts.sa_handler = [](int) { ++interrupts; };
    ::sigaction(SIGINT, &counts, &before_int_);
    ::sigaction(SIGTERM, &counts, &before_term_);
  }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
  }

 private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

int complain(const error& e, int code) {
  std::fprintf(stderr, "sluice bench: %s\n", to_string(e).c_str());
  return code;
}

/// One line that is written over and over, on a terminal only.
class progress_line {
 public:
  explicit progress_line(const bench_options& options)
      : options_(options), is_shown_(::isatty(STDERR_FILENO) == 1) {}
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line() { clear(); }

  void show(const char* what, double seconds_wanted, const load::outcome& so_far) {
    if (!is_shown_) return;
    if (so_far.seconds < before_seconds_) before_seconds_ = before_events_ = 0;
    const auto events = static_cast<double>(so_far.events_acked);
    const double span = so_far.seconds - before_seconds_;
    const double rate = span > 0 ? (events - before_events_) / span : 0;
    before_seconds_ = so_far.seconds;
    before_events_ = events;
    const double share = options_.batches > 0 ? static_cast<double>(so_far.batches_acked) /
                                                    static_cast<double>(options_.batches)
                                              : so_far.seconds / seconds_wanted;
    const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * 30);
    std::fprintf(stderr, "\r\x1b[K%s [%s%s] %3.0f %%  %.0f events/s  p99 %.1f ms", what,
                 std::string(filled, '#').c_str(), std::string(30 - filled, '.').c_str(),
                 std::clamp(share, 0.0, 1.0) * 100, rate,
                 static_cast<double>(so_far.latency.percentile(0.99)) / 1e6);
    std::fflush(stderr);
  }
  void clear() {
    if (is_shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  const bench_options& options_;
  bool is_shown_;
  double before_seconds_ = 0;
  double before_events_ = 0;
};

double own_cpu_seconds() {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(own.ru_utime) + seconds(own.ru_stime);
}

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

/// A log in memory is durable against nothing, and its figures are no figures of a disk.
void warn_of_memory(const std::string& directory) {
  constexpr decltype(statfs::f_type) tmpfs = 0x01021994;
  struct statfs where {};
  if (::statfs(directory.c_str(), &where) == 0 && where.f_type == tmpfs) {
    std::fprintf(stderr,
                 "sluice bench: %s is in memory (tmpfs): no commit reaches a disk; name another place with "
                 "--directory\n",
                 directory.c_str());
  }
}

/// Warms up and measures; fills what the figures say of the outcome and of the node. The measured run's
/// error, if it had one.
result<void> measure(const bench_options& options, load::sender& sender, int pid, bench_figures& figures,
                     bool& trouble) {
  progress_line line(options);
  const double warm_up = options.warm_up.value_or(options.batches > 0 ? 0 : 2);
  load::run_options run;
  run.stop = &interrupts;
  if (warm_up > 0) {
    run.duration = nanoseconds_of(warm_up);
    run.progress = [&](const load::outcome& so_far) { line.show("warming up", warm_up, so_far); };
    const auto warmed = sender.run(run);
    if (!warmed) return tl::unexpected(warmed.error());
    trouble = warmed->failed + warmed->unfinished > 0;
    if (interrupts > 0) return fail(errc::stopping, "interrupted before anything was measured");
  }
  const auto commits_now = [&] {
    return options.no_metrics ? result<std::uint64_t>(fail(errc::not_found, "not asked for"))
                              : commits_of(figures.load.to);
  };
  const auto commits_before = commits_now();
  const auto usage_before = pid > 0 ? load::usage_of(pid) : fail(errc::not_found, "no process is named");
  const double own_before = own_cpu_seconds();
  run.duration = nanoseconds_of(options.seconds);
  run.batches = options.batches;
  run.progress = [&](const load::outcome& so_far) { line.show("measuring", options.seconds, so_far); };
  auto measured = sender.run(run);
  if (!measured) return tl::unexpected(measured.error());
  figures.outcome = std::move(*measured);
  figures.generator_cpu_seconds = own_cpu_seconds() - own_before;
  if (usage_before) {
    const auto usage = load::usage_of(pid);
    if (!usage) return tl::unexpected(usage.error());
    figures.node_cpu_seconds = usage->cpu_seconds - usage_before->cpu_seconds;
    figures.node_rss_peak_bytes = usage->rss_peak_bytes;
  }
  const auto commits = commits_now();
  if (commits_before && commits && *commits >= *commits_before) figures.commits = *commits - *commits_before;
  const auto& o = figures.outcome;
  trouble = trouble || o.failed + o.unfinished > 0 || o.batches_acked == 0;
  return {};
}

result<std::string> print(const bench_options& options, const bench_figures& figures,
                          const std::string& earlier) {
  std::string ratios;
  if (!options.compare.empty()) {
    auto found = ratios_to(earlier, json_of(figures));
    if (!found) return found;
    ratios = std::move(*found);
  }
  if (options.json) return json_of(figures, ratios) + "\n";
  auto text = table_of(figures);
  if (!ratios.empty()) text += "compared with " + options.compare + ":\n" + table_of_ratios(ratios);
  return text;
}

int run_bench(const bench_options& options) {
  bench_figures figures;
  figures.load = options.load;
  figures.load.batches.seed =
      options.seed ? *options.seed : (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  std::string earlier;
  if (!options.compare.empty()) {
    std::ifstream file(options.compare);
    earlier.assign(std::istreambuf_iterator<char>(file), {});
    if (auto known = ratios_to(earlier, earlier); !known)
      return complain({known.error().code, known.error().detail, options.compare}, wrong_use);
  }
  if (!options.target.empty()) {
    auto to = load::parse_target(options.target);
    if (!to) return complain(to.error(), wrong_use);
    figures.load.to = std::move(*to);
  }
  std::optional<load::ledger> book;
  if (!options.ledger.empty()) {
    auto opened = load::ledger::open(options.ledger);
    if (!opened) return complain(opened.error(), failed);
    book = std::move(*opened);
  }

  const interrupt_guard guard;
  std::optional<own_node> node;
  if (options.target.empty()) {
    own_node_options own;
    own.directory = options.directory;
    own.settings = options.settings;
    auto started = own_node::start(own, interrupts);
    if (!started) return complain(started.error(), failed);
    node.emplace(std::move(*started));
    figures.load.to = node->address();
    figures.own_node = true;
    warn_of_memory(node->directory());
  }
  auto sender = load::sender::open(figures.load, book ? &*book : nullptr);
  if (!sender) return complain(sender.error(), failed);
  bool trouble = false;
  const auto measured = measure(options, *sender, node ? node->pid() : options.pid, figures, trouble);
  int code = trouble ? failed : done;
  if (!measured) {
    code = complain(measured.error(), failed);
  } else if (auto text = print(options, figures, earlier); text) {
    std::fputs(text->c_str(), stdout);
    std::fflush(stdout);
  } else {
    code = complain(text.error(), failed);
  }
  if (node) {
    if (auto stopped = node->stop(); !stopped) code = complain(stopped.error(), failed);
  }
  return code;
}

}  // namespace

void add_bench(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<bench_options>();
  auto* bench = root.add_subcommand("bench", "measure a node with synthetic batches");
  auto* target =
      bench->add_option("--target", options->target,
                        "where batches are posted, http://host:port[/path]; without it, a node is started");
  bench->add_option("--events", options->load.batches.events, "events a batch")
      ->check(CLI::Range(std::size_t{1}, events_max))
      ->capture_default_str();
  bench
      ->add_option("--event-bytes", options->load.batches.event_bytes,
                   "bytes of an event, at least about 240")
      ->check(CLI::Range(std::size_t{1}, event_bytes_max))
      ->capture_default_str();
  bench
      ->add_option("--connections", options->load.connections,
                   "connections, kept alive, one request under way on each")
      ->check(CLI::Range(std::size_t{1}, load::connections_max))
      ->capture_default_str();
  auto* seconds = bench->add_option("--seconds", options->seconds, "how long to measure")
                      ->check(CLI::Range(0.001, seconds_max))
                      ->capture_default_str();
  bench
      ->add_option("--batches", options->batches,
                   "measure this many batches instead (and warm up only if told to)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->excludes(seconds);
  bench->add_option("--warm-up", options->warm_up, "seconds of load before measuring (2)")
      ->check(CLI::Range(0.0, seconds_max));
  bench
      ->add_option("--rate", options->load.rate,
                   "batches a second, open loop: latency counts from when a batch was due")
      ->check(CLI::Range(0.001, rate_max));
  bench->add_option("--duplicates", options->load.batches.duplicates, "share of batches sent again unchanged")
      ->check(CLI::Range(0.0, 1.0));
  bench
      ->add_option("--unmatched", options->load.batches.unmatched,
                   "share of events that no default rule matches")
      ->check(CLI::Range(0.0, 1.0));
  bench->add_option("--seed", options->seed, "same seed, same events; without it, new ones each time");
  bench->add_flag("--json", options->json, "print one JSON object");
  bench->add_option("--compare", options->compare, "print the ratios to an earlier --json output in FILE")
      ->check(CLI::ExistingFile);
  bench->add_option("--ledger", options->ledger,
                    "append each event offered and each one acknowledged to FILE");
  bench->add_option("--pid", options->pid, "process of the target on this machine, for its CPU and memory")
      ->check(CLI::Range(1, 1 << 30))
      ->needs(target);
  bench->add_flag("--no-metrics", options->no_metrics,
                  "send batches only: the target has no /metrics to count commits by");
  bench
      ->add_option("--directory", options->directory,
                   "where the node that is started keeps its log; removed afterwards")
      ->excludes(target);
  bench->add_option("--set", options->settings, "key=value, passed on to the node that is started")
      ->excludes(target)
      ->allow_extra_args(false);
  bench->callback([options, &exit_code] { exit_code = run_bench(*options); });
}

}  // namespace sluice::cli
