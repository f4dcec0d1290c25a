// One write() a batch: no buffer of our own stands between a line and the system.
#include "benchmarks/load/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice::load {
namespace {

std::string_view name_of(promise said) {
  switch (said) {
    case promise::accepted:
      return "accepted";
    case promise::duplicate:
      return "duplicate";
    case promise::mixed:
      return "mixed";
    case promise::unstated:
      return "unstated";
  }
  return "unstated";
}

}  // namespace

result<ledger> ledger::open(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0)
    return fail(errc::io, "cannot open the ledger: " + std::generic_category().message(errno), file, errno);
  return ledger(fd, file);
}

ledger::ledger(int fd, std::string file) : fd_(fd), file_(std::move(file)) {}

ledger::ledger(ledger&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), file_(std::move(other.file_)), lines_(std::move(other.lines_)) {}

ledger& ledger::operator=(ledger&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(file_, other.file_);
  std::swap(lines_, other.lines_);
  return *this;
}

ledger::~ledger() {
  if (fd_ >= 0) ::close(fd_);
}

result<void> ledger::offered(const batch_maker& batch) {
  lines_.clear();
  for (std::size_t i = 0; i < batch.events(); ++i) {
    const auto event = batch.event(i);
    lines_.append("offered ").append(event.id).append(" ").append(event.source).append("\n");
  }
  return write_lines();
}

result<void> ledger::acked(const batch_maker& batch, promise said) {
  lines_.clear();
  for (std::size_t i = 0; i < batch.events(); ++i) {
    const auto event = batch.event(i);
    lines_.append("acked ")
        .append(event.id)
        .append(" ")
        .append(event.source)
        .append(" ")
        .append(name_of(said))
        .append("\n");
  }
  return write_lines();
}

result<void> ledger::write_lines() {
  std::string_view left = lines_;
  while (!left.empty()) {
    const ssize_t put = ::write(fd_, left.data(), left.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0)
      return fail(errc::io, "cannot write the ledger: " + std::generic_category().message(errno), file_,
                  errno);
    left.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace sluice::load
