#include "tests/support/nats_server.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "tests/support/socket.hpp"

namespace sluice::testing {
namespace {

constexpr milliseconds patience(30'000);

/// Debian has it where daemons are, which is not in everybody's PATH.
std::string program() {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/usr/local/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/nats-server";
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw std::runtime_error("there is no nats-server; deploy/packages installs it");
}

}  // namespace

nats_server::nats_server(std::string configuration) : port_(free_port()) {
  write_text(directory_.path() / "nats.conf",
             "listen: \"127.0.0.1:" + std::to_string(port_) + "\"\njetstream { store_dir: \"" +
                 (directory_.path() / "store").string() + "\" }\n" + std::move(configuration) + "\n");
  start();
}

void nats_server::start() {
  const auto log_file = directory_.path() / "log";
  running_.emplace(
      command{program(), {"-c", (directory_.path() / "nats.conf").string()}, {}, log_file, log_file});
  wait_for_greeting();
}

void nats_server::kill() {
  running_->signal(SIGKILL);
  if (!running_->wait(patience)) throw std::runtime_error("nats-server outlives kill -9");
  running_.reset();
}

void nats_server::freeze() {
  running_->signal(SIGSTOP);
  siginfo_t stopped{};  // the signal is on its way while threads still run
  if (::waitid(P_PID, static_cast<id_t>(running_->pid()), &stopped, WSTOPPED) != 0)
    throw std::runtime_error("nats-server cannot be frozen");
}

void nats_server::thaw() { running_->signal(SIGCONT); }

void nats_server::wait_for_unread() const {
  const auto has_unread = [&] {
    // number, local address:port, remote, state, tx_queue:rx_queue; all but the number hexadecimal (proc(5))
    std::istringstream table(read_text("/proc/net/tcp"));
    std::string line, number, local, remote, state, queues;
    for (std::getline(table, line); std::getline(table, line);) {
      std::istringstream(line) >> number >> local >> remote >> state >> queues;
      const bool ours = std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port_;
      if (ours && state == "01" && std::stoul(queues.substr(queues.find(':') + 1), nullptr, 16) > 0)
        return true;
    }
    return false;
  };
  if (!wait_until(has_unread, patience)) throw std::runtime_error("nothing comes to the frozen nats-server");
}

std::string nats_server::log() const { return read_text(directory_.path() / "log"); }

/// A server greets once it has recovered its streams.
void nats_server::wait_for_greeting() {
  const bool greeted = wait_until(
      [&] {
        if (!running_->running()) throw std::runtime_error("nats-server ended: " + log());
        try {
          std::string greeting;
          return tcp_socket::connect(port_).receive(greeting, patience) && greeting.starts_with("INFO ");
        } catch (const connection_lost&) {
          return false;
        }
      },
      patience);
  if (!greeted) throw std::runtime_error("nats-server does not answer: " + log());
}

}  // namespace sluice::testing
