// Parses the command line, hands over to the subcommand, returns its exit code.
#include <CLI/CLI.hpp>
#include <iostream>

#include "actors/node/cli/bench.hpp"
#include "actors/node/cli/check.hpp"
#include "actors/node/cli/dead_letters.hpp"
#include "actors/node/cli/destinations.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/log.hpp"
#include "actors/node/cli/route.hpp"
#include "actors/node/cli/run.hpp"
#include "actors/node/cli/sandbox.hpp"
#include "actors/node/cli/subscriptions.hpp"
#include "actors/node/version.hpp"

int main(int argc, char** argv) {
  CLI::App root("sluice: takes event batches over HTTP, makes them durable, routes and delivers them.",
                "sluice");
  root.set_version_flag("--version", std::string("sluice ") + sluice::node::version);
  root.require_subcommand(1);
  int exit = sluice::cli::exit_code::done;
  sluice::cli::add_run(root, exit);
  sluice::cli::add_check(root, exit);
  sluice::cli::add_route(root, exit);
  sluice::cli::add_log(root, exit);
  sluice::cli::add_dead_letters(root, exit);
  sluice::cli::add_destinations(root, exit);
  sluice::cli::add_bench(root, exit);
  sluice::cli::add_sandbox(root, exit);
  sluice::cli::add_subscriptions(root, exit);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // --help and --version come this way too, with success.
    return root.exit(e) == 0 ? sluice::cli::exit_code::done : sluice::cli::exit_code::wrong_use;
  }
  return exit;
}
