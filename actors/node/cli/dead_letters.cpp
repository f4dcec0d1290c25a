#include "actors/node/cli/dead_letters.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "actors/deliver/dead_letters.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/config/loader.hpp"

namespace sluice::cli {
namespace {

struct options {
  std::string config;
  std::string directory = config::checkpoint_options{}.dead_letters();
  std::string destination;
  std::uint64_t limit = 50;
  std::uint64_t position = 0;
  bool json = false;
};

std::string timestamp(std::int64_t at_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(at_ms)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(at) - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

/// `id` and `source` are JSON string contents already.
void print_json(const deliver::dead_letter& l) {
  std::cout << "{\"position\":" << l.at << ",\"destination\":" << json_text(l.destination)
            << ",\"reason\":" << json_text(l.reason) << ",\"attempts\":" << l.attempts << ",\"received\":\""
            << timestamp(l.received_ms) << "\",\"stored\":\"" << timestamp(l.stored_ms) << "\",\"id\":\""
            << l.id << "\",\"source\":\"" << l.source << "\"}\n";
}

void print_row(const deliver::dead_letter& l) {
  std::printf("%12llu  %s  %-24s %8u  %-32s %s %s\n", static_cast<unsigned long long>(l.at),
              timestamp(l.stored_ms).c_str(), l.destination.c_str(), l.attempts,
              l.reason.substr(0, 32).c_str(), l.source.c_str(), l.id.c_str());
}

int failed(const error& why) {
  std::cerr << to_string(why) << '\n';
  return exit_code::failed;
}

/// The directory that the configuration names, when there is one; the exit code when that is wrong.
int locate(options& o) {
  if (o.config.empty()) return exit_code::done;
  const auto loaded = config::load(o.config, {});
  if (loaded) {
    o.directory = loaded->checkpoint.dead_letters();
    return exit_code::done;
  }
  for (const auto& e : loaded.error()) std::cerr << to_string(e) << '\n';
  return exit_code::configuration;
}

int list(const options& o) {
  const auto files = checkpoint::make_posix_file_system();
  std::uint64_t shown = 0;
  bool more = false;
  const auto read = deliver::read_dead_letters(*files, o.directory, [&](const deliver::dead_letter& l) {
    if (!o.destination.empty() && l.destination != o.destination) return true;
    if (shown == o.limit) return more = true, false;
    if (shown++ == 0 && !o.json) {
      std::printf("%12s  %-20s  %-24s %8s  %-32s %s\n", "position", "stored", "destination", "attempts",
                  "reason", "source and id");
    }
    o.json ? print_json(l) : print_row(l);
    return true;
  });
  if (!read) return failed(read.error());
  if (more) std::cerr << "there are more; --limit shows them\n";
  if (shown == 0 && !o.json) std::cout << "no dead letters\n";
  return exit_code::done;
}

int show(const options& o) {
  const auto files = checkpoint::make_posix_file_system();
  bool found = false;
  const auto read = deliver::read_dead_letters(*files, o.directory, [&](const deliver::dead_letter& l) {
    if (l.at != o.position || (!o.destination.empty() && l.destination != o.destination)) return true;
    found = true;
    std::cout << "position     " << l.at << "\ndestination  " << l.destination << "\nreason       "
              << l.reason << "\nattempts     " << l.attempts << "\nreceived     " << timestamp(l.received_ms)
              << "\nstored       " << timestamp(l.stored_ms) << "\nsource       " << l.source
              << "\nid           " << l.id << "\n\n"
              << l.event << '\n';
    return true;
  });
  if (!read) return failed(read.error());
  if (found) return exit_code::done;
  std::cerr << "no dead letter at position " << o.position << '\n';
  return exit_code::failed;
}

}  // namespace

void add_dead_letters(CLI::App& root, int& exit) {
  auto o = std::make_shared<options>();
  auto* command = root.add_subcommand("dead-letters", "Show events that could not be delivered");
  command->require_subcommand(1);
  const auto common = [&](CLI::App* to) {
    auto* config =
        to->add_option("--config", o->config, "Configuration of the node whose dead letters are meant");
    to->add_option("--directory", o->directory, "Where they are, without a configuration")
        ->capture_default_str()
        ->excludes(config);
    to->add_option("--destination", o->destination, "Only those of this destination");
  };
  auto* listing = command->add_subcommand("list", "One line each, oldest first");
  common(listing);
  listing->add_option("--limit", o->limit, "At most so many");
  listing->add_flag("--json", o->json, "One JSON object a line");
  listing->callback([o, &exit] {
    if ((exit = locate(*o)) == exit_code::done) exit = list(*o);
  });
  auto* showing = command->add_subcommand("show", "One of them whole, with the event's bytes");
  common(showing);
  showing->add_option("position", o->position, "Position in the log, as list shows it")->required();
  showing->callback([o, &exit] {
    if ((exit = locate(*o)) == exit_code::done) exit = show(*o);
  });
}

}  // namespace sluice::cli
