// Namespaces and tmpfs.
#include "tests/support/small_disk.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

/// Whether this process is alone with its mounts now. Root needs one namespace, others one of users as well.
bool leave_mounts_of_others() {
  if (::geteuid() == 0) {
    if (::unshare(CLONE_NEWNS) != 0) return false;
  } else {
    const auto user = std::to_string(::geteuid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write_text("/proc/self/uid_map", "0 " + user + " 1\n");
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

small_disk::small_disk(std::filesystem::path where, std::uint64_t bytes) : where_(std::move(where)) {
  std::filesystem::create_directories(where_);
  if (!leave_mounts_of_others()) return;
  const std::string options = "mode=0700,size=" + std::to_string(bytes);
  mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

small_disk::~small_disk() {
  if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
}

void small_disk::fill(std::uint64_t left) {
  const std::string name = (where_ / "filler").string();
  const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot make " + name + ": " + std::strerror(errno));
  off_t end = 0;
  int failed = 0;
  // The node writes at the same time, so what is free is asked again until it is as little as wanted.
  for (std::uint64_t room = 0; failed == 0 && (room = std::filesystem::space(where_).available) > left;) {
    const auto more = static_cast<off_t>(room - left);
    failed = ::posix_fallocate(fd, end, more);
    if (failed == 0) end += more;
    if (failed == ENOSPC) failed = 0;
  }
  ::close(fd);
  if (failed != 0) throw std::runtime_error("cannot fill " + name + ": " + std::strerror(failed));
}

void small_disk::free_again() { std::filesystem::remove(where_ / "filler"); }

}  // namespace sluice::testing
