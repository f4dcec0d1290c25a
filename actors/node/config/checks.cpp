// Each check names the key that has to change and, where another one is involved, that one too.
#include "actors/node/config/checks.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "actors/node/config/auth_checks.hpp"
#include "actors/node/config/http_checks.hpp"
#include "actors/node/config/nats_checks.hpp"
#include "actors/node/config/nearest.hpp"
#include "actors/node/config/paths.hpp"
#include "actors/node/config/quoted.hpp"
#include "actors/node/config/split_checks.hpp"
#include "actors/route/rule_set.hpp"
#include "actors/subscription/specification.hpp"
#include "net/tls/context.hpp"

namespace sluice::config {
namespace {

/// Keys that a member must have, or of another kind of destination.
void check_members(reader& read) {
  const auto check = [&](const container& of, const std::string& member, kind_set kind,
                         std::string_view kind_name) {
    for (const key& k : all_keys()) {
      const std::string prefix = of.prefix().append(".");
      if (!k.path.starts_with(prefix)) continue;
      const std::string name = k.path.substr(prefix.size());
      const std::string path = in(member, name);
      if ((k.kinds & kind) == 0) {
        if (given(read, path))
          read.complain(path, std::string("is not for kind ").append(kind_name).append("; leave it out"));
      } else if (k.required && !given(read, path)) {
        read.complain(path, std::string("is missing; ").append(k.allowed));
      }
    }
  };
  for (std::size_t i = 0; i < read.all.routes.size(); ++i)
    check(*find_container("routes"), member_of("routes", i), any_kind, "");
  for (const destination_options& d : read.all.destinations) {
    const std::string member = in("destinations", d.name);
    // Of an unknown kind nothing can be said but that it is unknown.
    const bool known = std::ranges::none_of(
        read.errors, [&](const error& e) { return e.place.ends_with(in(member, "kind")); });
    if (!given(read, in(member, "kind"))) {
      read.complain(in(member, "kind"),
                    std::string("is missing; ").append(find_key("destinations.*.kind")->allowed));
    } else if (known) {
      check(*find_container("destinations"), member, kind_bit(d.kind), to_string(d.kind));
    }
  }
  for (std::size_t i = 0; i < read.all.tests.size(); ++i) {
    const std::string member = member_of("tests", i);
    check(*find_container("tests"), member, any_kind, "");
    if (const auto at = read.origins().find(member); at != read.origins().end())
      read.all.tests[i].place = at->second.place;
  }
}

void check_destination(reader& read, destination_options& d) {
  const std::string member = in("destinations", d.name);
  constexpr std::uint32_t http_rate_max = 1000;
  const auto rate = in(member, "rate");
  if (d.kind == destination_kind::http && !d.rate) {
    read.complain(rate, "`unlimited` is not for kind http; 1 to 1000");
  } else if (d.kind == destination_kind::http && *d.rate > http_rate_max) {
    read.complain(rate, std::to_string(*d.rate).append(" is too large for kind http; 1 to 1000"));
  }
  if (d.kind == destination_kind::http && d.rate && d.batch > *d.rate) {
    if (given(read, in(member, "batch"))) {
      read.complain(in(member, "batch"), "is larger than the rate; at most what `rate` allows in a second");
    } else {
      d.batch = *d.rate;
    }
  }
  if (d.kind == destination_kind::http) check_http(read, d);
  if (d.kind == destination_kind::nats) check_nats(read, d);
  if (d.retry.max < d.retry.initial) {
    const std::string later = given(read, in(member, "retry.max")) ? "retry.max" : "retry.initial";
    read.complain(in(member, later), "retry.max is shorter than retry.initial; at least as long");
  }
}

/// Two writers of one file would cut each other's lines.
void check_files(reader& read) {
  std::map<std::string, std::string> writers;
  const auto normal = [](const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
  };
  for (const destination_options& d : read.all.destinations) {
    if (d.kind != destination_kind::file || d.path.empty()) continue;
    const std::string path = in(in("destinations", d.name), "path");
    const auto [other, fresh] = writers.try_emplace(normal(d.path), path);
    if (!fresh)
      read.complain(path, std::string("is the file of ").append(other->second).append("; a file of its own"));
  }
  if (read.all.audit.path == "-") return;
  if (const auto other = writers.find(normal(read.all.audit.path)); other != writers.end()) {
    const std::string path = given(read, "audit.path") ? "audit.path" : other->second;
    read.complain(path, std::string("is the file of ")
                            .append(path == "audit.path" ? other->second : "audit.path")
                            .append("; a file of its own"));
  }
}

void check_names(reader& read, const std::string& path, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const destination_options& d : read.all.destinations) known.push_back(d.name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::ranges::find(known, names[i]) != known.end()) continue;
    const std::string item = given(read, member_of(path, i)) ? member_of(path, i) : path;
    const auto from = read.origins().find(item);
    const bool secret = from != read.origins().end() && from->second.hidden;
    std::string detail = quoted(from == read.origins().end() ? std::string_view(names[i])
                                                             : std::string_view(from->second.shown));
    detail.append(" is not a destination; ");
    const std::string_view meant = secret ? std::string_view() : nearest(names[i], known);
    if (!meant.empty()) {
      detail.append("the nearest is ").append(quoted(meant));
    } else {
      detail.append("a name under `destinations`");
    }
    read.complain(item, std::move(detail));
  }
}

