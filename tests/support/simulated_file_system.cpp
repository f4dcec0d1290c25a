// Names, faults and handles of the simulated disk; the content of its files is in simulated_file.
#include "tests/support/simulated_file_system.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "actors/checkpoint/file_error.hpp"
#include "messages/assert.hpp"
#include "tests/support/simulated_file.hpp"

namespace sluice::test {

using checkpoint::block_bytes;
using checkpoint::caching;
using checkpoint::directory_entry;
using checkpoint::file_failure;
using checkpoint::open_mode;

namespace {

constexpr std::size_t operations_max = 10'000'000;

struct inode {
  simulated_file content;
  bool locked = false;
};
using inode_ptr = std::shared_ptr<inode>;
using name_map = std::map<std::string, inode_ptr>;

/// A change of a directory that no sync made durable yet.
struct name_change {
  std::string gone;  ///< a name that ends, or empty
  std::string made;  ///< a name that now means `what`, or empty
  inode_ptr what;
  void apply_to(name_map& names) const {
    if (!gone.empty()) names.erase(gone);
    if (!made.empty()) names[made] = what;
  }
};

std::string normal(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct armed_fault {
  fault what;
  std::uint64_t seen = 0;
};

}  // namespace

std::string_view to_string(operation_kind kind) noexcept {
  switch (kind) {
    case operation_kind::open:
      return "open";
    case operation_kind::read:
      return "read";
    case operation_kind::write:
      return "write";
    case operation_kind::sync:
      return "sync";
    case operation_kind::truncate:
      return "truncate";
    case operation_kind::allocate:
      return "allocate";
    case operation_kind::rename:
      return "rename";
    case operation_kind::remove:
      return "remove";
    case operation_kind::list:
      return "list";
    case operation_kind::make_directory:
      return "make_directory";
    case operation_kind::sync_directory:
      return "sync_directory";
    case operation_kind::free_bytes:
      return "free_bytes";
    case operation_kind::lock:
      return "lock";
  }
  return "unknown";
}

bool operation::changes_the_disk() const noexcept {
  switch (kind) {
    case operation_kind::open:
      return creates;
    case operation_kind::read:
    case operation_kind::list:
    case operation_kind::free_bytes:
      return false;
    default:
      return true;
  }
}

class simulated_file_system::disk {
 public:
  /// Why a call must fail, and what of it is done before.
  struct refusal {
    int sys = 0;
    std::uint64_t partial_bytes = 0;
  };

  /// Records the call and says whether it fails.
  std::optional<refusal> admit(const operation& what) {
    std::function<void(const operation&)> tell;
    {
      const std::lock_guard lock(guard);
      tell = on_change;
    }
    if (tell && what.changes_the_disk()) tell(what);
    const std::lock_guard lock(guard);
    SLUICE_ASSERT(operations.size() < operations_max);
    operations.push_back(what);
    if (what.changes_the_disk()) ++changes;
    if (what.changes_the_disk() && power_off_at != 0 && changes >= power_off_at) return refusal{EIO, 0};
    std::optional<refusal> refused;
    for (armed_fault& armed : faults) {
      if (armed.what.kind != what.kind || what.path.find(armed.what.path_contains) == std::string::npos)
        continue;
      ++armed.seen;
      const bool hits = armed.what.forever ? armed.seen >= armed.what.nth : armed.seen == armed.what.nth;
      if (hits && !refused) refused = refusal{armed.what.sys, armed.what.partial_bytes};
    }
    return refused;
  }

  bool is_directory(const std::string& path) const { return directories.contains(path); }

  void change_name(const std::string& directory, name_change change) {
    change.apply_to(names);
    unsynced_names[directory].push_back(std::move(change));
  }

  std::uint64_t used_pages() const {
    std::set<const inode*> counted;
    std::uint64_t pages = 0;
    for (const auto& [name, node] : names) {
      if (counted.insert(node.get()).second) pages += node->content.pages();
    }
    return pages;
  }
  std::uint64_t free_pages() const {
    const std::uint64_t used = used_pages(), all = capacity / simulated_file::page_bytes;
    return used < all ? all - used : 0;
  }

  mutable std::mutex guard;
  std::set<std::string> directories{"/", "."};
  name_map names, durable_names;
  std::map<std::string, std::vector<name_change>> unsynced_names;  // by directory
  std::uint64_t capacity = 1ull << 40;
  bool direct_supported = true;

