#include "actors/node/cli/sandbox.hpp"

#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/sandbox_texts.hpp"
#include "actors/node/config/units.hpp"
#include "actors/sandbox/sandbox.hpp"

namespace sluice::cli {
namespace {

constexpr const char* demo_client = "sandbox-client:sandbox-secret";
constexpr double rate_max = sandbox::steering::rate_max;
constexpr std::size_t batch_max = 10'000;
constexpr std::size_t connections_max = 256;
constexpr std::size_t connections_usual = 16;  ///< in the shape eventbridge: one event a request needs many

struct options {
  std::string listen = "127.0.0.1:9000";
  std::vector<std::string> clients{demo_client};
  std::uint64_t token_lifetime = 86'400;
  std::optional<std::uint64_t> seed;
  std::string shape = "envelope";
  std::optional<std::size_t> connections;
  std::string burst;
  std::vector<std::string> receivers;
  std::string tls_directory;
  std::string scenario;
  std::uint64_t seconds = 0;
  std::uint64_t events = 0;
  sandbox::sandbox_options run;
};

int complain(const error& e, int code) {
  std::cerr << "sluice sandbox: " << to_string(e) << '\n';
  return code;
}

/// What is played: the file's scenario, or the one that --seconds or --events stand for.
result<void> choose_story(options& given) {
  if (given.events > 0) given.run.events = given.events;
  if (given.seconds > 0) given.run.story = sandbox::for_a_time(std::chrono::seconds(given.seconds));
  if (given.seconds == 0 && given.events > 0) given.run.story = sandbox::for_all_events();
  if (given.scenario.empty()) return {};
  std::ifstream file(given.scenario);
  if (!file) return fail(errc::io, "cannot be read", given.scenario);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto story = sandbox::parse_scenario(text, given.run.receivers.size());
  if (!story) return fail(errc::wrong_use, to_string(story.error()), given.scenario);
  given.run.story = std::move(*story);
  return {};
}

result<void> complete(options& given) {
  const auto at = config::parse_endpoint(given.listen);
  if (!at) return fail(errc::wrong_use, at.error() + "; ADDRESS:PORT, as 127.0.0.1:9000", "--listen");
  given.run.address = at->address;
  given.run.port = at->port;
  for (const auto& text : given.clients) {
    auto who = parse_client(text);
    if (!who) return fail(who.error());
    given.run.clients.push_back(std::move(*who));
  }
  for (const auto& text : given.receivers) {
    auto made = parse_receiver(text);
    if (!made) return fail(made.error());
    given.run.receivers.push_back(*made);
  }
  if (!given.burst.empty()) {
    const auto made = parse_burst(given.burst);
    if (!made) return fail(made.error());
    given.run.speed.burst_factor = made->factor;
    given.run.speed.burst_every = made->every;
  }
  const bool one_a_request = given.shape == "eventbridge";
  given.run.feed.batches.how = one_a_request ? sandbox::shape::eventbridge : sandbox::shape::envelope;
  given.run.feed.connections = given.connections.value_or(one_a_request ? connections_usual : 1);
  if (one_a_request) given.run.feed.batches.events = 1;
  given.run.token_lifetime = std::chrono::seconds(given.token_lifetime);
  given.run.seed = given.seed.value_or(std::random_device{}());
  given.run.said = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  return choose_story(given);
}

/// The address for programs, then what a person puts into the node's configuration.
void introduce(const options& given, const sandbox::sandbox& there) {
  const auto& who = given.run.clients.front();
  const std::string url = there.url();
  std::cout << "listening on " << url << '\n';
  for (const auto port : there.receiver_ports())
    std::cout << "receiver on http://127.0.0.1:" << port << "/\n";
  std::cout << "seed " << given.run.seed
            << "\n\nFor the node's configuration:\n\ngenesys:\n  base_url: " << url
            << "\n  login_url: " << url << '\n';
  if (given.run.tls) std::cout << "  ca: " << given.run.tls->authority << '\n';
  std::cout << "  client_id: " << who.id << "\n  client_secret: " << who.secret
            << "\n  subscription:\n    name: sandbox\n    endpoint: http://127.0.0.1:8080/v1/events\n"
               "    sources: [ \"conversation:transcript\", \"conversation:detail\", "
               "\"interaction:analytics\", \"user:presence\" ]\n    retention_days: 30\n";
  if (const auto& tls = given.run.tls)
    std::cout << "\nFor a listener of the node that is https: certificate " << tls->node_certificate
              << ", key " << tls->node_key << '\n';
  std::cout << "\nWhat happens here: " << url << "/sandbox/state" << std::endl;
}

/// Until the story is over, or a signal comes.
void wait_for_the_end(const sigset_t& awaited, const sandbox::sandbox& there) {
  constexpr timespec a_moment{0, 100'000'000};
  while (!there.over() && ::sigtimedwait(&awaited, nullptr, &a_moment) < 0) {
  }
}

int run(options given) {
  if (auto good = complete(given); !good) return complain(good.error(), exit_code::wrong_use);
  if (!given.tls_directory.empty()) {
    auto files = sandbox::prepare_tls(given.tls_directory);
    if (!files) return complain(files.error(), exit_code::failed);
    given.run.tls = std::move(*files);
  }
  sigset_t awaited;
  sigemptyset(&awaited);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&awaited, signal);
  ::pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto started = sandbox::sandbox::start(given.run);
  if (!started)
    return complain(started.error(),
                    started.error().code == errc::wrong_use ? exit_code::wrong_use : exit_code::failed);
  introduce(given, **started);
  wait_for_the_end(awaited, **started);
  if (!given.run.story) return exit_code::done;
  const auto verdict = (*started)->sum_up();
  std::cout << '\n' << to_text(verdict) << std::flush;
  return verdict.passed() ? exit_code::done : exit_code::failed;
}

void add_cloud(CLI::App& to, options& given) {
  to.add_option("--listen", given.listen, "Loopback address; port 0 takes a free one")->capture_default_str();
  to.add_option("--tls", given.tls_directory,
                "Serve https with the certificates of this directory; made there, with an authority for the "
                "node to believe, when there are none");
  to.add_option("--client", given.clients, "Who may ask for tokens, ID:SECRET[:SCOPE+SCOPE]; may be repeated")
      ->allow_extra_args(false)
      ->capture_default_str();
  to.add_option("--token-lifetime", given.token_lifetime, "Seconds until a token ends")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{86'400} * 365))
      ->capture_default_str();
  to.add_option("--rate-limit", given.run.rate_limit,
                "API calls a minute and token, more are answered 429; none without it")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  to.add_flag("--no-put", given.run.refuses_put, "Refuse PUT (405), as where an update is not allowed");
  to.add_option("--seed", given.seed,
                "Draws the same ids, events and faults again; drawn and printed without it");
}

void add_sender(CLI::App& to, options& given) {
  auto& batches = given.run.feed.batches;
  const auto share = CLI::Range(0.0, 1.0);
  to.add_option("--rate", given.run.speed.rate, "Events a second to each active subscription")
      ->check(CLI::Range(0.0, rate_max))
      ->capture_default_str();
  to.add_option("--batch", batches.events, "Events a request, in the shape envelope")
      ->check(CLI::Range(std::size_t{1}, batch_max))
      ->capture_default_str();
  to.add_option(
        "--shape", given.shape,
        "envelope: {\"events\":[…]}; eventbridge: one AWS event a request, each on a connection of its own")
      ->check(CLI::IsMember({"envelope", "eventbridge"}))
      ->capture_default_str();
  to.add_option("--connections", given.connections,
                "Requests in flight to a subscription (1, or 16 in the shape eventbridge); 1 keeps the order")
      ->check(CLI::Range(std::size_t{1}, connections_max));
  to.add_option("--burst", given.burst, "FACTOR/SECONDS: so often, one second at so many times the rate");
  to.add_option("--duplicates", batches.duplicates, "Share of events that are sent once more")->check(share);
  to.add_option("--reorder", batches.reorder, "Share of events that are sent behind newer ones")
      ->check(share);
  to.add_option("--malformed", batches.malformed,
                "Share of requests that a broken one follows: no JSON, or an event without an id")
      ->check(share);
  to.add_option("--ca", given.run.authorities, "PEM file of an authority to believe at https endpoints")
      ->allow_extra_args(false);
}

void add_end(CLI::App& to, options& given) {
  to.add_option(
        "--receiver", given.receivers,
        "PORT[,fail=0.1][,status=500][,hang=0.01][,condemn=0.001][,delay=50ms][,sign=SECRET]"
        "[,bare|,envelope]: a webhook receiver with a ledger on http://127.0.0.1:PORT; may be repeated")
      ->allow_extra_args(false);
  auto* story = to.add_option("--scenario", given.scenario, "Play this file (JSON) and end with a verdict");
  to.add_option("--seconds", given.seconds, "Send for so long and end with a verdict")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{86'400} * 30))
      ->excludes(story);
  to.add_option("--events", given.events,
                "Send so many events, over all subscriptions, and end with a verdict; in a scenario: at most")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
}

}  // namespace

void add_sandbox(CLI::App& root, int& exit) {
  const auto given = std::make_shared<options>();
  auto* command = root.add_subcommand("sandbox", "Emulate Genesys Cloud, and the receivers behind the node");
  add_cloud(*command, *given);
  add_sender(*command, *given);
  add_end(*command, *given);
  command->footer(
      "Begins to send when a subscription is made. SIGTERM or SIGINT ends it.\n"
      "Exit codes: 0 done, 1 the verdict is bad or it failed while running, 2 wrong use.\n"
      "Example: sluice sandbox --receiver 9101,delay=20ms --rate 200 --duplicates 0.05");
  command->callback([given, &exit] { exit = run(*given); });
}

}  // namespace sluice::cli
