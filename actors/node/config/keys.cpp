// The table put together, and the look-ups on it. A new key is one entry in *_keys.cpp and a field in
// config.hpp.
#include "actors/node/config/keys.hpp"

#include <algorithm>

#include "actors/node/config/key_makers.hpp"

namespace sluice::config {
namespace {

cursor enter_destination(config& all, const std::string& name, std::size_t) {
  auto known = std::ranges::find(all.destinations, name, &destination_options::name);
  if (known == all.destinations.end()) {
    known = all.destinations.insert(known, destination_options{});
    known->name = name;
  }
  return {.all = all, .destination = &*known};
}
cursor enter_route(config& all, const std::string&, std::size_t at) {
  if (at >= all.routes.size()) all.routes.resize(at + 1);
  return {.all = all, .route = &all.routes[at]};
}
cursor enter_test(config& all, const std::string&, std::size_t at) {
  if (at >= all.tests.size()) all.tests.resize(at + 1);
  return {.all = all, .test = &all.tests[at]};
}

}  // namespace

std::string_view to_string(destination_kind kind) {
  switch (kind) {
    case destination_kind::http:
      return "http";
    case destination_kind::file:
      return "file";
    case destination_kind::nats:
      return "nats";
    case destination_kind::discard:
      return "discard";
  }
  return "unknown";
}

std::span<const key> all_keys() {
  static const std::vector<key> keys = [] {
    std::vector<key> all = node_keys();
    for (auto part : {route_keys(), destination_keys(), http_keys(), auth_keys(), nats_keys(), split_keys(),
                      genesys_keys()})
      std::ranges::move(part, std::back_inserter(all));
    return all;
  }();
  return keys;
}

std::span<const container> all_containers() {
  static const std::vector<container> containers = {
      {"routes", true, rules_max, "Rules, tried in this order.", enter_route,
       [](const config& all) { return all.routes.size(); }},
      {"destinations", false, destinations_max, "Where events go, by name.", enter_destination,
       [](const config& all) { return all.destinations.size(); }},
      {"tests", true, tests_max, "Events and where they must go, run by `sluice check`.", enter_test,
       [](const config& all) { return all.tests.size(); }},
  };
  return containers;
}

std::span<const section> all_sections() {
  static const std::vector<section> sections = {
      {"ingest", "What is taken in."},
      {"ingest.tls", "TLS 1.2 and 1.3 on the ingestion listener."},
      {"scale", "How many of each work; auto follows the processors."},
      {"admin", "The listener for people and metrics."},
      {"checkpoint", "The log that makes everything durable."},
      {"checkpoint.dedup", "How a repeated event is recognised."},
      {"destinations.*.auth", "How the node proves who it is: one kind of the following, or none."},
      {"destinations.*.auth.basic", "A user and a password (RFC 7617)."},
      {"destinations.*.auth.api_key", "A header of the receiver's choice."},
      {"destinations.*.auth.oauth2", "A token by client credentials (RFC 6749), renewed before it ends."},
      {"destinations.*.tls",
       "A TLS destination's authority, and the certificate that it is shown; read at the start."},
      {"destinations.*.retry", "When a failed attempt is repeated."},
      {"destinations.*.backlog", "What may wait for it."},
      {"dead_letters", "Events that cannot be delivered or understood."},
      {"genesys", "The organisation whose subscription is kept up; without it the node only listens."},
      {"genesys.subscription", "What the subscription shall be."},
      {"audit", "One line for each decision."},
      {"shutdown", "How the node stops."},
      {"log", "The node's own log lines."},
      {"telemetry", "Nothing to set in this version."},
  };
  return sections;
}

std::span<const std::string> all_not_yet() {
  static const std::vector<std::string> absent = {"ingest.auth", "admin.tls", "checkpoint.dedup.also",
                                                  "audit.chain"};
  return absent;
}

const key* find_key(std::string_view path) {
  const auto keys = all_keys();
  const auto found = std::ranges::find(keys, path, &key::path);
  return found == keys.end() ? nullptr : &*found;
}

const container* find_container(std::string_view path) {
  const auto containers = all_containers();
  const auto found = std::ranges::find(containers, path, &container::path);
  return found == containers.end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
  return std::ranges::find(all_sections(), path, &section::path) != all_sections().end();
}

std::vector<std::string> children_of(std::string_view path) {
  std::vector<std::string> children;
  const auto add = [&](std::string_view known) {
    if (!path.empty()) {
      if (!known.starts_with(path) || known.size() <= path.size() || known[path.size()] != '.') return;
      known.remove_prefix(path.size() + 1);
    }
    std::string child(known.substr(0, known.find_first_of(".[")));
    if (std::ranges::find(children, child) == children.end()) children.push_back(std::move(child));
  };
  for (const section& s : all_sections()) add(s.path);
  for (const key& k : all_keys()) add(k.path);
  for (const container& c : all_containers()) add(c.path);
  return children;
}

}  // namespace sluice::config