  std::vector<operation> operations;
  std::vector<armed_fault> faults;
  std::uint64_t changes = 0, power_off_at = 0;
  std::function<void(const operation&)> on_change;
};

namespace {

class simulated_handle final : public checkpoint::file {
 public:
  simulated_handle(std::shared_ptr<simulated_file_system::disk> disk, inode_ptr node, std::string path,
                   bool writable, bool direct, bool locks)
      : disk_(std::move(disk)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        direct_(direct),
        locks_(locks) {}
  ~simulated_handle() override {
    const std::lock_guard lock(disk_->guard);
    if (locks_) node_->locked = false;
  }

  result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) const override {
    check_alignment(into.data(), into.size(), offset);
    if (auto no = disk_->admit({operation_kind::read, path_, offset, into.size()})) {
      return file_failure("read", path_, no->sys);
    }
    const std::lock_guard lock(disk_->guard);
    return node_->content.read(into, offset);
  }

  result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) override {
    check_alignment(from.data(), from.size(), offset);
    const auto no = disk_->admit({operation_kind::write, path_, offset, from.size()});
    if (!writable_) return file_failure("write", path_, EBADF);
    const std::lock_guard lock(disk_->guard);
    if (no) {
      const auto part = std::min<std::uint64_t>(no->partial_bytes, from.size());
      if (part != 0) node_->content.write(from.first(static_cast<std::size_t>(part)), offset);
      return file_failure("write", path_, no->sys);
    }
    const std::uint64_t room = disk_->free_pages();
    std::size_t fits = from.size();
    while (fits != 0 && node_->content.new_pages(offset, fits) > room) fits -= std::min(fits, block_bytes);
    if (fits != 0) node_->content.write(from.first(fits), offset);
    if (fits < from.size()) return file_failure("write", path_, ENOSPC);
    return {};
  }

  result<void> sync() override {
    const auto no = disk_->admit({operation_kind::sync, path_});
    const std::lock_guard lock(disk_->guard);
    if (no) {
      node_->content.fail_sync();
      return file_failure("sync", path_, no->sys);
    }
    node_->content.sync();
    return {};
  }

  result<void> truncate(std::uint64_t length) override {
    const auto no = disk_->admit({operation_kind::truncate, path_, length});
    if (no) return file_failure("truncate", path_, no->sys);
    if (!writable_) return file_failure("truncate", path_, EINVAL);
    const std::lock_guard lock(disk_->guard);
    node_->content.truncate(length);
    return {};
  }

  result<void> allocate(std::uint64_t length) override {
    const auto no = disk_->admit({operation_kind::allocate, path_, length});
    if (no) return file_failure("allocate", path_, no->sys);
    if (!writable_) return file_failure("allocate", path_, EBADF);
    const std::lock_guard lock(disk_->guard);
    if (node_->content.new_pages(0, length) > disk_->free_pages())
      return file_failure("allocate", path_, ENOSPC);
    node_->content.allocate(length);
    return {};
  }

  result<std::uint64_t> size() const override {
    const std::lock_guard lock(disk_->guard);
    return node_->content.length();
  }
  bool direct() const noexcept override { return direct_; }

 private:
  void check_alignment(const std::byte* memory, std::size_t bytes, std::uint64_t offset) const {
    SLUICE_ASSERT(!direct_ || (reinterpret_cast<std::uintptr_t>(memory) % block_bytes == 0 &&
                               bytes % block_bytes == 0 && offset % block_bytes == 0));
  }

