// The commands around inspect_log; its progress is counted at the file system, where the bytes pass.
#include "actors/node/cli/log.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "actors/checkpoint/segment_log.hpp"
#include "actors/node/cli/exit_code.hpp"
#include "actors/node/cli/log_report.hpp"

namespace sluice::cli {
namespace {

using namespace checkpoint;

/// A bar on standard error, where that is a terminal; nothing elsewhere.
class progress_bar {
 public:
  explicit progress_bar(std::uint64_t total)
      : total_(total), shown_(::isatty(STDERR_FILENO) == 1 && total != 0) {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  void add(std::uint64_t bytes) {
    done_ += bytes;
    const std::uint64_t percent = total_ == 0 ? 100 : std::min<std::uint64_t>(100, done_ * 100 / total_);
    if (!shown_ || percent == percent_) return;
    percent_ = percent;
    const std::string bar(percent / 4, '#');
    std::fprintf(stderr, "\r[%-25s] %3u%%", bar.c_str(), static_cast<unsigned>(percent));
  }

 private:
  std::uint64_t total_, done_ = 0, percent_ = 101;
  bool shown_;
};

class counted_file final : public file {
 public:
  counted_file(std::unique_ptr<file> of, progress_bar& bar) : of_(std::move(of)), bar_(bar) {}
  result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) const override {
    auto got = of_->read_at(into, offset);
    if (got) bar_.add(*got);
    return got;
  }
  result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) override {
    return of_->write_at(from, offset);
  }
  result<void> sync() override { return of_->sync(); }
  result<void> truncate(std::uint64_t length) override { return of_->truncate(length); }
  result<void> allocate(std::uint64_t length) override { return of_->allocate(length); }
  result<std::uint64_t> size() const override { return of_->size(); }
  bool direct() const noexcept override { return of_->direct(); }

 private:
  std::unique_ptr<file> of_;
  progress_bar& bar_;
};

/// Passes everything on and counts what is read.
class counted_files final : public file_system {
 public:
  counted_files(file_system& of, progress_bar& bar) : of_(of), bar_(bar) {}
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode, caching how) override {
    auto opened = of_.open(path, mode, how);
    if (!opened) return opened;
    return std::make_unique<counted_file>(std::move(*opened), bar_);
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    return of_.rename(from, to);
  }
  result<void> remove(const std::string& path) override { return of_.remove(path); }
  result<std::vector<directory_entry>> list(const std::string& directory) override {
    return of_.list(directory);
  }
  result<void> make_directory(const std::string& path) override { return of_.make_directory(path); }
  result<void> sync_directory(const std::string& path) override { return of_.sync_directory(path); }
  result<std::uint64_t> free_bytes(const std::string& path) override { return of_.free_bytes(path); }
  result<std::unique_ptr<file>> lock(const std::string& path) override { return of_.lock(path); }

 private:
  file_system& of_;
  progress_bar& bar_;
};

result<log_summary> look(const std::string& directory, bool verify) {
  const auto files = make_posix_file_system();
  const auto listed = files->list(directory);
  if (!listed) return fail(listed.error());
  std::uint64_t bytes = 0;
  for (const directory_entry& e : *listed) bytes += e.size;
  progress_bar bar(verify ? bytes : 0);
  counted_files counted(*files, bar);
  return inspect_log(counted, directory, verify);
}

int run(const std::string& directory, bool verify, bool json) {
  const auto log = look(directory, verify);
  if (!log) {
    std::cerr << to_string(log.error()) << '\n';
    return exit_code::failed;
  }
  if (json) {
    print_log_json(std::cout, *log);
  } else if (!verify) {
    print_log_table(std::cout, *log);
  } else if (log->damage.empty()) {
    std::uint64_t groups = 0, events = 0;
    for (const segment_summary& s : log->segments) {
      groups += s.groups;
      events += s.events;
    }
    std::cout << log->segments.size() << " segments, " << groups << " groups, " << events << " events, "
              << log->side_files.size() << " side files, " << log->spills.size() << " spill files: whole\n";
  }
  for (const error& e : log->notes) std::cerr << "note: " << to_string(e) << '\n';
  for (const error& e : log->damage) std::cerr << "damage: " << to_string(e) << '\n';
  return log->damage.empty() ? exit_code::done : exit_code::failed;
}

}  // namespace

void add_log(CLI::App& root, int& code) {
  CLI::App* log = root.add_subcommand("log", "look at a log's directory; never writes");
  log->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool verify) {
    CLI::App* command = log->add_subcommand(name, what);
    const auto directory = std::make_shared<std::string>();
    const auto json = std::make_shared<bool>(false);
    command->add_option("DIR", *directory, "the log's directory (checkpoint.directory)")->required();
    if (!verify) command->add_flag("--json", *json, "one JSON object instead of a table");
    command->callback([directory, json, verify, &code] { code = run(*directory, verify, *json); });
  };
  add("inspect", "segments, cursors, open offers and totals", false);
  add("verify", "every checksum; damage is named with file and offset", true);
}

}  // namespace sluice::cli
