// A disk in memory that can be made to fail at any call and lose power at any moment. It promises no more
// than a real one does: what was not synced may be there after a crash, or not, or in parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/file_system.hpp"

namespace sluice::test {

enum class operation_kind : std::uint8_t {
  open,
  read,
  write,
  sync,
  truncate,
  allocate,
  rename,
  remove,
  list,
  make_directory,
  sync_directory,
  free_bytes,
  lock,
};
std::string_view to_string(operation_kind kind) noexcept;

/// One call, as it came in (before it was carried out or failed).
struct operation {
  operation_kind kind{};
  std::string path;          ///< rename: the old name; on a handle: the name it was opened by
  std::uint64_t offset = 0;  ///< write, read; truncate, allocate: the length
  std::uint64_t bytes = 0;   ///< write, read
  std::string to = {};       ///< rename
  bool creates = false;      ///< open: may make the file

  bool changes_the_disk() const noexcept;
};

/// Makes calls fail. Counted from the moment it is armed.
struct fault {
  operation_kind kind = operation_kind::write;
  int sys = 5;                      ///< errno of the failing call (EIO); mapped as file_system says
  std::uint64_t nth = 1;            ///< the first call that fails, from 1, among those that match
  bool forever = false;             ///< all later ones too
  std::string path_contains = {};   ///< only calls on such a path
  std::uint64_t partial_bytes = 0;  ///< write: so much of it is done before it fails
};

/// What a power loss leaves of all that was not synced.
enum class crash_mode : std::uint8_t {
  drop_unsynced,  ///< nothing
  keep_unsynced,  ///< everything, in its last state
  random,  ///< for each page any state it had since its last sync, or a mixture of them torn at 512 bytes;
           ///< for each directory the first so many of its unsynced changes; for each file a length it had
};

/// Thread-safe. Handles share the disk's memory and may outlive this object. Directories themselves are
/// durable at once (as the real one's are). Rename works within one directory only (EXDEV else).
class simulated_file_system final : public checkpoint::file_system {
 public:
  simulated_file_system();
  ~simulated_file_system() override;

  result<std::unique_ptr<checkpoint::file>> open(const std::string& path, checkpoint::open_mode mode,
                                                 checkpoint::caching how) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& path) override;
  result<std::vector<checkpoint::directory_entry>> list(const std::string& directory) override;
  result<void> make_directory(const std::string& path) override;
  result<void> sync_directory(const std::string& path) override;
  result<std::uint64_t> free_bytes(const std::string& path) override;
  result<std::unique_ptr<checkpoint::file>> lock(const std::string& path) override;

  /// The disk as the next start may find it; locks are gone. This one goes on as if nothing had happened, so
  /// that one run gives a crash at each of its boundaries. Same seed and history, same disk.
  std::unique_ptr<simulated_file_system> crash(crash_mode mode, std::uint64_t seed = 0) const;
  /// Seeds 0 and 1 are the two extremes, others random.
  std::unique_ptr<simulated_file_system> crash(std::uint64_t seed) const;

  /// Arms `what` beside those that are armed already.
  void inject(fault what);
  /// From the `nth` call on that changes the disk, all of them fail with EIO and do nothing: the power is
  /// off.
  void cut_power_at(std::uint64_t nth);
  void clear_faults();

  /// Bytes of all files together, in whole pages. Writes into new pages and allocations beyond fail with
  /// ENOSPC.
  void set_capacity(std::uint64_t bytes);
  std::uint64_t used_bytes() const;
  /// False: caching::direct is answered with a buffered file, as on tmpfs. True at first: unaligned direct
  /// access ends the test.
  void set_direct(bool supported);

  /// All calls so far. Bounded by the test: 10 million, then it ends.
  std::vector<operation> operations() const;
  std::uint64_t count(operation_kind kind, std::string_view path_contains = {}) const;
  /// Called before each call that changes the disk is carried out; may call `crash`. Called on the caller's
  /// thread.
  void on_change(std::function<void(const operation&)> call);

  /// Changes what lies on the disk, durable and current alike: bit rot. The file must exist.
  void corrupt(const std::string& path, std::uint64_t offset, std::byte flip = std::byte{0xff});

  class disk;  ///< opaque: what handles share

 private:
  explicit simulated_file_system(std::shared_ptr<disk> state);
  std::shared_ptr<disk> disk_;
};

}  // namespace sluice::test
