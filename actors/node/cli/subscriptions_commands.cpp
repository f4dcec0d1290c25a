#include "actors/node/cli/subscriptions_commands.hpp"

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/organisation_client.hpp"
#include "actors/node/cli/show.hpp"
#include "actors/node/cli/subscriptions_show.hpp"
#include "actors/node/config/loader.hpp"
#include "actors/node/config/organisation.hpp"
#include "actors/subscription/operations.hpp"
#include "actors/subscription/specification.hpp"

namespace sluice::cli {
namespace {

using subscription::resource;
using resources = std::vector<resource>;
using client_ptr = std::unique_ptr<organisation_client>;
template <class T>
using or_exit = tl::expected<T, int>;

tl::unexpected<int> give_up(const streams& with, const error& why, int code = exit_code::failed) {
  with.err << plain(to_string(why)) << '\n';
  return tl::unexpected(code);
}

form form_of(const subscription_options& given) { return given.json ? form::json : form::table; }

/// The section that the configuration has, with what the command line says on top.
or_exit<config::genesys_options> section_of(const subscription_options& given, const streams& with) {
  const auto loaded = config::load(given.config, {});
  if (!loaded) {
    show_errors(with.err, loaded.error());
    return tl::unexpected(exit_code::configuration);
  }
  if (!loaded->genesys) {
    return give_up(
        with,
        {errc::invalid_config, "genesys: is missing; the organisation and its credentials", given.config},
        exit_code::configuration);
  }
  config::genesys_options section = *loaded->genesys;
  subscription::specification& wanted = section.subscription;
  if (given.name) wanted.name = *given.name;
  if (given.endpoint) wanted.endpoint = *given.endpoint;
  if (!given.sources.empty()) wanted.sources = given.sources;
  if (given.retention_days) wanted.retention_days = *given.retention_days;
  // The configuration's own was checked by the loader.
  const std::vector<error> wrong = subscription::check(wanted);
  for (const error& e : wrong) {
    std::string option = e.place.substr(0, e.place.find('['));
    if (option == "sources") option = "source";
    std::ranges::replace(option, '_', '-');
    with.err << "--" << option << ": " << e.detail << '\n';
  }
  if (!wrong.empty()) return tl::unexpected(exit_code::wrong_use);
  return section;
}

or_exit<client_ptr> connect(const config::genesys_options& to, const streams& with) {
  auto made = organisation_client::make(to);
  if (!made) return give_up(with, made.error(), exit_code::configuration);
  return *std::move(made);
}

error is_missing(const std::string& what) {
  return {errc::not_found, "there is no subscription " + what + "; sluice subscriptions list shows all", {}};
}

/// Those that are meant: by id at most one, by name as many as there are; none is an error.
or_exit<resources> meant(const subscription_options& given, const std::string& name, organisation_client& by,
                         const streams& with) {
  if (given.id.empty()) {
    auto named = by.run(subscription::find(by.api(), name));
    if (!named) return give_up(with, named.error().why);
    if (named->empty()) return give_up(with, is_missing("of the name " + name));
    return *std::move(named);
  }
  if (!subscription::is_id(given.id))
    return give_up(with, {errc::wrong_use, "has characters that no id has", "--id"}, exit_code::wrong_use);
  auto one = by.run(subscription::get(by.api(), given.id));
  if (!one)
    return give_up(with, one.error().status == 404 ? is_missing("of the id " + given.id) : one.error().why);
  return resources{*std::move(one)};
}

std::string ids_of(const resources& all) {
  std::string text;
  for (const resource& one : all) text.append(text.empty() ? "" : ", ").append(one.id);
  return text;
}

/// Whether it may be deleted; says why not.
or_exit<bool> consent(const subscription_options& given, const resource& one, const streams& with) {
  if (given.yes) return true;
  if (!with.terminal) {
    with.err << "nothing was deleted: nobody is there to be asked; --yes deletes without asking\n";
    return tl::unexpected(exit_code::wrong_use);
  }
  with.err << "Delete subscription " << plain(one.name) << " (" << one.id
           << ")? Its events end at once. [y/N] " << std::flush;
  std::string said;
  std::getline(with.in, said);
  if (said == "y" || said == "yes") return true;
  with.err << "nothing was deleted\n";
  return false;
}

/// What is planned, and the number of those that are not as they shall be.
or_exit<std::size_t> apply(std::vector<applied>& all, const config::genesys_options& section,
                           const streams& with) {
  auto by = connect(section, with);
  if (!by) return tl::unexpected(by.error());
  std::size_t wrong = 0;
  for (applied& one : all) {
    const subscription::specification& wanted = one.what.what;
    auto named = (*by)->run(subscription::find((*by)->api(), wanted.name));
    if (!named) return give_up(with, named.error().why);
    const bool there = !named->empty();
    if (!there) {
      auto made = (*by)->run(subscription::create((*by)->api(), wanted));
      if (!made) return give_up(with, made.error().why);
      named->push_back(*std::move(made));
    }
    const auto differences = subscription::differences(wanted, named->front());
    one.outcome = there ? "there" : "created";
    for (const std::string& text : differences)
      one.outcome += (&text == &differences.front() ? ", but " : "; ") + text;
    if (!differences.empty()) ++wrong;
  }
  return wrong;
}

}  // namespace

int create_subscription(const subscription_options& given, const streams& with) {
  const auto section = section_of(given, with);
  if (!section) return section.error();
  const subscription::specification& wanted = section->subscription;
  if (given.dry_run) {
    show_request(with.out, config::settings_of(*section).hosts.api, subscription::create_request(wanted),
                 form_of(given));
    return exit_code::done;
  }
  const auto by = connect(*section, with);
  if (!by) return by.error();
  const auto named = (*by)->run(subscription::find((*by)->api(), wanted.name));
  if (!named) return give_up(with, named.error().why).value();
  if (!named->empty()) {
    with.err << plain(wanted.name) << " exists already (" << ids_of(*named)
             << "); sluice subscriptions verify says whether it is as it shall be\n";
    return exit_code::failed;
  }
  const auto made = (*by)->run(subscription::create((*by)->api(), wanted));
  if (!made) return give_up(with, made.error().why).value();
  show_whole(with.out, *made, form_of(given));
  const auto differences = subscription::differences(wanted, *made);
  for (const std::string& text : differences) with.err << "created, but " << plain(text) << '\n';
  return differences.empty() ? exit_code::done : exit_code::failed;
}

int list_subscriptions(const subscription_options& given, const streams& with) {
  const auto section = section_of(given, with);
  if (!section) return section.error();
  const auto by = connect(*section, with);
  if (!by) return by.error();
  auto all = (*by)->run(subscription::list((*by)->api()));
  if (!all) return give_up(with, all.error().why).value();
  std::ranges::sort(*all, {}, [](const resource& one) { return std::pair(one.name, one.id); });
  show_list(with.out, *all, form_of(given));
  return exit_code::done;
}

int show_subscription(const subscription_options& given, const streams& with) {
  const auto section = section_of(given, with);
  if (!section) return section.error();
  const auto by = connect(*section, with);
  if (!by) return by.error();
  const auto found = meant(given, section->subscription.name, **by, with);
  if (!found) return found.error();
  for (const resource& one : *found) {
    if (&one != &found->front() && !given.json) with.out << '\n';
    show_whole(with.out, one, form_of(given));
  }
  return exit_code::done;
}

int verify_subscription(const subscription_options& given, const streams& with) {
  const auto section = section_of(given, with);
  if (!section) return section.error();
  const auto by = connect(*section, with);
  if (!by) return by.error();
  const subscription::specification& wanted = section->subscription;
  const auto named = (*by)->run(subscription::find((*by)->api(), wanted.name));
  if (!named) return give_up(with, named.error().why).value();
  std::vector<std::string> wrong;
  if (named->empty()) {
    wrong.push_back("there is no subscription of the name " + wanted.name);
  } else {
    wrong = subscription::differences(wanted, named->front());
  }
  if (named->size() > 1)
    wrong.push_back(std::to_string(named->size()) +
                    " subscriptions have this name, each gets every event: " + ids_of(*named));
  show_verdict(with.out, wanted.name, named->empty() ? "" : named->front().id, wrong, form_of(given));
  return wrong.empty() ? exit_code::done : exit_code::failed;
}

int delete_subscription(const subscription_options& given, const streams& with) {
  const auto section = section_of(given, with);
  if (!section) return section.error();
  const auto by = connect(*section, with);
  if (!by) return by.error();
  const auto found = meant(given, section->subscription.name, **by, with);
  if (!found) return found.error();
  const resource& one = found->front();
  if (found->size() > 1) {
    with.err << found->size() << " subscriptions are named " << plain(one.name) << ": " << ids_of(*found)
             << "; --id says which is meant\n";
    return exit_code::wrong_use;
  }
  if (given.dry_run) {
    show_request(with.out, config::settings_of(*section).hosts.api, subscription::remove_request(one.id),
                 form_of(given));
    return exit_code::done;
  }
  const auto may = consent(given, one, with);
  if (!may) return may.error();
  if (!*may) return exit_code::failed;
  const auto gone = (*by)->run(subscription::remove((*by)->api(), one.id));
  if (!gone) return give_up(with, gone.error().why).value();
  with.out << plain(one.name) << " (" << one.id
           << ") is deleted; a node that has it in its configuration makes it again\n";
  return exit_code::done;
}

int plan_subscriptions(const subscription_options& given, const streams& with) {
  std::optional<config::genesys_options> section;
  subscription::plan_options what{given.rate, {}, {}};
  if (!given.config.empty()) {
    auto found = section_of(given, with);
    if (!found) return found.error();
    section = *std::move(found);
    what.base = section->subscription;
  } else {
    what.base.name = given.name.value_or("subscription");
  }
  for (const std::string& text : given.rates) {
    auto one = subscription::parse_source_rate(text);
    if (!one) return give_up(with, one.error(), exit_code::wrong_use).value();
    what.sources.push_back(*std::move(one));
  }
  if (given.rates.empty())
    for (const std::string& source : what.base.sources) what.sources.push_back({source});
  auto made = subscription::plan(what);
  if (!made) {
    for (const error& e : made.error()) with.err << "--" << plain(to_string(e)) << '\n';
    return exit_code::wrong_use;
  }
  std::vector<applied> all;
  for (subscription::planned& one : *made) all.push_back({std::move(one), {}});
  if (given.apply && given.dry_run) {
    for (const applied& one : all) {
      if (&one != &all.front()) with.out << '\n';
      show_request(with.out, config::settings_of(*section).hosts.api,
                   subscription::create_request(one.what.what), form_of(given));
    }
    return exit_code::done;
  }
  std::size_t wrong = 0;
  if (given.apply) {
    const auto done = apply(all, *section, with);
    if (!done) return done.error();
    wrong = *done;
  }
  show_plan(with.out, given.rate, all, form_of(given));
  return wrong == 0 ? exit_code::done : exit_code::failed;
}

}  // namespace sluice::cli
