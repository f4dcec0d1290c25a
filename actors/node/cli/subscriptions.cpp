#include "actors/node/cli/subscriptions.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "actors/node/cli/subscriptions_commands.hpp"

namespace sluice::cli {
namespace {

using command = int (*)(const subscription_options&, const streams&);

void run_on(CLI::App* what, const std::shared_ptr<subscription_options>& given, int& exit, command does) {
  what->callback([given, &exit, does] {
    exit = does(*given, {std::cin, std::cout, std::cerr, ::isatty(STDIN_FILENO) == 1});
  });
}

CLI::Option* add_config(CLI::App* to, subscription_options& given) {
  return to
      ->add_option("--config", given.config,
                   "The node's configuration, whose section genesys says where and who")
      ->type_name("FILE");
}

void add_wanted(CLI::App* to, subscription_options& given) {
  to->add_option("--name", given.name, "Instead of genesys.subscription.name");
  to->add_option("--endpoint", given.endpoint,
                 "Where events are pushed, instead of genesys.subscription.endpoint")
      ->type_name("URL");
  to->add_option("--retention-days", given.retention_days, "Instead of genesys.subscription.retention_days");
}

void add_sources(CLI::App* to, subscription_options& given) {
  to->add_option("--source", given.sources,
                 "A kind of events, instead of genesys.subscription.sources; may be repeated")
      ->allow_extra_args(false);
}

void add_which(CLI::App* to, subscription_options& given) {
  auto* const id = to->add_option("--id", given.id, "Of the one that is meant");
  to->add_option("NAME", given.name, "Of the one that is meant; without it genesys.subscription.name")
      ->excludes(id);
}

void add_plan(CLI::App* to, subscription_options& given) {
  auto* const config = add_config(to, given);
  to->add_option("--rate", given.rate, "Events a second of all sources together")->required();
  to->add_option(
        "--sources", given.rates,
        "SOURCE or SOURCE=RATE, with commas between; those without a rate share the rest equally. Without "
        "it: genesys.subscription.sources")
      ->delimiter(',')
      ->type_name("LIST");
  add_wanted(to, given);
  auto* const apply =
      to->add_flag("--apply", given.apply, "Create what is missing; needs --config")->needs(config);
  to->add_flag("--dry-run", given.dry_run, "Print the requests that --apply would send, and end")
      ->needs(apply);
}

}  // namespace

void add_subscriptions(CLI::App& root, int& exit) {
  const auto given = std::make_shared<subscription_options>();
  auto* const all =
      root.add_subcommand("subscriptions", "Create, check and plan subscriptions at Genesys Cloud");
  all->require_subcommand(1);
  all->footer(
      "Exit codes: 0 done, 1 failed or something differs, 2 wrong use, 78 the configuration is wrong.\n"
      "Example: sluice subscriptions verify --config node.yaml\n"
      "Example: sluice subscriptions plan --rate 4500 --sources transcripts=900,presence,audits");

  auto* const create = all->add_subcommand("create", "Create the subscription of the configuration");
  add_config(create, *given)->required();
  add_wanted(create, *given);
  add_sources(create, *given);
  create->add_flag("--dry-run", given->dry_run, "Print the request and send nothing");
  run_on(create, given, exit, create_subscription);

  auto* const list = all->add_subcommand("list", "All subscriptions of the organisation");
  add_config(list, *given)->required();
  run_on(list, given, exit, list_subscriptions);

  auto* const show = all->add_subcommand("show", "One of them whole");
  add_config(show, *given)->required();
  add_which(show, *given);
  run_on(show, given, exit, show_subscription);

  auto* const verify =
      all->add_subcommand("verify", "Whether it is there, active and as the configuration says");
  add_config(verify, *given)->required();
  add_wanted(verify, *given);
  add_sources(verify, *given);
  run_on(verify, given, exit, verify_subscription);

  auto* const remove =
      all->add_subcommand("delete", "Delete one; a node that has it configured makes it again");
  add_config(remove, *given)->required();
  add_which(remove, *given);
  remove->add_flag("--yes", given->yes, "Without asking");
  remove->add_flag("--dry-run", given->dry_run, "Look for it, print the request, delete nothing");
  run_on(remove, given, exit, delete_subscription);

  auto* const plan = all->add_subcommand("plan", "Split what is more than 1000 events/s over several");
  add_plan(plan, *given);
  run_on(plan, given, exit, plan_subscriptions);

  for (CLI::App* const one : {create, list, show, verify, plan})
    one->add_flag("--json", given->json, "For programs");
}

}  // namespace sluice::cli
