#include "actors/telemetry/registry.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "actors/telemetry/actor.hpp"
#include "actors/telemetry/process_usage.hpp"

namespace sluice::telemetry {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using bounds = Histogram::BucketBoundaries;

constexpr std::array commit_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                    0.01,   0.025,   0.05,   0.1,   0.25,   1.0};
constexpr std::array commit_batches{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0};

template <class Array>
bounds to_bounds(const Array& from) {
  return bounds(from.begin(), from.end());
}

/// Brings a counter up to an absolute value that only grows.
void raise(Counter& counter, double to) {
  if (to > counter.Value()) counter.Increment(to - counter.Value());
}

/// Feeds a histogram from buckets that somebody else counts.
class bucket_feed {
 public:
  template <class Buckets>
  void feed(Histogram& into, const Buckets& buckets, double sum) {
    std::vector<double> more(buckets.size());
    seen_.resize(buckets.size());
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const auto now = static_cast<double>(buckets[i].load(std::memory_order_relaxed));
      more[i] = now - seen_[i];
      seen_[i] = now;
    }
    into.ObserveMultiple(more, std::max(0.0, sum - sum_));
    sum_ = sum;
  }

 private:
  std::vector<double> seen_;
  double sum_ = 0;
};

struct destination_metrics {
  Counter *delivered, *ok, *failed, *condemned;
  Histogram* seconds;
  Gauge *backlog_events, *pinned_bytes, *oldest_seconds, *dead_letters, *circuit_open;
  std::vector<std::pair<const deliver::lane_gauges*, bucket_feed>> lanes;
  std::set<std::shared_ptr<const deliver::endpoint>> endpoints;  // that the lanes share
  double delivered_base = 0;
};

struct subscription_metrics {
  Gauge *active, *last_check;
  Counter *ok, *failed, *repairs, *tokens;
};

}  // namespace

struct registry::families {
  const sources& from;
  prometheus::Registry metrics;

