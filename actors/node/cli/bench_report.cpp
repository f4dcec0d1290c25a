// Figures are written by one list of names, so that the object, its ratios and their table cannot disagree.
#include "actors/node/cli/bench_report.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "benchmarks/load/answer.hpp"

namespace sluice::cli {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits).ptr;
  return {text.data(), end};
}

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

double per(double value, double divisor) { return divisor > 0 ? value / divisor : 0; }
double milliseconds_at(const load::histogram& latency, double share) {
  return static_cast<double>(latency.percentile(share)) / 1e6;
}
double per_million_events(double seconds, const load::outcome& o) {
  return per(seconds * 1e6, static_cast<double>(o.events_acked));
}

struct line_writer {
  std::string text;
  void operator()(std::string_view name, const std::string& value) {
    text.append(name).append(name.size() < 16 ? 16 - name.size() : 1, ' ').append(value).append("\n");
  }
};

struct member_writer {
  std::string text = "{";
  void raw(std::string_view name, const std::string& value) {
    if (text.size() > 1) text += ',';
    text.append("\"").append(name).append("\":").append(value);
  }
  void operator()(std::string_view name, std::uint64_t value) { raw(name, std::to_string(value)); }
  void operator()(std::string_view name, double value) { raw(name, fixed(value, 3)); }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value) {
    value ? (*this)(name, *value) : raw(name, "null");
  }
};

constexpr std::array<std::string_view, 9> compared{"events_per_second",
                                                   "requests_per_second",
                                                   "p50_ms",
                                                   "p99_ms",
                                                   "max_ms",
                                                   "node_cpu_seconds_per_million_events",
                                                   "node_rss_peak_bytes",
                                                   "commits",
                                                   "generator_cpu_seconds_per_million_events"};

