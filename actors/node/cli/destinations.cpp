#include "actors/node/cli/destinations.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "actors/node/cli/confirm.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/node_client.hpp"
#include "actors/node/cli/show.hpp"

namespace sluice::cli {
namespace {

constexpr std::string_view path = "/api/v1/destinations";

struct options {
  node_address node;
  std::string name;
  bool json = false, yes = false;
};

int failed(const error& why) {
  if (why.code == errc::invalid_config) return exit_code::configuration;  // it was shown
  std::cerr << to_string(why) << '\n';
  return why.code == errc::wrong_use ? exit_code::wrong_use : exit_code::failed;
}

std::string age_of(const nlohmann::json& backlog) {
  const auto& seconds = backlog.at("oldest_seconds");
  if (!seconds.is_number()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.0f s", seconds.get<double>());
  return text;
}

std::string state_of(const nlohmann::json& row) {
  const bool open = row.at("circuit_open").get<std::size_t>() > 0;
  const auto state = row.at("state").get<std::string>();
  return state == "running" && open ? "circuit open" : state;
}

void print_row(const nlohmann::json& row) {
  const auto& backlog = row.at("backlog");
  std::printf("%-32s %-8s %-12s %12llu %10s %10s\n", row.at("name").get<std::string>().c_str(),
              row.at("kind").is_string() ? row.at("kind").get<std::string>().c_str() : "-",
              state_of(row).c_str(),
              static_cast<unsigned long long>(backlog.at("events").get<std::uint64_t>()),
              age_of(backlog).c_str(), about_bytes(backlog.at("pinned_bytes").get<std::uint64_t>()).c_str());
}

int order(const options& given, const char* what, const char* said_done) {
  const auto node = node_client::make(given.node, std::cerr);
  if (!node) return failed(node.error());
  const auto said = (*node)->post(std::string(path) + '/' + path_segment(given.name) + '/' + what);
  if (!said) return failed(said.error());
  std::cout << given.name << ' ' << said_done << '\n';
  return exit_code::done;
}

int discard(const options& given) {
  const auto node = node_client::make(given.node, std::cerr);
  if (!node) return failed(node.error());
  if (!given.yes && !confirms_discard("Give up for good what waits for " + given.name))
    return exit_code::failed;
  const auto said = (*node)->post(std::string(path) + '/' + path_segment(given.name) + "/discard");
  if (!said) return failed(said.error());
  const auto document = nlohmann::json::parse(*said, nullptr, false);
  const bool counted = document.is_object() && document.contains("discarding");
  std::cout << "discarding " << (counted ? document["discarding"].dump() : "the") << " events of "
            << given.name << '\n';
  return exit_code::done;
}

int list(const options& given) {
  const auto node = node_client::make(given.node, std::cerr);
  if (!node) return failed(node.error());
  const auto said = (*node)->get(path);
  if (!said) return failed(said.error());
  if (given.json) {
    std::cout << *said << '\n';
    return exit_code::done;
  }
  try {
    const auto document = nlohmann::json::parse(*said);
    std::printf("%-32s %-8s %-12s %12s %10s %10s\n", "name", "kind", "state", "backlog", "oldest", "log");
    for (const auto& row : document.at("destinations")) print_row(row);
  } catch (const nlohmann::json::exception&) {
    std::cerr << "the answer is not that of a node: " << said->substr(0, 200) << '\n';
    return exit_code::failed;
  }
  return exit_code::done;
}

}  // namespace

void add_destinations(CLI::App& root, int& exit) {
  const auto given = std::make_shared<options>();
  auto* const all = root.add_subcommand("destinations", "The destinations of a running node");
  all->require_subcommand(1);
  all->footer(
      "The token of an admin listener that needs one is taken from SLUICE_ADMIN_TOKEN, else from --config.\n"
      "Exit codes: 0 done, 1 failed or refused, 2 wrong use, 78 the configuration is wrong.\n"
      "Example: sluice destinations list --config node.yaml");

  auto* const listing = all->add_subcommand("list", "One line each: its state and what waits for it");
  add_node_address(*listing, given->node);
  listing->add_flag("--json", given->json, "As the node says it");
  listing->callback([given, &exit] { exit = list(*given); });

  auto* const pausing = all->add_subcommand(
      "pause",
      "Begin no further attempt there, also after a restart; what comes for it waits, within its backlog");
  add_node_address(*pausing, given->node);
  pausing->add_option("NAME", given->name, "Of the destination")->required();
  pausing->callback([given, &exit] { exit = order(*given, "pause", "is paused"); });

  auto* const resuming = all->add_subcommand("resume", "Go on after a pause, with what waited first");
  add_node_address(*resuming, given->node);
  resuming->add_option("NAME", given->name, "Of the destination")->required();
  resuming->callback([given, &exit] { exit = order(*given, "resume", "goes on"); });

  auto* const discarding = all->add_subcommand(
      "discard", "Give up for good what waits there now, also of one that is not configured any more");
  add_node_address(*discarding, given->node);
  discarding->add_option("NAME", given->name, "Of the destination")->required();
  discarding->add_flag("--yes", given->yes, "Without asking");
  discarding->callback([given, &exit] { exit = discard(*given); });
}

}  // namespace sluice::cli