  Counter& counter(const char* name, const char* help, const prometheus::Labels& labels = {}) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(metrics).Add(labels);
  }
  Gauge& gauge(const char* name, const char* help, const prometheus::Labels& labels = {}) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(metrics).Add(labels);
  }
  Histogram& histogram(const char* name, const char* help, const bounds& buckets,
                       const prometheus::Labels& labels = {}) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(metrics).Add(labels, buckets);
  }

  Counter& processed =
      counter("eventbridge_events_processed_total", "Events accepted: new, valid and durable.");
  Counter& dropped = counter("eventbridge_events_dropped_total", "Accepted events that no rule wanted.");
  Gauge& lag =
      gauge("eventbridge_message_lag_seconds", "Largest age of an event of the last batch when it came in.");
  Counter& received =
      counter("sluice_events_received_total", "Events of batches that were answered with 200.");
  Counter& duplicate = counter("sluice_events_duplicate_total", "Events that the window knew already.");
  Counter& quarantined =
      counter("sluice_events_quarantined_total", "Events kept in the dead letters as invalid.");
  Histogram& event_lag = histogram("sluice_event_lag_seconds", "Age of accepted events when they came in.",
                                   to_bounds(checkpoint::lag_bounds_s));
  Histogram& commit_duration =
      histogram("sluice_commit_duration_seconds", "Write and sync of a group.", to_bounds(commit_seconds));
  Histogram& batches_of_commit =
      histogram("sluice_commit_batches", "Batches that shared a commit.", to_bounds(commit_batches));
  Histogram& request_duration =
      histogram("sluice_request_duration_seconds", "From a whole request to its answer.",
                to_bounds(edge::seconds_bounds));
  Gauge& in_flight = gauge("sluice_in_flight_bytes", "Bytes of requests that wait for their answer.");
  Gauge& log_bytes = gauge("sluice_log_bytes", "Disk that the log uses, pool and side files included.");
  Gauge& dedup_ids = gauge("sluice_dedup_ids", "Identities in the window.");
  Gauge& dedup_window =
      gauge("sluice_dedup_effective_window_seconds", "How far back a duplicate is recognised at present.");
  Gauge& balance =
      gauge("sluice_balance_difference",
            "Received less accepted, duplicates and quarantined over the log; anything but 0 is a defect.",
            {{"identity", "received"}});
  Counter& cpu = counter("process_cpu_seconds_total", "User and system time of the process.");
  Gauge& resident = gauge("process_resident_memory_bytes", "Resident memory of the process.");
  Gauge& descriptors = gauge("process_open_fds", "Open file descriptors of the process.");
  Gauge& started = gauge("process_start_time_seconds", "Start of the process, Unix time.");
  std::vector<Counter*> codes;
  bucket_feed requests;
  std::map<std::string, destination_metrics> destinations;
  std::map<std::string, Counter*> restarts;
  std::optional<subscription_metrics> subscribed;
  std::vector<std::pair<Gauge*, const stage_queue*>> queues;

  explicit families(const sources& s) : from(s) {
    gauge("sluice_build_info", "The build; always 1.", {{"version", from.version}}).Set(1);
    for (const int code : edge::codes) {
      codes.push_back(&counter("sluice_batches_total", "Answers to batches by status code.",
                               {{"code", code == 0 ? "other" : std::to_string(code)}}));
    }
    for (const auto* stage : {"audit", "decode", "deliver", "ingest", "route", "telemetry"})
      add_restarts(stage);
    for (const auto& [stage, queue] : from.queues->all()) {
      queues.emplace_back(
          &gauge("sluice_stage_queue", "Requests that wait in a stage for the next one or the disk.",
                 {{"stage", std::string(stage)}}),
          queue);
    }
    if (from.subscription != nullptr) add_subscription();
    const auto view = from.checkpoint->get();
    for (const auto& lane : from.lanes) {
      add(lane->name);
      auto& m = destinations.at(lane->name);
      m.lanes.emplace_back(&lane->gauges, bucket_feed());
      m.endpoints.insert(lane->endpoint);
    }
    for (const auto& d : view.destinations) {
      if (const auto known = destinations.find(d.name); known != destinations.end()) {
        known->second.delivered_base = static_cast<double>(d.totals.delivered);
      }
    }
  }

  void add_restarts(const char* stage) {
    restarts[stage] = &counter("sluice_actor_restarts_total", "Stages that ended and were started again.",
                               {{"stage", stage}});
  }

  void add_subscription() {
    add_restarts("subscription");
    const auto checks = [&](const char* outcome) {
      return &counter("sluice_subscription_checks_total", "Looks at the subscription by outcome.",
                      {{"outcome", outcome}});
    };
    subscription_metrics m{};
    m.active = &gauge("sluice_subscription_active", "1 while the subscription is there, active and ours.");
    m.last_check = &gauge("sluice_subscription_last_check_timestamp_seconds",
                          "When the subscription was last looked at, Unix time; 0: not yet.");
    m.ok = checks("ok");
    m.failed = checks("failed");
    m.repairs = &counter("sluice_subscription_repairs_total",
                         "Times that the subscription was put right, or made again after it was gone.");
    m.tokens = &counter("sluice_token_requests_total", "Requests for an access token.");
    subscribed = m;
  }

  void add(const std::string& name) {
    if (destinations.contains(name)) return;
    const prometheus::Labels label{{"destination", name}};
    const auto attempts = [&](const char* outcome) {
      return &counter("sluice_delivery_attempts_total", "Requests or writes to a destination by outcome.",
                      {{"destination", name}, {"outcome", outcome}});
    };
    destination_metrics m{};
    m.delivered = &counter("sluice_delivered_total", "Events that a destination took.", label);
    m.ok = attempts("delivered");
    m.failed = attempts("endpoint_failed");
    m.condemned = attempts("events_condemned");
    m.seconds = &histogram("sluice_delivery_duration_seconds", "From the start of a request to its end.",
                           to_bounds(deliver::lane_gauges::seconds_bounds), label);
    m.backlog_events =
        &gauge("sluice_backlog_events", "Events routed to a destination and not settled.", label);
    m.pinned_bytes =
        &gauge("sluice_backlog_pinned_bytes",
               "Bytes that a destination's backlog keeps: its share of the log, and copies.", label);
    m.oldest_seconds =
        &gauge("sluice_backlog_oldest_seconds", "Age of the event that is next for a destination.", label);
    m.dead_letters = &gauge("sluice_dead_letters", "Events of a destination in the dead letters.", label);
    m.circuit_open = &gauge("sluice_circuit_open",
                            "Endpoints of a destination that fail and get no more than probes.", label);
    destinations.emplace(name, std::move(m));
  }

  /// A destination's numbers are the sums over its lanes; its oldest event is that of the lane that is
  /// behind most.
  static void collect_lanes(destination_metrics& m, std::int64_t now_ms) {
    std::uint64_t ok = 0, failed = 0, condemned = 0;
    std::int64_t oldest = 0;
    for (auto& [gauges, feed] : m.lanes) {
      ok += gauges->delivered.load();
      failed += gauges->endpoint_failed.load();
      condemned += gauges->condemned.load();
      feed.feed(*m.seconds, gauges->seconds_buckets, gauges->seconds_sum.load());
      if (const auto received = gauges->oldest_received_ms.load(); received != 0)
        oldest = oldest == 0 ? received : std::min(oldest, received);
    }
    m.circuit_open->Set(static_cast<double>(
        std::ranges::count_if(m.endpoints, [](const auto& e) { return e->circuit_open(); })));
    raise(*m.ok, static_cast<double>(ok));
    raise(*m.failed, static_cast<double>(failed));
    raise(*m.condemned, static_cast<double>(condemned));
    m.oldest_seconds->Set(
        oldest == 0 ? 0 : static_cast<double>(std::max<std::int64_t>(0, now_ms - oldest)) / 1e3);
  }

  void collect_destinations(const checkpoint::board_view& view) {
    for (const auto& d : view.destinations) {
      const auto at = destinations.find(d.name);
      if (at == destinations.end()) continue;
      auto& m = at->second;
      raise(*m.delivered, static_cast<double>(d.totals.delivered) - m.delivered_base);
      m.backlog_events->Set(static_cast<double>(d.totals.pending()));
      m.pinned_bytes->Set(static_cast<double>(d.pinned_bytes));
    }
    const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    for (auto& [name, m] : destinations) collect_lanes(m, now_ms);
    for (const auto& [name, count] : from.dead_letters()) {
      if (const auto at = destinations.find(name); at != destinations.end()) {
        at->second.dead_letters->Set(static_cast<double>(count));
      }
    }
  }

  void collect_subscription() {
    const auto now = from.subscription->get();
    subscribed->active->Set(now.now == subscription::standing::active ? 1 : 0);
    subscribed->last_check->Set(static_cast<double>(now.last_check_ms) / 1e3);
    raise(*subscribed->ok, static_cast<double>(now.checks - now.failed_checks));
    raise(*subscribed->failed, static_cast<double>(now.failed_checks));
    raise(*subscribed->repairs, static_cast<double>(now.repairs));
    raise(*subscribed->tokens, static_cast<double>(now.token_requests));
  }

  void collect() {
    const auto view = from.checkpoint->get();
    const auto& t = view.totals;
    balance.Set(static_cast<double>(t.received) - static_cast<double>(t.accepted) -
                static_cast<double>(t.duplicates) - static_cast<double>(t.quarantined));
    log_bytes.Set(static_cast<double>(view.log.bytes));
    dedup_ids.Set(static_cast<double>(view.dedup_ids));
    dedup_window.Set(view.dedup_effective_window_seconds);
    in_flight.Set(static_cast<double>(from.in_flight_bytes()));
    for (std::size_t i = 0; i < codes.size(); ++i)
      raise(*codes[i], static_cast<double>(from.sockets->batches[i].load()));
    for (const auto& [waiting, queue] : queues) waiting->Set(static_cast<double>(queue->waiting()));
    requests.feed(request_duration, from.sockets->seconds_buckets, from.sockets->seconds_sum.load());
    for (const auto& [stage, count] : from.restarts()) {
      if (const auto at = restarts.find(stage); at != restarts.end())
        raise(*at->second, static_cast<double>(count));
    }
    collect_destinations(view);
    if (subscribed) collect_subscription();
    const auto usage = read_process_usage();
    raise(cpu, usage.cpu_seconds);
    resident.Set(usage.resident_bytes);
    descriptors.Set(usage.open_descriptors);
    started.Set(usage.start_time_seconds);
  }
};

registry::registry(const sources& from) : families_(std::make_unique<families>(from)) {}
registry::~registry() = default;

void registry::commits(const commit_sample& sample) {
  auto& f = *families_;
  const auto& c = sample.counts;
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  f.processed.Increment(number(c.accepted));
  f.dropped.Increment(number(c.dropped));
  f.received.Increment(number(c.accepted + c.duplicates + c.quarantined));
  f.duplicate.Increment(number(c.duplicates));
  f.quarantined.Increment(number(c.quarantined));
  if (c.batches > 0) f.lag.Set(c.lag_max_s);
  f.event_lag.ObserveMultiple(std::vector<double>(c.lag_buckets.begin(), c.lag_buckets.end()), c.lag_sum_s);
  for (const double seconds : sample.commit_seconds) f.commit_duration.Observe(seconds);
  if (c.groups > 0) f.batches_of_commit.Observe(number(c.batches) / number(c.groups));
}

std::string registry::render() {
  families_->collect();
  return prometheus::TextSerializer().Serialize(families_->metrics.Collect());
}

}  // namespace sluice::telemetry
