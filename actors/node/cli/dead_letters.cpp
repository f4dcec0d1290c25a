#include "actors/node/cli/dead_letters.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "actors/decode/rfc3339.hpp"
#include "actors/deliver/dead_letters.hpp"
#include "actors/node/cli/confirm.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/node_client.hpp"
#include "actors/node/config/loader.hpp"
#include "messages/rfc3339_text.hpp"

namespace sluice::cli {
namespace {

using net::http::method;

struct options {
  std::string config;
  std::string directory = config::checkpoint_options{}.dead_letters();
  node_address node;
  std::string destination, source, id, reason, since, until;
  std::uint64_t limit = 50;
  std::vector<std::string> keys;
  bool json = false, yes = false;
};

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// Whole seconds are enough for people.
std::string timestamp(std::int64_t at_ms) { return rfc3339_text(at_ms).substr(0, 19) + "Z"; }

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
  std::cout << "{\"key\":" << json_text(deliver::to_string(l.key())) << ",\"position\":" << l.at
            << ",\"destination\":" << json_text(l.destination) << ",\"reason\":" << json_text(l.reason)
            << ",\"attempts\":" << l.attempts << ",\"received\":\"" << timestamp(l.received_ms)
            << "\",\"stored\":\"" << timestamp(l.stored_ms) << "\",\"id\":\"" << l.id << "\",\"source\":\""
            << l.source << "\"}\n";
}

void print_row(const deliver::dead_letter& l) {
  std::printf("%-32s  %s %8u  %-32s %s %s\n", deliver::to_string(l.key()).c_str(),
              timestamp(l.stored_ms).c_str(), l.attempts, l.reason.substr(0, 32).c_str(), l.source.c_str(),
              l.id.c_str());
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

int wrong(const std::string& what) {
  std::cerr << what << '\n';
  return exit_code::wrong_use;
}

/// Sets the filter; what is wrong, or nothing.
std::string filter_of(const options& o, deliver::letter_filter& into) {
  into.destination = o.destination;
  into.source = o.source;
  into.id = o.id;
  into.reason = o.reason;
  for (const auto& [name, text, at] :
       {std::tuple("--since", &o.since, &into.since_ms), std::tuple("--until", &o.until, &into.until_ms)}) {
    if (text->empty()) continue;
    const auto read = decode::parse_rfc3339(*text);
    if (!read) return std::string(name) + ": is no time as 2026-01-31T12:00:00Z";
    *at = *read;
  }
  return {};
}

int list(const options& o) {
  deliver::letter_filter which;
  if (const auto why = filter_of(o, which); !why.empty()) return wrong(why);
  const auto files = checkpoint::make_posix_file_system();
  std::uint64_t shown = 0;
  bool more = false;
  const auto read = deliver::read_dead_letters(*files, o.directory, [&](const deliver::dead_letter& l) {
    if (!which.matches(l)) return true;
    if (shown == o.limit) return more = true, false;
    if (shown++ == 0 && !o.json) {
      std::printf("%-32s  %-20s %8s  %-32s %s\n", "key", "stored", "attempts", "reason", "source and id");
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
  const auto key = deliver::parse_letter_key(o.keys.front());
  if (!key) return wrong("`" + o.keys.front() + "` is no key of a dead letter, as `list` shows them");
  const auto files = checkpoint::make_posix_file_system();
  bool found = false;
  const auto read = deliver::read_dead_letters(*files, o.directory, [&](const deliver::dead_letter& l) {
    if (l.key() != *key) return true;
    found = true;
    std::cout << "position     " << l.at << "\ndestination  " << l.destination << "\nreason       "
              << l.reason << "\nattempts     " << l.attempts << "\nreceived     " << timestamp(l.received_ms)
              << "\nstored       " << timestamp(l.stored_ms) << "\nsource       " << l.source
              << "\nid           " << l.id << "\n\n"
              << l.event << '\n';
    return false;
  });
  if (!read) return failed(read.error());
  if (found) return exit_code::done;
  std::cerr << "no dead letter has the key " << o.keys.front() << '\n';
  return exit_code::failed;
}

/// What a node is told to do with letters, in the three forms in which it is spoken of.
struct letter_order {
  const char* path;
  const char* done;  ///< also the member of the answer that counts
  bool asks_first;
};
constexpr letter_order discarding{"/api/v1/dead-letters/discard", "discarded", true};
constexpr letter_order redriving{"/api/v1/dead-letters/redrive", "redriven", false};

/// Keys of one request, so that its head stays within what a server takes.
constexpr std::size_t keys_at_once = 100;

/// The queries that together choose what was asked for.
std::vector<std::string> queries_of(const options& o) {
  std::string filters;
  for (const auto& [name, value] :
       {std::pair("destination", &o.destination), std::pair("source", &o.source), std::pair("id", &o.id),
        std::pair("reason", &o.reason), std::pair("since", &o.since), std::pair("until", &o.until)}) {
    if (!value->empty()) filters.append("&").append(name).append("=").append(path_segment(*value));
  }
  if (o.keys.empty()) return {"?limit=1000" + filters};
  std::map<std::string, std::vector<std::string>> by_destination;
  for (const std::string& key : o.keys) by_destination[key.substr(0, key.rfind(':'))].push_back(key);
  std::vector<std::string> all;
  for (const auto& [destination, keys] : by_destination) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i % keys_at_once == 0) all.push_back("?limit=1000");
      all.back().append("&key=").append(path_segment(keys[i]));
    }
  }
  return all;
}

/// A page of the node's answers, or what is wrong with it.
struct answer {
  std::uint64_t letters = 0;
  std::string next;
};
result<answer> call(node_client& node, method verb, const std::string& target, const char* counted) {
  const auto said = verb == method::get ? node.get(target) : node.post(target);
  if (!said) return fail(said.error());
  const auto document = nlohmann::json::parse(*said, nullptr, false);
  const auto& count = document.is_object() ? document.value(counted, nlohmann::json()) : nlohmann::json();
  if (!count.is_number_unsigned() && !count.is_array())
    return fail(errc::bad_request, "the answer is not that of a node: " + said->substr(0, 200));
  answer made{count.is_array() ? count.size() : count.get<std::uint64_t>(), {}};
  const auto& next = document.value("next", nlohmann::json());
  if (next.is_string()) made.next = next.get<std::string>();
  return made;
}

/// Call after call, each of a bounded number, until the node knows of no further ones.
result<void> each_page(node_client& node, method verb, const std::string& target, const char* counted,
                       const std::function<void(std::uint64_t)>& got) {
  std::string after;
  do {
    const auto said =
        call(node, verb, target + (after.empty() ? "" : "&after=" + path_segment(after)), counted);
    if (!said) return fail(said.error());
    after = said->next;
    got(said->letters);
  } while (!after.empty());
  return {};
}

/// How many of `all` are done, as a bar, for people who wait at a terminal.
void show_progress(std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t width = 40;
  const std::uint64_t filled = all == 0 ? width : std::min(width, done * width / all);
  std::cerr << "\r[" << std::string(filled, '#') << std::string(width - filled, ' ') << "] " << done << " of "
            << std::max(done, all) << std::flush;
}

int carry_out(const letter_order& what, options o) {
  deliver::letter_filter filter;
  if (const auto why = filter_of(o, filter); !why.empty()) return wrong(why);
  for (const auto& key : o.keys)
    if (!deliver::parse_letter_key(key))
      return wrong("`" + key + "` is no key of a dead letter, as `list` shows them");
  if (o.keys.empty() && o.destination.empty()) return wrong("say which: keys, or --destination with filters");
  const auto node = node_client::make(o.node, std::cerr);
  if (!node)
    return node.error().code == errc::invalid_config ? exit_code::configuration : failed(node.error());
  const std::string question =
      "Give up for good " + (o.keys.empty()
                                 ? "the dead letters of " + o.destination + " that these filters choose"
                                 : std::to_string(o.keys.size()) + " dead letters");
  if (what.asks_first && !o.yes && !confirms_discard(question)) return exit_code::failed;
  // What becomes a letter again meanwhile is another one, and stays.
  if (o.keys.empty() && o.until.empty()) o.until = rfc3339_text(wall_ms());
  const auto queries = queries_of(o);
  std::uint64_t done = 0, all = o.keys.size();
  const bool shows = ::isatty(STDERR_FILENO) != 0;
  if (shows && o.keys.empty()) {
    const auto counted = each_page(**node, method::get, "/api/v1/dead-letters" + queries.front(), "letters",
                                   [&](std::uint64_t letters) { all += letters; });
    if (!counted) return failed(counted.error());
  }
  for (const auto& query : queries) {
    const auto ended =
        each_page(**node, method::post, what.path + query, what.done, [&](std::uint64_t letters) {
          done += letters;
          if (shows) show_progress(done, all);
        });
    if (ended) continue;
    if (shows && done > 0) std::cerr << '\n';
    if (done > 0) std::cerr << done << " were " << what.done << ", then: ";
    return failed(ended.error());
  }
  if (shows) std::cerr << '\n';
  std::cout << done << " dead letters " << what.done << '\n';
  return exit_code::done;
}

void add_filters(CLI::App& to, options& o) {
  to.add_option("--destination", o.destination, "Only those of this destination");
  to.add_option("--source", o.source, "Only those of this source");
  to.add_option("--id", o.id, "Only those of this event id");
  to.add_option("--reason", o.reason, "Only those whose reason has this text in it");
  to.add_option("--since", o.since, "Only those given up at or after this time (RFC 3339)");
  to.add_option("--until", o.until, "Only those given up before this time (RFC 3339)");
}

}  // namespace

void add_dead_letters(CLI::App& root, int& exit) {
  auto o = std::make_shared<options>();
  auto* command = root.add_subcommand("dead-letters", "Events that could not be delivered, or were none");
  command->require_subcommand(1);
  const auto common = [&](CLI::App* to) {
    auto* config =
        to->add_option("--config", o->config, "Configuration of the node whose dead letters are meant");
    to->add_option("--directory", o->directory, "Where they are, without a configuration")
        ->capture_default_str()
        ->excludes(config);
  };
  auto* listing = command->add_subcommand("list", "One line each, oldest first");
  common(listing);
  add_filters(*listing, *o);
  listing->add_option("--limit", o->limit, "At most so many");
  listing->add_flag("--json", o->json, "One JSON object a line");
  listing->callback([o, &exit] {
    if ((exit = locate(*o)) == exit_code::done) exit = list(*o);
  });
  auto* showing = command->add_subcommand("show", "One of them whole, with the event's bytes");
  common(showing);
  showing->add_option("KEY", o->keys, "As list shows it")->required()->expected(1);
  showing->callback([o, &exit] {
    if ((exit = locate(*o)) == exit_code::done) exit = show(*o);
  });
  const auto ordering = [&](const letter_order& what, const char* name, const char* help) {
    auto* made = command->add_subcommand(name, help);
    add_node_address(*made, o->node);
    add_filters(*made, *o);
    made->add_option("KEY", o->keys, "As list shows them, instead of filters");
    if (what.asks_first) made->add_flag("--yes", o->yes, "Without asking");
    made->callback([o, &exit, &what] { exit = carry_out(what, *o); });
  };
  ordering(redriving, "redrive", "Send some to their destination once more, at a running node");
  ordering(discarding, "discard", "Give some up for good, at a running node");
}

}  // namespace sluice::cli
