// The real disk. Every call is checked, interrupted ones are taken up again, and nothing is retried that the
// kernel may have half done behind our back (a failed fdatasync).
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "actors/checkpoint/file_error.hpp"
#include "actors/checkpoint/file_system.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;
/// Of the buffer that stands in for fallocate.
constexpr std::size_t zeros_bytes = 1u << 20;
/// One system call moves at most this much (the kernel's own bound is 2 GiB less a page).
constexpr std::size_t transfer_bytes_max = 1u << 30;

/// Calls until it is not interrupted.
template <class Call>
auto uninterrupted(Call call) noexcept {
  for (;;) {
    const auto got = call();
    if (got >= 0 || errno != EINTR) return got;
  }
}

class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

bool aligned(const std::byte* memory, std::size_t bytes, std::uint64_t offset) noexcept {
  return reinterpret_cast<std::uintptr_t>(memory) % block_bytes == 0 && bytes % block_bytes == 0 &&
         offset % block_bytes == 0;
}

struct free_memory {
  void operator()(void* p) const noexcept { std::free(p); }
};

class posix_file final : public file {
 public:
  posix_file(descriptor fd, std::string path, bool direct)
      : fd_(std::move(fd)), path_(std::move(path)), direct_(direct) {}

  result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) const override {
    SLUICE_ASSERT(!direct_ || aligned(into.data(), into.size(), offset));
    std::size_t done = 0;
    while (done < into.size()) {
      const auto want = std::min(into.size() - done, transfer_bytes_max);
      const auto got = uninterrupted(
          [&] { return ::pread(fd_.get(), into.data() + done, want, static_cast<off_t>(offset + done)); });
      if (got < 0) return file_failure("read", path_, errno);
      done += static_cast<std::size_t>(got);
      // A direct read that ends within a block has met the end of the file, and could not go on from there.
      if (got == 0 || (direct_ && done % block_bytes != 0)) break;
    }
    return done;
  }

  result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) override {
    SLUICE_ASSERT(!direct_ || aligned(from.data(), from.size(), offset));
    std::size_t done = 0;
    while (done < from.size()) {
      const auto want = std::min(from.size() - done, transfer_bytes_max);
      const auto got = uninterrupted(
          [&] { return ::pwrite(fd_.get(), from.data() + done, want, static_cast<off_t>(offset + done)); });
      if (got < 0) return file_failure("write", path_, errno);
      std::size_t step = static_cast<std::size_t>(got);
      // A direct write cut short within a block is taken up again at that block's start.
      if (direct_) step = step / block_bytes * block_bytes;
      if (step == 0) return file_failure("write", path_, EIO);
      done += step;
    }
    return {};
  }

  result<void> sync() override {
    if (uninterrupted([&] { return ::fdatasync(fd_.get()); }) != 0) return file_failure("sync", path_, errno);
    return {};
  }

  result<void> truncate(std::uint64_t length) override {
    if (const int sys = set_length(length); sys != 0) return file_failure("truncate", path_, sys);
    return {};
  }

  result<void> allocate(std::uint64_t length) override {
    const auto before = size();
    if (!before) return fail(before.error());
    if (length == 0) return {};
    int sys = 0;
    if (uninterrupted([&] { return ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(length)); }) != 0)
      sys = errno;
    if (sys == EOPNOTSUPP) sys = write_zeros(*before, length);
    if (sys == 0) return {};
    // What was reserved before the space ran out is given back; the first error is the one to tell.
    set_length(*before);
    return file_failure("allocate", path_, sys);
  }

  result<std::uint64_t> size() const override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return file_failure("stat", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  bool direct() const noexcept override { return direct_; }

 private:
  int set_length(std::uint64_t length) noexcept {
    return uninterrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(length)); }) == 0 ? 0 : errno;
  }

  /// Where the file system cannot reserve: what stands in the blocks of holes is written again, zeros behind
  /// it.
  int write_zeros(std::uint64_t before, std::uint64_t length) {
    const std::unique_ptr<void, free_memory> memory(std::aligned_alloc(block_bytes, zeros_bytes));
    if (!memory) return ENOMEM;
    const std::span buffer(static_cast<std::byte*>(memory.get()), zeros_bytes);
    const std::uint64_t known = std::min(before, length);
    for (std::uint64_t at = 0; at < known;) {
      const off_t hole = ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_HOLE);
      if (hole < 0 || static_cast<std::uint64_t>(hole) >= known)
        break;  // cannot tell holes: it has none to fill
      off_t data = ::lseek(fd_.get(), hole, SEEK_DATA);
      if (data < 0) data = static_cast<off_t>(known);
      at = std::min(static_cast<std::uint64_t>(data), known);
      const std::uint64_t from = static_cast<std::uint64_t>(hole) / block_bytes * block_bytes;
      if (const int sys = write_again(buffer, from, round_up(at)); sys != 0) return sys;
    }
    if (const int sys = write_again(buffer, round_up(before), round_up(length)); sys != 0) return sys;
    return set_length(std::max(before, length));
  }

  int write_again(std::span<std::byte> buffer, std::uint64_t from, std::uint64_t to) {
    while (from < to) {
      const auto chunk =
          buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(to - from, buffer.size())));
      const auto there = read_at(chunk, from);
      if (!there) return there.error().sys;
      std::ranges::fill(chunk.subspan(*there), std::byte{0});
      if (auto written = write_at(chunk, from); !written) return written.error().sys;
      from += chunk.size();
    }
    return 0;
  }

  static std::uint64_t round_up(std::uint64_t bytes) noexcept {
    return (bytes + block_bytes - 1) / block_bytes * block_bytes;
  }

  descriptor fd_;
  std::string path_;
  bool direct_;
};

