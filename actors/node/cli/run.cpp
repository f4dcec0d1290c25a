#include "actors/node/cli/run.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "actors/node/application.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/config/loader.hpp"
#include "actors/node/incidents.hpp"

namespace sluice::cli {
namespace {

/// What the node sends to the waiting thread when it cannot go on.
constexpr int ended_signal = SIGUSR2;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, ended_signal}) sigaddset(&set, signal);
  return set;
}

void take_all_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// From here on a signal ends the process at once: nothing that was answered is lost.
void end_at_next_signal() {
  struct sigaction act {};
  act.sa_handler = [](int) { ::_exit(exit_code::failed); };
  for (const int signal : {SIGTERM, SIGINT}) ::sigaction(signal, &act, nullptr);
  const auto set = awaited_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int run(const std::string& file, const std::vector<std::string>& overrides) {
  const auto loaded = config::load(file, overrides);
  if (!loaded) {
    for (const auto& e : loaded.error()) std::cerr << to_string(e) << '\n';
    return exit_code::configuration;
  }
  // Before any thread is made, so that all of them leave the signals to this one.
  const auto set = awaited_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  take_all_descriptors();
  node::open_log(loaded->log);
  const auto waiting = ::pthread_self();
  auto started = node::application::start(*loaded, [waiting](const std::string& why) {
    node::log_error("node", why);
    ::pthread_kill(waiting, ended_signal);
  });
  if (!started) {
    std::cerr << to_string(started.error()) << '\n';
    const bool theirs = started.error().code == errc::locked || started.error().code == errc::invalid_config;
    return theirs ? exit_code::configuration : exit_code::failed;
  }
  int signal = 0;
  while (::sigwait(&set, &signal) != 0) {
  }
  end_at_next_signal();
  if (signal != ended_signal) node::log_info("node", "stopping");
  if (!(*started)->stop()) node::log_warning("node", "stopped without waiting for everything");
  started->reset();
  node::log_info("node", "stopped");
  return signal == ended_signal ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_run(CLI::App& root, int& exit) {
  auto* command = root.add_subcommand("run", "Run the node");
  auto file = std::make_shared<std::string>();
  auto overrides = std::make_shared<std::vector<std::string>>();
  command->add_option("--config", *file, "Configuration file (YAML)")->required();
  command->add_option("--set", *overrides, "Override one key, as in --set ingest.listen=127.0.0.1:9000");
  command->footer(
      "SIGTERM or SIGINT stops the node within shutdown.timeout; a second one ends it at once.\n"
      "Exit codes: 0 stopped, 1 failed while running, 2 wrong use, 78 configuration.");
  command->callback([file, overrides, &exit] { exit = run(*file, *overrides); });
}

}  // namespace sluice::cli
