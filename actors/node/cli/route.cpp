// One block of lines for each event; event texts are quoted, so that they cannot pose as lines of ours.
#include "actors/node/cli/route.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <vector>

#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/offline_routing.hpp"
#include "actors/node/cli/show.hpp"
#include "actors/node/config/loader.hpp"
#include "actors/node/config/quoted.hpp"

namespace sluice::cli {
namespace {

result<std::string> read_events(const std::string& event_file, std::istream& standard_input,
                                std::uint64_t max_bytes) {
  errno = 0;
  std::ifstream opened;
  if (event_file != "-") opened.open(event_file, std::ios::binary);
  std::istream& in = event_file == "-" ? standard_input : opened;
  std::string text;
  if (in) {
    text.resize(max_bytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad() || (in.fail() && !in.eof())) {
    return fail(errc::io, std::string("cannot be read: ").append(std::strerror(errno)), event_file, errno);
  }
  if (text.size() > max_bytes) return fail(errc::too_large, "is larger than ingest.max_body", event_file);
  return text;
}

void show_rule(std::ostream& out, const config::config& of, const route::explanation& why, std::size_t at) {
  const std::string rule = std::string("routes[").append(std::to_string(at)).append("]");
  const route::rule_outcome& outcome = why.rules[at];
  out << "  " << rule;
  switch (outcome.what) {
    case route::rule_outcome::kind::matched:
      if (at == why.rule || of.match == route::match_mode::all) {
        out << " met\n";
      } else {
        out << " would be met, but routes[" << why.rule << "] comes first\n";
      }
      return;
    case route::rule_outcome::kind::pattern:
      out << " missed: the source does not match " << shown(of, rule + ".source", of.routes[at].source)
          << '\n';
      return;
    case route::rule_outcome::kind::missing:
      out << " missed: metadata has no " << config::quoted(outcome.key);
      break;
    case route::rule_outcome::kind::differs:
      out << " missed: metadata " << config::quoted(outcome.key) << " is " << config::quoted(outcome.found);
      break;
  }
  out << ", the rule wants " << shown(of, rule + ".metadata." + outcome.key, outcome.wanted) << '\n';
}

void show_event(std::ostream& out, const config::config& of, const routed_event& event, std::size_t at) {
  out << "events[" << at << "]";
  if (event.why != quarantine::none) {
    out << " is quarantined: " << to_string(event.why) << '\n';
    return;
  }
  out << " id " << config::quoted(event.id) << ", source " << config::quoted(event.source) << '\n';
  for (std::size_t i = 0; i < event.decision.rules.size(); ++i) show_rule(out, of, event.decision, i);
  if (event.to.empty()) {
    out << "  dropped: no rule is met\n";
  } else {
    out << "  goes to " << list_of_names(event.to) << '\n';
  }
}

}  // namespace

int route_events(const std::string& file, std::span<const std::string> overrides,
                 const std::string& event_file, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto loaded = config::load(file, overrides);
  if (!loaded) {
    show_errors(err, loaded.error());
    return exit_code::configuration;
  }
  const auto text = read_events(event_file, in, loaded->ingest.max_body);
  if (!text) {
    show_errors(err, {&text.error(), 1});
    return exit_code::failed;
  }
  const auto routed = offline_routing(*loaded).route(*text);
  if (!routed) {
    err << event_file << ": " << to_string(routed.error()) << '\n';
    return exit_code::failed;
  }
  if (routed->empty()) out << "no events\n";
  for (std::size_t i = 0; i < routed->size(); ++i) show_event(out, *loaded, (*routed)[i], i);
  return exit_code::done;
}

void add_route(CLI::App& root, int& exit) {
  struct options {
    std::string file, events;
    std::vector<std::string> overrides;
  };
  const auto given = std::make_shared<options>();
  CLI::App* command = root.add_subcommand("route", "Show where events would go, and why");
  command->footer(
      "Says of each event which rules it meets, which it misses and why, and where it goes;\n"
      "of an invalid event, why it is quarantined. Nothing is sent or kept.\n\n"
      "Exit codes: 0 done, 1 the events cannot be read or are no JSON, 2 wrong use, 78 configuration.\n"
      "Example: sluice route deploy/config/local.yaml event.json");
  command->add_option("FILE", given->file, "Configuration (YAML)")->required();
  command
      ->add_option("EVENTS", given->events, "JSON file with a batch or with one event; - is standard input")
      ->required();
  command->add_option("--set", given->overrides, "KEY=VALUE, wins over the file, may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->callback([given, &exit] {
    exit = route_events(given->file, given->overrides, given->events, std::cin, std::cout, std::cerr);
  });
}

}  // namespace sluice::cli