int flags_of(open_mode mode) noexcept {
  switch (mode) {
    case open_mode::read:
      return O_RDONLY;
    case open_mode::write:
      return O_RDWR;
    case open_mode::create:
      return O_RDWR | O_CREAT;
    case open_mode::create_new:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

/// Opens a regular file. Nonblocking only so that a FIFO under the name cannot hold us; it is refused then.
result<descriptor> open_regular(const std::string& path, open_mode mode) {
  const int flags = flags_of(mode) | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  descriptor fd(uninterrupted([&] { return ::open(path.c_str(), flags, file_mode); }));
  if (!fd.valid()) return file_failure("open", path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_failure("stat", path, errno);
  if (!S_ISREG(info.st_mode)) return fail(errc::io, "cannot open: it is not a regular file", path, EINVAL);
  return fd;
}

/// Turns O_DIRECT on where the file system takes it. Not at open: one that refuses may have made the file
/// before.
result<bool> make_direct(int fd, const std::string& path) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return file_failure("open", path, errno);
  if (::fcntl(fd, F_SETFL, flags | O_DIRECT) == 0) return true;
  if (errno == EINVAL) return false;
  return file_failure("open", path, errno);
}

result<void> sync_directory_at(const std::string& path) {
  const descriptor fd(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.valid()) return file_failure("open the directory", path, errno);
  if (uninterrupted([&] { return ::fsync(fd.get()); }) != 0)
    return file_failure("sync the directory", path, errno);
  return {};
}

/// The directory that holds `path`.
std::string parent_of(const std::string& path) {
  auto end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  end = path.find_last_of('/', end);
  if (end == std::string::npos) return ".";
  const auto last = path.find_last_not_of('/', end);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

result<bool> is_directory(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return true;
    return file_failure("make the directory", path, ENOTDIR);
  }
  if (errno == ENOENT) return false;
  return file_failure("make the directory", path, errno);
}

class posix_file_system final : public file_system {
 public:
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode, caching how) override {
    auto fd = open_regular(path, mode);
    if (!fd) return fail(std::move(fd.error()));
    bool direct = false;
    if (how == caching::direct) {
      const auto made = make_direct(fd->get(), path);
      if (!made) return fail(made.error());
      direct = *made;
    }
    return std::make_unique<posix_file>(std::move(*fd), path, direct);
  }

  result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return file_failure("rename", from, errno);
    return {};
  }

  result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return file_failure("remove", path, errno);
    return {};
  }

  result<std::vector<directory_entry>> list(const std::string& directory) override {
    struct close_directory {
      void operator()(DIR* d) const noexcept { ::closedir(d); }
    };
    const std::unique_ptr<DIR, close_directory> handle(::opendir(directory.c_str()));
    if (!handle) return file_failure("list", directory, errno);
    std::vector<directory_entry> found;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(handle.get());
      if (entry == nullptr) {
        if (errno != 0) return file_failure("list", directory, errno);
        break;
      }
      struct stat info {};
      if (::fstatat(::dirfd(handle.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed since
        return file_failure("stat", directory + "/" + entry->d_name, errno);
      }
      if (S_ISREG(info.st_mode)) found.push_back({entry->d_name, static_cast<std::uint64_t>(info.st_size)});
    }
    std::ranges::sort(found, {}, &directory_entry::name);
    return found;
  }

  result<void> make_directory(const std::string& path) override {
    std::vector<std::string> missing;  // innermost first; bounded by the depth of the path
    std::string at = path;
    for (;;) {
      const auto there = is_directory(at);
      if (!there) return fail(there.error());
      if (*there) break;
      missing.push_back(at);
      const std::string parent = parent_of(at);
      if (parent == at) break;
      at = parent;
    }
    for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
      if (::mkdir(next->c_str(), directory_mode) != 0 && errno != EEXIST) {
        return file_failure("make the directory", *next, errno);
      }
      if (auto synced = sync_directory_at(parent_of(*next)); !synced) return synced;
    }
    return {};
  }

  result<void> sync_directory(const std::string& path) override { return sync_directory_at(path); }

  result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs info {};
    if (uninterrupted([&] { return ::statvfs(path.c_str(), &info); }) != 0) {
      return file_failure("ask for free space", path, errno);
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }

  result<std::unique_ptr<file>> lock(const std::string& path) override {
    auto fd = open_regular(path, open_mode::create);
    if (!fd) return fail(std::move(fd.error()));
    const bool ours = uninterrupted([&] { return ::flock(fd->get(), LOCK_EX | LOCK_NB); }) == 0;
    const int sys = ours ? 0 : errno;
    auto handle = std::make_unique<posix_file>(std::move(*fd), path, false);
    if (sys == EWOULDBLOCK) return fail(errc::locked, "held by process " + holder(*handle), path, sys);
    if (sys != 0) return file_failure("lock", path, sys);
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (auto cut = handle->truncate(0); !cut) return fail(cut.error());
    if (auto told = handle->write_at(std::as_bytes(std::span(pid)), 0); !told) return fail(told.error());
    return handle;
  }

 private:
  /// The pid that the lock file names; the holder may be about to write it.
  static std::string holder(const file& locked) {
    char text[24] = {};
    const auto got = locked.read_at(std::as_writable_bytes(std::span(text)), 0);
    std::string pid(text, got ? *got : 0);
    pid.erase(std::ranges::find_if_not(pid, [](char c) { return c >= '0' && c <= '9'; }), pid.end());
    return pid.empty() ? "(not told yet)" : pid;
  }
};

}  // namespace

std::unique_ptr<file_system> make_posix_file_system() { return std::make_unique<posix_file_system>(); }

}  // namespace sluice::checkpoint
