// Every value that may have come from the environment or a secret file goes through `shown`.
#include "actors/node/cli/show.hpp"

#include <array>
#include <ostream>

#include "actors/node/config/bounds.hpp"
#include "actors/node/config/keys.hpp"
#include "actors/node/config/organisation.hpp"
#include "actors/node/config/quoted.hpp"
#include "actors/node/config/units.hpp"

namespace sluice::cli {
namespace {

std::string member(std::string_view list, std::size_t at, std::string_view key) {
  return std::string(list).append("[").append(std::to_string(at)).append("].").append(key);
}

void show_rule(std::ostream& out, const config::config& of, std::size_t at) {
  const config::route_options& r = of.routes[at];
  out << "  routes[" << at << "] source "
      << (r.source.empty() ? "any" : shown(of, member("routes", at, "source"), r.source));
  for (const auto& [key, value] : r.metadata) {
    out << ", " << config::quoted(key) << " is "
        << shown(of, member("routes", at, "metadata.").append(key), value);
  }
  out << " -> " << list_of_names(r.to) << '\n';
}

void show_list(std::ostream& out, const config::config& of, const std::string& path,
               const std::vector<std::string>& items) {
  // A text that stands for all of them hides them all.
  const bool alone = of.is_hidden(path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    out << (i == 0 ? " " : ", ")
        << (alone ? "(hidden)" : shown(of, path + "[" + std::to_string(i) + "]", items[i]));
  }
}

void show_where(std::ostream& out, const config::config& of, const config::destination_options& d,
                const std::string& path) {
  switch (d.kind) {
    case config::destination_kind::http:
      if (!d.split.endpoints.empty()) return show_list(out, of, path + ".endpoints", d.split.endpoints);
      out << ' ' << shown(of, path + ".url", d.url);
      return;
    case config::destination_kind::nats:
      show_list(out, of, path + ".servers", d.nats.servers);
      out << " as " << shown(of, path + ".subject", d.nats.subject);
      if (!d.nats.stream.empty()) out << " into " << shown(of, path + ".stream", d.nats.stream);
      return;
    case config::destination_kind::file:
      out << ' ' << shown(of, path + ".path", d.path);
      return;
    case config::destination_kind::discard:
      return;
  }
}

void show_destination(std::ostream& out, const config::config& of, const config::destination_options& d) {
  const std::string path = std::string("destinations.").append(d.name);
  out << "  " << d.name << ": " << config::to_string(d.kind);
  show_where(out, of, d, path);
  if (d.rate) {
    out << ", at most " << *d.rate << " events in any second" << (d.endpoint_count() > 1 ? " at each" : "");
  } else {
    out << ", unlimited";
  }
  if (d.over_network()) {
    if (d.kind == config::destination_kind::http) out << ", batches of " << d.batch;
    if (d.kind == config::destination_kind::nats) out << ", " << d.nats.max_in_flight << " in flight";
    if (d.split.requests() > 1)
      out << ", " << d.split.requests() << " at once" << (d.endpoint_count() > 1 ? " to each" : "");
  }
  out << ", backlog " << config::print_size(d.backlog.max_bytes) << '\n';
}

/// A host is shown as it is used; one that is given may be hidden.
void show_genesys(std::ostream& out, const config::config& of) {
  const config::genesys_options& g = *of.genesys;
  const subscription::settings s = config::settings_of(g);
  const auto host = [&](const char* key, bool given, const std::string& origin) {
    return shown(of, given ? key : "genesys.region", origin);
  };
  out << "genesys: tokens from " << host("genesys.login_url", !g.login_url.empty(), s.hosts.login)
      << ", API at " << host("genesys.base_url", !g.base_url.empty(), s.hosts.api) << "\n  subscription "
      << shown(of, "genesys.subscription.name", s.wanted.name) << " to "
      << shown(of, "genesys.subscription.endpoint", s.wanted.endpoint) << " is made where it is missing, "
      << "and looked at every " << config::print_duration(s.check_interval) << "\n  brings ";
  for (std::size_t i = 0; i < s.wanted.sources.size(); ++i) {
    const std::string item = "genesys.subscription.sources[" + std::to_string(i) + "]";
    const bool alone = of.is_hidden("genesys.subscription.sources");
    out << (i == 0 ? "" : ", ") << (alone ? "(hidden)" : shown(of, item, s.wanted.sources[i]));
  }
  out << "; kept for " << s.wanted.retention_days << " days, at most " << s.wanted.max_events_per_second
      << " events in a second\n";
}

void show_bound(std::ostream& out, std::string_view name, const config::bound& bound) {
  out << name << " at most " << about_bytes(bound.total()) << '\n';
  for (const config::bound_part& part : bound.parts)
    out << "  " << about_bytes(part.bytes) << "  " << part.what << '\n';
}

}  // namespace

void show_errors(std::ostream& err, std::span<const error> errors) {
  for (const error& e : errors) err << to_string(e) << '\n';
}

std::string about_bytes(std::uint64_t bytes) {
  struct unit {
    const char* name;
    std::uint64_t bytes;
  };
  constexpr std::array<unit, 4> units = {
      {{"TiB", 1024 * config::gib}, {"GiB", config::gib}, {"MiB", config::mib}, {"KiB", config::kib}}};
  for (const unit& u : units) {
    if (bytes < u.bytes) continue;
    const std::uint64_t whole = bytes / u.bytes;
    const std::uint64_t tenths = whole * 10 + (bytes % u.bytes * 10 + u.bytes - 1) / u.bytes;
    std::string text = std::to_string(tenths / 10);
    if (tenths % 10 != 0) text.append(".").append(std::to_string(tenths % 10));
    return text.append(u.name);
  }
  return std::to_string(bytes).append("B");
}

std::string list_of_names(const std::vector<std::string>& names) {
  if (names.empty()) return "nowhere";
  std::string all;
  for (const std::string& name : names) {
    if (!all.empty()) all += ", ";
    all += name;
  }
  return all;
}

std::string shown(const config::config& of, const std::string& path, std::string_view text) {
  return of.is_hidden(path) ? "(hidden)" : config::quoted(text);
}

void show_config(std::ostream& out, const config::config& of, std::uint32_t processors) {
  out << "ingest on " << config::print_endpoint(of.ingest.listen)
      << (of.ingest.tls.enabled() ? " with TLS" : "");
  if (of.admin.listen) {
    out << ", admin on " << config::print_endpoint(*of.admin.listen);
  } else {
    out << (config::is_loopback(of.ingest.listen) ? ", admin on the same" : ", no admin");
  }
  out << "\nlog in " << shown(of, "checkpoint.directory", of.checkpoint.directory) << ", history of "
      << config::print_duration(of.checkpoint.retention) << "\nduplicates recognised for "
      << config::print_duration(of.checkpoint.dedup.window) << " and " << of.checkpoint.dedup.max_ids
      << " events\naudit to "
      << (of.audit.path == "-" ? "standard output" : shown(of, "audit.path", of.audit.path)) << '\n';
  out << of.routes.size() << " rules, "
      << (of.match == route::match_mode::first ? "the first match decides" : "all matches count") << '\n';
  for (std::size_t i = 0; i < of.routes.size(); ++i) show_rule(out, of, i);
  out << of.destinations.size() << " destinations\n";
  for (const config::destination_options& d : of.destinations) show_destination(out, of, d);
  if (of.genesys) show_genesys(out, of);
  show_bound(out, "memory", config::memory_bound(of, processors));
  show_bound(out, "disk", config::disk_bound(of));
}

}  // namespace sluice::cli