std::optional<double> number_in(std::string_view json, std::string_view name) {
  const auto value = load::member_of(json, name);
  double number = 0;
  if (!value || std::from_chars(value->data(), value->data() + value->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

std::string load_line(const load::sender_options& l) {
  std::string text = std::to_string(l.connections) + " connections, " + std::to_string(l.batches.events) +
                     " events of " + std::to_string(l.batches.event_bytes) + " bytes a batch, ";
  text += l.rate > 0 ? "open loop at " + fixed(l.rate, 1) + " batches/s" : std::string("closed loop");
  if (l.batches.duplicates > 0) text += ", " + fixed(l.batches.duplicates * 100, 1) + " % repeated";
  if (l.batches.unmatched > 0) text += ", " + fixed(l.batches.unmatched * 100, 1) + " % unmatched";
  return text + ", seed " + std::to_string(l.batches.seed);
}

}  // namespace

std::string table_of(const bench_figures& figures) {
  const auto& o = figures.outcome;
  line_writer line;
  line("target", to_string(figures.load.to) + (figures.own_node ? " (a node of its own)" : ""));
  line("load", load_line(figures.load));
  line("requests", grouped(o.requests) + " in " + fixed(o.seconds, 2) + " s, " +
                       fixed(per(static_cast<double>(o.batches_acked), o.seconds), 0) + " acknowledged/s");
  line("events",
       grouped(o.events_acked) + ", " +
           grouped(static_cast<std::uint64_t>(per(static_cast<double>(o.events_acked), o.seconds))) + "/s, " +
           fixed(per(static_cast<double>(o.bytes_sent) / 1e6, o.seconds), 1) + " MB/s");
  line("of them", grouped(o.accepted) + " accepted (" + grouped(o.dropped) + " matched no rule), " +
                      grouped(o.duplicates) + " duplicates, " + grouped(o.quarantined) + " quarantined");
  line("latency", "p50 " + fixed(milliseconds_at(o.latency, 0.5), 2) + " ms, p90 " +
                      fixed(milliseconds_at(o.latency, 0.9), 2) + ", p99 " +
                      fixed(milliseconds_at(o.latency, 0.99), 2) + ", p99.9 " +
                      fixed(milliseconds_at(o.latency, 0.999), 2) + ", max " +
                      fixed(milliseconds_at(o.latency, 1), 2));
  if (figures.node_cpu_seconds) {
    line("node CPU", fixed(per_million_events(*figures.node_cpu_seconds, o), 2) + " s a million events, " +
                         fixed(*figures.node_cpu_seconds, 2) + " s in all");
  }
  line("generator CPU",
       fixed(per_million_events(figures.generator_cpu_seconds, o), 2) + " s a million events");
  if (figures.node_rss_peak_bytes) {
    line("node memory",
         fixed(static_cast<double>(*figures.node_rss_peak_bytes) / (1 << 20), 1) + " MiB at its peak");
  }
  if (figures.commits) {
    line("commits",
         grouped(*figures.commits) + ", " +
             fixed(per(static_cast<double>(o.batches_acked), static_cast<double>(*figures.commits)), 1) +
             " batches each");
  }
  std::string answers;
  for (const auto& [status, count] : o.answers) {
    answers += (answers.empty() ? "" : ", ") + std::to_string(status) + ": " + grouped(count);
  }
  line("answers", answers.empty() ? "none" : answers);
  if (o.retried + o.lost + o.failed + o.unfinished + o.unsent > 0) {
    line("trouble", grouped(o.retried) + " sent again after 429 or 503, " + grouped(o.lost) +
                        " connections lost, " + grouped(o.failed) + " batches failed, " +
                        grouped(o.unfinished) + " unfinished, " + grouped(o.unsent) + " not sent");
  }
  return line.text;
}

std::string json_of(const bench_figures& figures, std::string_view ratios) {
  const auto& o = figures.outcome;
  const auto& l = figures.load;
  member_writer member;
  member("connections", std::uint64_t{l.connections});
  member("events_per_batch", std::uint64_t{l.batches.events});
  member("event_bytes", std::uint64_t{l.batches.event_bytes});
  member("rate", l.rate);
  member("seed", l.batches.seed);
  member("seconds", o.seconds);
  member("requests", o.requests);
  member("batches", o.batches_acked);
  member("batches_repeated", o.batches_repeated);
  member("events", o.events_acked);
  member("accepted", o.accepted);
  member("duplicates", o.duplicates);
  member("dropped", o.dropped);
  member("quarantined", o.quarantined);
  member("bytes_sent", o.bytes_sent);
  member("requests_per_second", per(static_cast<double>(o.batches_acked), o.seconds));
  member("events_per_second", per(static_cast<double>(o.events_acked), o.seconds));
  member("megabytes_per_second", per(static_cast<double>(o.bytes_sent) / 1e6, o.seconds));
  member("p50_ms", milliseconds_at(o.latency, 0.5));
  member("p90_ms", milliseconds_at(o.latency, 0.9));
  member("p99_ms", milliseconds_at(o.latency, 0.99));
  member("p999_ms", milliseconds_at(o.latency, 0.999));
  member("max_ms", milliseconds_at(o.latency, 1));
  std::optional<double> cpu_per_million;
  if (figures.node_cpu_seconds) cpu_per_million = per_million_events(*figures.node_cpu_seconds, o);
  member("node_cpu_seconds", figures.node_cpu_seconds);
  member("node_cpu_seconds_per_million_events", cpu_per_million);
  member("node_rss_peak_bytes", figures.node_rss_peak_bytes);
  member("commits", figures.commits);
  member("generator_cpu_seconds_per_million_events", per_million_events(figures.generator_cpu_seconds, o));
  member("retried", o.retried);
  member("lost", o.lost);
  member("failed", o.failed);
  member("unfinished", o.unfinished);
  member("unsent", o.unsent);
  member_writer answers;
  for (const auto& [status, count] : o.answers) answers(std::to_string(status), count);
  member.raw("answers", answers.text + "}");
  if (!ratios.empty()) member.raw("ratios", std::string(ratios));
  return member.text + "}";
}

result<std::string> ratios_to(std::string_view earlier, std::string_view now) {
  member_writer ratios;
  for (const auto name : compared) {
    const auto before = number_in(earlier, name);
    const auto after = number_in(now, name);
    if (before && after && *before > 0) ratios(name, *after / *before);
  }
  if (ratios.text.size() == 1) return fail(errc::invalid_config, "is not what `sluice bench --json` prints");
  return ratios.text + "}";
}

std::string table_of_ratios(std::string_view ratios) {
  std::string text;
  for (const auto name : compared) {
    if (const auto ratio = number_in(ratios, name))
      text += "× " + fixed(*ratio, 3) + "  " + std::string(name) + "\n";
  }
  return text;
}

}  // namespace sluice::cli
