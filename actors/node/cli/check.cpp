// Prints the summary only when it is true: after the tests have passed.
#include "actors/node/cli/check.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/offline_routing.hpp"
#include "actors/node/cli/show.hpp"
#include "actors/node/config/loader.hpp"
#include "actors/node/config/organisation.hpp"
#include "actors/node/config/scale.hpp"

namespace sluice::cli {

int check(const std::string& file, std::span<const std::string> overrides, std::uint32_t processors,
          std::ostream& out, std::ostream& err) {
  const auto loaded = config::load(file, overrides);
  if (!loaded) {
    show_errors(err, loaded.error());
    return exit_code::configuration;
  }
  const auto failures = run_tests(*loaded);
  if (!failures.empty()) {
    show_errors(err, failures);
    return exit_code::configuration;
  }
  out << file << " is good\n";
  show_config(out, *loaded, processors);
  out << loaded->tests.size() << " tests passed\n";
  return exit_code::done;
}

void add_check(CLI::App& root, int& exit) {
  struct options {
    std::string file;
    std::vector<std::string> overrides;
    bool keys = false;
  };
  const auto given = std::make_shared<options>();
  CLI::App* command = root.add_subcommand("check", "Check a configuration without starting the node");
  command->footer(
      "Prints every error as FILE:LINE:COLUMN: KEY: what is wrong; what is allowed, all of them at once,\n"
      "or else addresses, rules, destinations and the most memory and disk that the node can take,\n"
      "and runs the file's own `tests`.\n\n"
      "Exit codes: 0 good, 2 wrong use, 78 the configuration or one of its tests is wrong.\n"
      "Example: sluice check deploy/config/local.yaml --set ingest.max_events=1000");
  auto* file = command->add_option("FILE", given->file, "Configuration (YAML)");
  command
      ->add_option("--set", given->overrides,
                   "KEY=VALUE, wins over the file, may be repeated: destinations.NAME.rate=10")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  auto* keys = command->add_flag("--keys", given->keys,
                                 "Print every key with what it allows and its default as Markdown, and end");
  file->excludes(keys);
  command->callback([given, &exit, file] {
    if (given->keys) {
      std::cout << config::reference();
      exit = exit_code::done;
      return;
    }
    if (file->count() == 0) throw CLI::RequiredError("FILE");
    exit = check(given->file, given->overrides, config::usable_processors(), std::cout, std::cerr);
  });
}

}  // namespace sluice::cli
