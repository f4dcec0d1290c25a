#include "actors/node/cli/sandbox.hpp"

#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "actors/node/cli/exit_code.hpp"
#include "actors/node/config/units.hpp"
#include "actors/sandbox/cloud.hpp"
#include "actors/sandbox/sandbox.hpp"

namespace sluice::cli {
namespace {

constexpr const char* demo_client = "sandbox-client:sandbox-secret";

struct options {
  std::string listen = "127.0.0.1:9000";
  std::vector<std::string> clients{demo_client};
  std::uint64_t token_lifetime = 86'400;
  std::optional<std::uint64_t> seed;
  sandbox::sandbox_options run;
};

/// `ID:SECRET[:scope+scope]`; without scopes, both that there are.
result<sandbox::oauth_client> parse_client(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == text.npos ? text.npos : text.find(':', first + 1);
  sandbox::oauth_client who;
  who.id = text.substr(0, first);
  if (first != text.npos) who.secret = text.substr(first + 1, second - first - 1);
  if (who.id.empty() || who.secret.empty())
    return fail(errc::wrong_use, "a client is ID:SECRET or ID:SECRET:SCOPE+SCOPE", "--client");
  if (second == text.npos) {
    who.scopes = {std::string(sandbox::read_scope), std::string(sandbox::write_scope)};
    return who;
  }
  for (std::size_t at = second + 1; at <= text.size();) {
    const std::size_t end = std::min(text.find('+', at), text.size());
    if (end > at) who.scopes.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return who;
}

int complain(const error& e, int code) {
  std::cerr << "sluice sandbox: " << to_string(e) << '\n';
  return code;
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
  given.run.token_lifetime = std::chrono::seconds(given.token_lifetime);
  given.run.seed = given.seed.value_or(std::random_device{}());
  given.run.said = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  return {};
}

/// What a person puts into the node's configuration to use it.
void introduce(const options& given, const sandbox::sandbox& there) {
  const auto& who = given.run.clients.front();
  std::cout << "listening on " << there.url() << "\nseed " << given.run.seed
            << "\n\nFor the node's configuration:\n\ngenesys:\n  base_url: " << there.url()
            << "\n  login_url: " << there.url() << "\n  client_id: " << who.id
            << "\n  client_secret: " << who.secret << "\n\nControl: " << there.url() << "/sandbox/state"
            << std::endl;
}

int run(options given) {
  if (auto good = complete(given); !good) return complain(good.error(), exit_code::wrong_use);
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
  int signal = 0;
  while (::sigwait(&awaited, &signal) != 0) {
  }
  return exit_code::done;
}

}  // namespace

void add_sandbox(CLI::App& root, int& exit) {
  const auto given = std::make_shared<options>();
  auto* command = root.add_subcommand("sandbox", "Emulate Genesys Cloud on this machine");
  command->add_option("--listen", given->listen, "Loopback address; port 0 takes a free one")
      ->capture_default_str();
  command
      ->add_option("--client", given->clients,
                   "Who may ask for tokens, ID:SECRET[:SCOPE+SCOPE]; may be repeated")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--token-lifetime", given->token_lifetime, "Seconds until a token ends")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{86'400} * 365))
      ->capture_default_str();
  command
      ->add_option("--rate-limit", given->run.rate_limit,
                   "API calls a minute and token, more are answered 429; none without it")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  command->add_flag("--no-put", given->run.refuses_put,
                    "Refuse PUT (405), as where an update is not allowed");
  command->add_option("--seed", given->seed, "Draws the same ids and faults again; printed when not given");
  command->callback([given, &exit] { exit = run(*given); });
}

}  // namespace sluice::cli
