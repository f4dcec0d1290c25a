// Starting, watching and ending a node from outside.
#include "tests/support/node.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace sluice::testing {
namespace {

constexpr milliseconds start_patience{
    60'000};  // recovery of a full segment under a sanitizer on a busy machine

}  // namespace

std::string sluice_binary() {
  const char* given = std::getenv("SLUICE_BINARY");
  return given != nullptr ? given : SLUICE_BINARY_DEFAULT;
}

std::string substitute(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const std::string mark = "{" + name + "}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

node::node(std::string configuration, std::map<std::string, std::string> more)
    : port_(free_port()), config_(path("node.yaml")) {
  more.emplace("port", std::to_string(port_));
  more.emplace("dir", dir_.path().string());
  write_text(config_, substitute(std::move(configuration), more));
}

void node::preload(const std::filesystem::path& library,
                   std::vector<std::pair<std::string, std::string>> environment) {
  environment_ = std::move(environment);
  if (!library.empty()) environment_.emplace_back("LD_PRELOAD", library.string());
}

void node::launch() {
  child_.reset();
  child_.emplace(command{sluice_binary(),
                         {"run", "--config", config_.string()},
                         environment_,
                         path("stdout.log"),
                         path("stderr.log")});
}

void node::start() {
  launch();
  if (!wait_until([this] { return !running() || ready(); }, start_patience) || !running()) {
    const auto how = ended(milliseconds(0));
    throw std::runtime_error("the node is not ready (" + (how ? to_string(*how) : std::string("it runs")) +
                             "); it said:\n" + last_words());
  }
}

bool node::ready() {
  try {
    http_peer peer(port_, milliseconds(2'000));
    return peer.request("GET", "/readyz").status == 200;
  } catch (const std::runtime_error&) {
    return false;  // refused, reset or silent: not ready
  }
}

void node::kill9() {
  child_->signal(SIGKILL);
  if (!child_->wait(milliseconds(10'000))) throw std::runtime_error("the node outlives SIGKILL");
}

void node::terminate() { child_->signal(SIGTERM); }

std::optional<exit_status> node::ended(milliseconds patience) { return child_->wait(patience); }

exit_status node::stop(milliseconds patience) {
  terminate();
  const auto how = ended(patience);
  if (!how) throw std::runtime_error("the node does not stop; it said:\n" + last_words());
  return *how;
}

void node::restart() {
  stop();
  start();
}

std::string node::last_words() const {
  constexpr std::size_t enough = 4000;
  const std::string all = errors() + read_text(path("stdout.log"));
  return all.size() > enough ? "…" + all.substr(all.size() - enough) : all;
}

http_answer node::post(std::string_view body, const http_fields& fields) const {
  return testing::post(port_, body, fields);
}

double node::metric(std::string_view name, const labels& wanted) const {
  return metric_value(get(port_, "/metrics").body, name, wanted).value_or(0);
}

}  // namespace sluice::testing
