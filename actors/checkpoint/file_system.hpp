// The one seam to the disk. Everything the checkpoint, the dead letters, file destinations and the audit do
// with files goes through it, so that tests can fail any call, record every write and cut the power at each
// boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/result.hpp"

namespace sluice::checkpoint {

/// Memory, lengths and offsets of direct writes are multiples of this.
inline constexpr std::size_t block_bytes = 4096;

/// An open file. Not thread-safe but for `read_at`, which may run beside anything. Closed on destruction; a
/// failed close of written data cannot be told any more: whoever needs durability has called `sync` before.
class file {
 public:
  virtual ~file() = default;

  /// Reads up to `into.size()` bytes at `offset`; fewer only at the end of the file. EINTR is retried.
  virtual result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) const = 0;
  /// Writes all of `from` at `offset`. On an error any part of it may have been written.
  virtual result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) = 0;
  /// fdatasync: on success everything written before is durable, and so is the length. A failure is final for
  /// what was written since the last success (the kernel may have dropped the pages): never retried on the
  /// same handle.
  virtual result<void> sync() = 0;
  /// Sets the length; new bytes read as zero.
  virtual result<void> truncate(std::uint64_t length) = 0;
  /// Reserves disk space for [0, length) and makes the file at least that long, so that writes there cannot
  /// fail for space. errc::no_space when there is none (nothing changed).
  virtual result<void> allocate(std::uint64_t length) = 0;
  virtual result<std::uint64_t> size() const = 0;
  /// True when writes go past the page cache (O_DIRECT) and must be aligned to block_bytes.
  virtual bool direct() const noexcept = 0;
};

enum class open_mode : std::uint8_t {
  read,        ///< must exist
  write,       ///< read and write, must exist
  create,      ///< read and write, made when missing
  create_new,  ///< read and write, errc::io with EEXIST when it exists
};

/// O_DIRECT where the file system takes it (buffered where it answers EINVAL), or buffered.
enum class caching : std::uint8_t { buffered, direct };

struct directory_entry {
  std::string name;
  std::uint64_t size = 0;
};

/// Paths are relative to the process or absolute. Errors carry the path as place and errno; ENOSPC and EDQUOT
/// are errc::no_space, ENOENT errc::not_found, the rest errc::io. Files are regular ones: never follows a
/// symbolic link in the last component of a file's path. New files have mode 0600, directories 0700.
/// Thread-safe.
class file_system {
 public:
  virtual ~file_system() = default;

  virtual result<std::unique_ptr<file>> open(const std::string& path, open_mode mode, caching how) = 0;
  /// Replaces `to`. Durable only after `sync_directory` of the directory (both names in one).
  virtual result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual result<void> remove(const std::string& path) = 0;
  /// Regular files, sorted by name.
  virtual result<std::vector<directory_entry>> list(const std::string& directory) = 0;
  /// With missing parents; success when it is there. What it made is durable on return.
  virtual result<void> make_directory(const std::string& path) = 0;
  /// Makes names that were created, renamed or removed in it durable.
  virtual result<void> sync_directory(const std::string& path) = 0;
  /// Bytes that an unprivileged writer may still use.
  virtual result<std::uint64_t> free_bytes(const std::string& path) = 0;
  /// Exclusive for the life of the returned handle; errc::locked with the holder's pid in the detail. The
  /// file holds our pid as text.
  virtual result<std::unique_ptr<file>> lock(const std::string& path) = 0;
};

/// The real one.
std::unique_ptr<file_system> make_posix_file_system();

}  // namespace sluice::checkpoint
