// Processes, files and the wait for /readyz.
#include "actors/node/cli/bench_node.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

namespace sluice::cli {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds ask_every{20};
constexpr milliseconds answer_limit{2'000};
constexpr std::size_t last_words_max = 2048;

std::string reason(int code) { return std::generic_category().message(code); }

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void pause_for(milliseconds time) { ::poll(nullptr, 0, static_cast<int>(time.count())); }

result<std::string> make_directory(const std::string& parent) {
  std::error_code failed;
  const std::filesystem::path base =
      parent.empty() ? std::filesystem::temp_directory_path(failed) : std::filesystem::path(parent);
  if (!failed) std::filesystem::create_directories(base, failed);
  const auto absolute = failed ? base : std::filesystem::absolute(base, failed);
  if (failed)
    return fail(errc::io, "cannot make the directory: " + failed.message(), base.string(), failed.value());
  std::string name = (absolute / "sluice-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(errc::io, "cannot make a directory: " + reason(errno), name, errno);
  return name;
}

std::string how_it_ended(int status) {
  return WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                           : "signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

std::string bench_configuration(const load::target& listens, const std::string& directory) {
  return "ingest: { listen: " + quoted(load::host_field(listens)) +
         " }\n"
         "checkpoint: { directory: " +
         quoted(directory + "/log") +
         ", max_bytes: 2GiB }\n"
         "routes:\n"
         "  - { source: \"^conversation:.*\", metadata: { region: us-east-1 }, to: analytics-warehouse }\n"
         "  - { source: \"^interaction:.*\", metadata: { priority: high }, to: realtime-dashboard }\n"
         "destinations:\n"
         "  analytics-warehouse: { kind: discard, rate: unlimited }\n"
         "  realtime-dashboard: { kind: discard, rate: unlimited }\n"
         "audit: { path: " +
         quoted(directory + "/audit.jsonl") + " }\n";
}

own_node::own_node(own_node_options options, load::target address, std::string directory)
    : options_(std::move(options)), address_(std::move(address)), directory_(std::move(directory)) {}

own_node::own_node(own_node&& other) noexcept
    : options_(std::move(other.options_)),
      address_(std::move(other.address_)),
      directory_(std::exchange(other.directory_, {})),
      pid_(std::exchange(other.pid_, -1)) {}

own_node::~own_node() {
  if (directory_.empty()) return;
  // Whoever wanted to know how it ended has called stop().
  static_cast<void>(stop());
}

result<own_node> own_node::start(const own_node_options& options, const std::atomic<int>& interrupted) {
  const auto port = load::free_port();
  if (!port) return tl::unexpected(port.error());
  auto directory = make_directory(options.directory);
  if (!directory) return tl::unexpected(directory.error());
  own_node node(options, {"127.0.0.1", *port, "/v1/events"}, *directory);
  if (auto spawned = node.spawn(); !spawned) return tl::unexpected(spawned.error());
  if (auto ready = node.wait_until_ready(interrupted); !ready) return tl::unexpected(ready.error());
  return node;
}

result<void> own_node::spawn() {
  const std::string file = directory_ + "/sluice.yaml";
  std::ofstream configuration(file);
  configuration << bench_configuration(address_, directory_);
  configuration.close();
  if (!configuration) return fail(errc::io, "cannot be written", file);
  const std::string output = directory_ + "/output.txt";
  const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(errc::io, "cannot be opened: " + reason(errno), output, errno);

  std::vector<std::string> words{options_.program, "run", "--config", file};
  for (const auto& setting : options_.settings) words.insert(words.end(), {"--set", setting});
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const int parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // Only async-signal-safe calls from here on.
    const int nothing = ::open("/dev/null", O_RDONLY);
    const bool is_set = ::setpgid(0, 0) == 0 && ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 &&
                        ::getppid() == parent && ::dup2(nothing, STDIN_FILENO) >= 0 &&
                        ::dup2(log, STDOUT_FILENO) >= 0 && ::dup2(log, STDERR_FILENO) >= 0;
    if (is_set) ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  const int failed = errno;
  ::close(log);
  if (pid_ < 0) return fail(errc::io, "cannot start a process: " + reason(failed), options_.program, failed);
  return {};
}

result<void> own_node::wait_until_ready(const std::atomic<int>& interrupted) {
  const auto limit = clock::now() + options_.ready_limit;
  while (true) {
    int status = 0;
    if (wait_for_end(milliseconds(0), status)) {
      return fail(errc::io, "the node ended while it started (" + how_it_ended(status) + "): " + last_words(),
                  options_.program);
    }
    const auto answered = load::get(address_, "/readyz", answer_limit);
    if (answered && answered->status == 200) return {};
    if (interrupted.load() > 0) return fail(errc::stopping, "interrupted while the node started");
    if (clock::now() >= limit) {
      const auto said =
          answered ? "/readyz answers " + std::to_string(answered->status) : to_string(answered.error());
      return fail(errc::timed_out,
                  "the node did not become ready in time: " + said + "; it printed: " + last_words(),
                  options_.program);
    }
    pause_for(ask_every);
  }
}

/// True when it has ended; `status` as of waitpid, and the process is no longer ours.
bool own_node::wait_for_end(milliseconds limit, int& status) {
  const auto until = clock::now() + limit;
  while (true) {
    const int ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      pid_ = -1;
      return true;
    }
    if (clock::now() >= until) return false;
    pause_for(ask_every);
  }
}

std::string own_node::last_words() const {
  std::ifstream file(directory_ + "/output.txt");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > last_words_max) text = "…" + text.substr(text.size() - last_words_max);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "nothing" : text;
}

result<void> own_node::stop() {
  result<void> stopped;
  if (pid_ > 0) {
    int status = 0;
    ::kill(pid_, SIGTERM);
    if (!wait_for_end(options_.stop_limit, status)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      stopped =
          fail(errc::timed_out, "the node did not stop in time and was killed; it printed: " + last_words(),
               options_.program);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      stopped =
          fail(errc::io, "the node ended with " + how_it_ended(status) + "; it printed: " + last_words(),
               options_.program);
    }
  }
  std::error_code failed;
  std::filesystem::remove_all(directory_, failed);
  if (failed && stopped)
    stopped = fail(errc::io, "cannot be removed: " + failed.message(), directory_, failed.value());
  directory_.clear();
  return stopped;
}

result<std::uint64_t> commits_of(const load::target& node) {
  constexpr std::string_view name = "sluice_commit_duration_seconds_count";
  const auto answered = load::get(node, "/metrics", answer_limit);
  if (!answered) return tl::unexpected(answered.error());
  if (answered->status != 200)
    return fail(errc::not_found, "/metrics answers " + std::to_string(answered->status));
  std::istringstream lines(answered->body);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() ||
        (line[name.size()] != ' ' && line[name.size()] != '{'))
      continue;
    double value = 0;
    if (std::istringstream(line.substr(line.rfind(' ') + 1)) >> value)
      return static_cast<std::uint64_t>(value);
  }
  return fail(errc::not_found, "/metrics has no " + std::string(name));
}

}  // namespace sluice::cli
