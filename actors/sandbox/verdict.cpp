#include "actors/sandbox/verdict.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace sluice::sandbox {
namespace {

[[gnu::format(printf, 1, 2)]] std::string line(const char* format, ...) {
  char text[256];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return std::string(text) + "\n";
}

using count = unsigned long long;

void judge_receiver(const receiver_expectation& by, const receiver_row& row,
                    std::vector<std::string>& complaints) {
  const std::string who = "receiver " + std::to_string(by.number) + ": ";
  const auto limit = [&](const char* what, std::uint64_t is, std::optional<std::uint64_t> most) {
    if (most && is > *most)
      complaints.push_back(who + std::to_string(is) + " " + what + ", at most " + std::to_string(*most) +
                           " expected");
  };
  if (row.compared->forgotten > 0)
    complaints.push_back(who + "not certain, because the ledgers have forgotten " +
                         std::to_string(row.compared->forgotten) + " events");
  limit("missing", row.compared->missing, by.missing);
  limit("condemned", row.compared->condemned, by.condemned);
  limit("refused requests", row.counts.refused, by.refused);
  limit("unexpected", row.compared->unexpected, by.unexpected);
  limit("doubled", row.counts.doubled, by.doubled);
  limit("repeated", row.counts.repeated, by.repeated);
  limit("out of order", row.counts.inversions, by.inversions);
  limit("in the fastest second", row.counts.fastest_all, by.fastest_second);
}

}  // namespace

comparison compare(const owed_events& owed, const received_ledger& got, const selection& of) {
  comparison made;
  owed.each(of, [&](identity what) {
    ++made.owed;
    if (!got.has(what)) ++(got.has_condemned(what) ? made.condemned : made.missing);
  });
  got.each([&](identity what) {
    const event_class* const known = owed.find(what);
    if (known != nullptr && !of.has(*known)) ++made.unexpected;
  });
  made.forgotten = owed.forgotten() + got.counts().forgotten;
  return made;
}

void judge(const scenario& by, verdict& of) {
  std::uint64_t lost = 0, acknowledged = 0;
  for (const auto& one : of.feeds) {
    lost += one.counts.lost;
    acknowledged += one.counts.acknowledged;
  }
  if (by.lost && lost > *by.lost)
    of.complaints.push_back(std::to_string(lost) + " events lost, at most " + std::to_string(*by.lost) +
                            " expected");
  if (by.acknowledged_min && acknowledged < *by.acknowledged_min)
    of.complaints.push_back(std::to_string(acknowledged) + " events acknowledged, at least " +
                            std::to_string(*by.acknowledged_min) + " expected");
  for (const auto& one : by.receivers) judge_receiver(one, of.receivers[one.number - 1], of.complaints);
}

std::string to_text(const verdict& v) {
  std::string text = line("%-28s %10s %12s %8s %9s %8s %10s %9s", "subscription", "offered", "acknowledged",
                          "lost", "abandoned", "retries", "duplicates", "malformed");
  for (const auto& one : v.feeds) {
    const sent_counts& c = one.counts;
    const std::string name = one.deleted ? one.name + " (deleted)" : one.name;
    text += line("%-28.28s %10llu %12llu %8llu %9llu %8llu %10llu %9llu", name.c_str(), count{c.offered},
                 count{c.acknowledged}, count{c.lost}, count{c.abandoned}, count{c.retries},
                 count{c.duplicates}, count{c.malformed});
  }
  if (!v.receivers.empty())
    text += "\n" + line("%-10s %9s %9s %8s %10s %14s %8s %8s %9s %8s %10s", "receiver", "unique", "repeated",
                        "doubled", "inversions", "fastest second", "failures", "refused", "condemned",
                        "missing", "unexpected");
  for (const auto& one : v.receivers) {
    const received_counts& c = one.counts;
    const auto compared = [&](std::uint64_t comparison::*what) {
      return one.compared ? std::to_string(*one.compared.*what) : std::string("-");
    };
    text += line("%-10u %9llu %9llu %8llu %10llu %14llu %8llu %8llu %9llu %8s %10s", unsigned{one.port},
                 count{c.unique}, count{c.repeated}, count{c.doubled}, count{c.inversions},
                 count{c.fastest_all}, count{c.failed + c.hung}, count{c.refused}, count{c.condemned},
                 compared(&comparison::missing).c_str(), compared(&comparison::unexpected).c_str());
  }
  text += "\n";
  for (const auto& one : v.complaints) text += "FAILED: " + one + "\n";
  return text + (v.passed() ? "passed\n" : "");
}

}  // namespace sluice::sandbox