  std::shared_ptr<simulated_file_system::disk> disk_;
  inode_ptr node_;
  std::string path_;
  bool writable_, direct_, locks_;
};

}  // namespace

simulated_file_system::simulated_file_system() : disk_(std::make_shared<disk>()) {}
simulated_file_system::simulated_file_system(std::shared_ptr<disk> state) : disk_(std::move(state)) {}
simulated_file_system::~simulated_file_system() = default;

result<std::unique_ptr<checkpoint::file>> simulated_file_system::open(const std::string& path, open_mode mode,
                                                                      caching how) {
  operation call{operation_kind::open, path};
  call.creates = mode == open_mode::create || mode == open_mode::create_new;
  if (auto no = disk_->admit(call)) return file_failure("open", path, no->sys);
  const std::lock_guard lock(disk_->guard);
  if (disk_->is_directory(path)) return file_failure("open", path, EISDIR);
  auto found = disk_->names.find(path);
  if (found == disk_->names.end()) {
    const std::string directory = parent_of(path);
    if (!call.creates || !disk_->is_directory(directory)) return file_failure("open", path, ENOENT);
    disk_->change_name(directory, {{}, path, std::make_shared<inode>()});
    found = disk_->names.find(path);
  } else if (mode == open_mode::create_new) {
    return file_failure("open", path, EEXIST);
  }
  const bool direct = how == caching::direct && disk_->direct_supported;
  return std::make_unique<simulated_handle>(disk_, found->second, path, mode != open_mode::read, direct,
                                            false);
}

result<void> simulated_file_system::rename(const std::string& from, const std::string& to) {
  operation call{operation_kind::rename, from};
  call.to = to;
  if (auto no = disk_->admit(call)) return file_failure("rename", from, no->sys);
  const std::lock_guard lock(disk_->guard);
  const auto found = disk_->names.find(from);
  const std::string directory = parent_of(from);
  if (found == disk_->names.end()) return file_failure("rename", from, ENOENT);
  if (parent_of(to) != directory) return file_failure("rename", from, EXDEV);
  if (disk_->is_directory(to)) return file_failure("rename", from, EISDIR);
  if (from != to) disk_->change_name(directory, {from, to, found->second});
  return {};
}

result<void> simulated_file_system::remove(const std::string& path) {
  if (auto no = disk_->admit({operation_kind::remove, path})) return file_failure("remove", path, no->sys);
  const std::lock_guard lock(disk_->guard);
  if (!disk_->names.contains(path))
    return file_failure("remove", path, disk_->is_directory(path) ? EISDIR : ENOENT);
  disk_->change_name(parent_of(path), {path, {}, nullptr});
  return {};
}

result<std::vector<directory_entry>> simulated_file_system::list(const std::string& directory) {
  if (auto no = disk_->admit({operation_kind::list, directory}))
    return file_failure("list", directory, no->sys);
  const std::lock_guard lock(disk_->guard);
  const std::string in = normal(directory);
  if (!disk_->is_directory(in))
    return file_failure("list", directory, disk_->names.contains(in) ? ENOTDIR : ENOENT);
  std::vector<directory_entry> found;
  for (const auto& [path, node] : disk_->names) {
    if (parent_of(path) == in)
      found.push_back({path.substr(path.find_last_of('/') + 1), node->content.length()});
  }
  std::ranges::sort(found, {}, &directory_entry::name);
  return found;
}

result<void> simulated_file_system::make_directory(const std::string& path) {
  if (auto no = disk_->admit({operation_kind::make_directory, path})) {
    return file_failure("make the directory", path, no->sys);
  }
  const std::lock_guard lock(disk_->guard);
  for (std::string at = normal(path); !disk_->is_directory(at); at = parent_of(at)) {
    if (disk_->names.contains(at)) return file_failure("make the directory", at, ENOTDIR);
  }
  for (std::string at = normal(path); !disk_->is_directory(at); at = parent_of(at))
    disk_->directories.insert(at);
  return {};
}

result<void> simulated_file_system::sync_directory(const std::string& path) {
  if (auto no = disk_->admit({operation_kind::sync_directory, path})) {
    return file_failure("sync the directory", path, no->sys);
  }
  const std::lock_guard lock(disk_->guard);
  const std::string directory = normal(path);
  if (!disk_->is_directory(directory)) return file_failure("sync the directory", path, ENOENT);
  for (const name_change& change : disk_->unsynced_names[directory]) change.apply_to(disk_->durable_names);
  disk_->unsynced_names.erase(directory);
  return {};
}

result<std::uint64_t> simulated_file_system::free_bytes(const std::string& path) {
  if (auto no = disk_->admit({operation_kind::free_bytes, path})) {
    return file_failure("ask for free space", path, no->sys);
  }
  const std::lock_guard lock(disk_->guard);
  const std::string at = normal(path);
  if (!disk_->is_directory(at) && !disk_->names.contains(at))
    return file_failure("ask for free space", path, ENOENT);
  return disk_->free_pages() * simulated_file::page_bytes;
}

result<std::unique_ptr<checkpoint::file>> simulated_file_system::lock(const std::string& path) {
  if (auto no = disk_->admit({operation_kind::lock, path})) return file_failure("lock", path, no->sys);
  const std::lock_guard lock(disk_->guard);
  const std::string pid = std::to_string(::getpid()), line = pid + "\n";
  auto found = disk_->names.find(path);
  if (found == disk_->names.end()) {
    if (!disk_->is_directory(parent_of(path))) return file_failure("open", path, ENOENT);
    disk_->change_name(parent_of(path), {{}, path, std::make_shared<inode>()});
    found = disk_->names.find(path);
  }
  const inode_ptr node = found->second;
  if (node->locked) return fail(errc::locked, "held by process " + pid, path, EWOULDBLOCK);
  node->locked = true;
  node->content.truncate(0);
  node->content.write(std::as_bytes(std::span(line)), 0);
  return std::make_unique<simulated_handle>(disk_, node, path, true, false, true);
}

std::unique_ptr<simulated_file_system> simulated_file_system::crash(crash_mode mode,
                                                                    std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  const std::lock_guard lock(disk_->guard);
  auto after = std::make_shared<disk>();
  after->directories = disk_->directories;
  after->capacity = disk_->capacity;
  after->direct_supported = disk_->direct_supported;
  name_map names = disk_->durable_names;
  for (const auto& [directory, changes] : disk_->unsynced_names) {
    std::size_t kept = mode == crash_mode::drop_unsynced ? 0 : changes.size();
    if (mode == crash_mode::random) kept = random() % (changes.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) changes[i].apply_to(names);
  }
  std::map<const inode*, inode_ptr> images;
  for (const auto& [path, node] : names) {
    inode_ptr& image = images[node.get()];
    if (!image) {
      const simulated_file& content = node->content;
      image = std::make_shared<inode>();
      image->content = mode == crash_mode::drop_unsynced   ? content.without_unsynced()
                       : mode == crash_mode::keep_unsynced ? content.with_unsynced()
                                                           : content.with_some_unsynced(random);
    }
    after->names[path] = image;
  }
  after->durable_names = after->names;
  return std::unique_ptr<simulated_file_system>(new simulated_file_system(std::move(after)));
}

std::unique_ptr<simulated_file_system> simulated_file_system::crash(std::uint64_t seed) const {
  return crash(seed == 0   ? crash_mode::drop_unsynced
               : seed == 1 ? crash_mode::keep_unsynced
                           : crash_mode::random,
               seed);
}

void simulated_file_system::inject(fault what) {
  SLUICE_ASSERT(what.nth > 0 && what.sys != 0);
  const std::lock_guard lock(disk_->guard);
  disk_->faults.push_back({std::move(what)});
}

void simulated_file_system::cut_power_at(std::uint64_t nth) {
  SLUICE_ASSERT(nth > 0);
  const std::lock_guard lock(disk_->guard);
  disk_->power_off_at = disk_->changes + nth;
}

void simulated_file_system::clear_faults() {
  const std::lock_guard lock(disk_->guard);
  disk_->faults.clear();
  disk_->power_off_at = 0;
}

void simulated_file_system::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(disk_->guard);
  disk_->capacity = bytes;
}