void check_rules(reader& read) {
  std::vector<route::rule> rules;
  for (std::size_t i = 0; i < read.all.routes.size(); ++i) {
    const route_options& r = read.all.routes[i];
    const std::string member = member_of("routes", i);
    check_names(read, in(member, "to"), r.to);
    const bool to_is_wrong = std::ranges::any_of(
        read.errors, [&](const error& e) { return e.place.find(in(member, "to")) != std::string::npos; });
    if (r.to.empty() && !to_is_wrong) read.complain(in(member, "to"), "is empty; at least one destination");
    // Alone first, so that every bad rule is named and not only the first.
    const route::rule alone{r.source, r.metadata,
                            std::vector<destination_id>(std::clamp<std::size_t>(r.to.size(), 1, 65), 0)};
    rules.push_back(alone);
    if (const auto compiled = route::rule_set::compile({alone}, read.all.match); !compiled) {
      const std::string source = in(member, "source");
      const auto from = read.origins().find(source);
      const bool secret = from != read.origins().end() && from->second.hidden;
      const bool is_pattern = compiled.error().detail.starts_with("the pattern");
      read.complain(is_pattern ? source : member,
                    secret
                        ? std::string("the pattern does not compile; an RE2 pattern")
                        : std::string(compiled.error().detail).append("; see RE2's syntax and the limits"));
      rules.pop_back();
    }
  }
  if (const auto together = route::rule_set::compile(std::move(rules), read.all.match);
      !together && together.error().place == "routes") {
    read.complain("routes", std::string(together.error().detail).append("; fewer or smaller patterns"));
  }
}

/// The pair is read here already, so that a wrong file is a mistake of the configuration and not of the
/// start.
void check_tls(reader& read) {
  const tls_options& tls = read.all.ingest.tls;
  if (tls.certificate.empty() && tls.key.empty()) return;
  for (const auto& [name, value] :
       {std::pair("ingest.tls.certificate", &tls.certificate), std::pair("ingest.tls.key", &tls.key)}) {
    if (value->empty()) return read.complain(name, "is missing; TLS needs a certificate and its key");
  }
  const auto loaded = net::tls::server_context::load(tls.certificate, tls.key);
  if (loaded) return;
  const bool of_key = loaded.error().place == tls.key;
  complain_of_file(read, of_key ? "ingest.tls.key" : "ingest.tls.certificate", loaded.error());
}

void check_listeners(reader& read) {
  check_tls(read);
  const auto& admin = read.all.admin.listen;
  if (read.all.admin.token.size() > admin_options::tokens_max) {
    read.complain("admin.token", std::string("has ")
                                     .append(std::to_string(read.all.admin.token.size()))
                                     .append(" tokens; at most ")
                                     .append(std::to_string(admin_options::tokens_max)));
  }
  if (!admin) return;
  if (!is_loopback(*admin) && read.all.admin.token.empty()) {
    read.complain(
        "admin.listen",
        "is not loopback and needs admin.token there; a token, or an address in 127.0.0.0/8 or [::1]");
  }
  if (admin->port != 0 && *admin == read.all.ingest.listen) {
    read.complain("admin.listen",
                  "is the address of ingest.listen; another one, or leave it out and that one serves both");
  }
}

/// What the section must have; what a subscription may be is checked where it is known.
void check_genesys(reader& read) {
  auto& genesys = read.all.genesys;
  if (!genesys && !given(read, "genesys")) return;
  if (!genesys) genesys.emplace();
  for (const key& k : all_keys()) {
    if (k.required && k.path.starts_with("genesys.") && !given(read, k.path))
      read.complain(k.path, std::string("is missing; ").append(k.allowed));
  }
  if (!genesys->ca.empty()) {
    if (const auto trusted = net::tls::client_context::make({genesys->ca}); !trusted)
      complain_of_file(read, "genesys.ca", trusted.error());
  }
  const bool hosts = given(read, "genesys.login_url") && given(read, "genesys.base_url");
  if (!hosts && !given(read, "genesys.region")) {
    read.complain("genesys.region", std::string("is missing; login_url and base_url, or one of ")
                                        .append(find_key("genesys.region")->allowed));
  }
  for (const error& wrong : subscription::check(genesys->subscription)) {
    const std::string path = in("genesys.subscription", wrong.place);
    const bool known =
        std::ranges::any_of(read.errors, [&](const error& e) { return e.place.ends_with(path); });
    if (given(read, path) && !known) read.complain(path, wrong.detail);
  }
}

}  // namespace

void check_together(reader& read) {
  check_members(read);
  if (read.all.ingest.in_flight < read.all.ingest.max_body) {
    read.complain(given(read, "ingest.in_flight") ? "ingest.in_flight" : "ingest.max_body",
                  "in_flight is smaller than max_body; at least as large");
  }
  check_listeners(read);
  check_genesys(read);
  for (destination_options& d : read.all.destinations) check_destination(read, d);
  check_lanes_of_all(read);
  check_files(read);
  check_rules(read);
  for (std::size_t i = 0; i < read.all.tests.size(); ++i)
    check_names(read, in(member_of("tests", i), "to"), read.all.tests[i].to);
}

}  // namespace sluice::config
