// Child processes by fork and exec, watched through a pidfd so that a wait needs no polling.
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "tests/support/temp_dir.hpp"

extern "C" char** environ;

namespace sluice::testing {
namespace {

int open_sink(const std::filesystem::path& file) {
  const std::string name = file.empty() ? "/dev/null" : file.string();
  const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + name + ": " + std::strerror(errno));
  return fd;
}

std::vector<std::string> merged_environment(const command& what) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [key, value] : what.environment) replaced = replaced || key == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [key, value] : what.environment) all.push_back(key + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// The child's side: nothing but calls that are safe between fork and exec.
[[noreturn]] void become(const char* program, char** arguments, char** environment, int output, int errors,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  const int input = ::open("/dev/null", O_RDONLY);
  if (input < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(errors, 2) < 0) ::_exit(126);
  ::execve(program, arguments, environment);
  ::_exit(127);
}

}  // namespace

std::string to_string(const exit_status& how) {
  return how.signal != 0 ? "signal " + std::to_string(how.signal) : "exit " + std::to_string(how.code);
}

process::process(const command& what) {
  if (::access(what.program.c_str(), X_OK) != 0) {
    throw std::runtime_error(what.program + " is no program that can be run: " + std::strerror(errno));
  }
  std::vector<std::string> arguments{what.program};
  arguments.insert(arguments.end(), what.arguments.begin(), what.arguments.end());
  std::vector<std::string> environment = merged_environment(what);
  const std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  const int output = open_sink(what.output), errors = open_sink(what.errors);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(argv[0], const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), output, errors, parent);
  ::close(output);
  ::close(errors);
  if (pid_ < 0) throw std::runtime_error(std::string("cannot fork: ") + std::strerror(errno));
  handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle_ < 0) {
    const int reason = errno;
    ::kill(pid_, SIGKILL);
    reap(0);
    throw std::runtime_error(std::string("cannot watch the child: ") + std::strerror(reason));
  }
}

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), handle_(std::exchange(other.handle_, -1)), ended_(other.ended_) {}

process::~process() {
  if (pid_ < 0) return;
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    reap(0);
  }
  ::close(handle_);
}

void process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

bool process::running() {
  if (!ended_) reap(WNOHANG);
  return !ended_;
}

std::optional<exit_status> process::wait(milliseconds patience) {
  const auto deadline = steady::now() + patience;
  while (!ended_) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady::now()).count();
    pollfd watched{handle_, POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(left > 0 ? left : 0));
    if (ready > 0) reap(0);
    if (ready == 0) break;
  }
  return ended_;
}

void process::reap(int options) {
  int status = 0;
  pid_t got = 0;
  do got = ::waitpid(pid_, &status, options);
  while (got < 0 && errno == EINTR);
  if (got != pid_) return;
  if (WIFSIGNALED(status)) {
    ended_ = exit_status{0, WTERMSIG(status)};
  } else {
    ended_ = exit_status{WEXITSTATUS(status), 0};
  }
}

finished run(const std::string& program, const std::vector<std::string>& arguments, milliseconds patience) {
  const temp_dir dir;
  process child({program, arguments, {}, dir.path() / "out", dir.path() / "err"});
  const auto how = child.wait(patience);
  finished all{how.value_or(exit_status{}), read_text(dir.path() / "out"), read_text(dir.path() / "err")};
  if (!how)
    throw std::runtime_error(program + " still runs after its time; it said: " + all.output + all.errors);
  return all;
}

}  // namespace sluice::testing