std::uint64_t simulated_file_system::used_bytes() const {
  const std::lock_guard lock(disk_->guard);
  return disk_->used_pages() * simulated_file::page_bytes;
}

void simulated_file_system::set_direct(bool supported) {
  const std::lock_guard lock(disk_->guard);
  disk_->direct_supported = supported;
}

std::vector<operation> simulated_file_system::operations() const {
  const std::lock_guard lock(disk_->guard);
  return disk_->operations;
}

std::uint64_t simulated_file_system::count(operation_kind kind, std::string_view path_contains) const {
  const std::lock_guard lock(disk_->guard);
  return static_cast<std::uint64_t>(std::ranges::count_if(disk_->operations, [&](const operation& o) {
    return o.kind == kind && o.path.find(path_contains) != std::string::npos;
  }));
}

void simulated_file_system::on_change(std::function<void(const operation&)> call) {
  const std::lock_guard lock(disk_->guard);
  disk_->on_change = std::move(call);
}

void simulated_file_system::corrupt(const std::string& path, std::uint64_t offset, std::byte flip) {
  const std::lock_guard lock(disk_->guard);
  const auto found = disk_->names.find(path);
  SLUICE_ASSERT(found != disk_->names.end());
  found->second->content.corrupt(offset, flip);
}

}  // namespace sluice::test
