// Preloaded into the release binary: makes the sync of a log segment slow or fail, and notes in one file when
// syncs returned and when answers left, so that a test can see which came first. Uses no C++ library.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

template <class Function>
Function next_of(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  Function as = nullptr;
  static_assert(sizeof as == sizeof found);
  std::memcpy(&as, &found, sizeof as);
  return as;
}

using write_function = ssize_t (*)(int, const void*, size_t);

void note(const char* what) {
  static const char* const path = std::getenv("SLUICE_FAULT_LOG");
  static const int log = path != nullptr ? ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  static const auto real_write = next_of<write_function>("write");
  if (log < 0) return;
  char line[64];
  const int size = std::snprintf(line, sizeof line, "%s %lld\n", what, static_cast<long long>(now_ns()));
  if (real_write(log, line, static_cast<std::size_t>(size)) != size)
    std::abort();  // a log with holes proves nothing
}

/// A segment under its log name: `pool-….seg` and `reserve.seg` hold nothing that was acknowledged.
bool is_segment(int fd) {
  char link[40], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = '\0';
  const char* const slash = std::strrchr(path, '/');
  const char* const name = slash != nullptr ? slash + 1 : path;
  const std::size_t length = std::strlen(name);
  return length > 4 && std::strcmp(name + length - 4, ".seg") == 0 && std::strncmp(name, "pool-", 5) != 0 &&
         std::strcmp(name, "reserve.seg") != 0;
}

void pause_as_asked() {
  static const char* const text = std::getenv("SLUICE_FAULT_SYNC_DELAY_MS");
  static const long delay_ms = text != nullptr ? std::strtol(text, nullptr, 10) : 0;
  timespec left{delay_ms / 1000, delay_ms % 1000 * 1'000'000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

bool must_fail() {
  static const char* const trigger = std::getenv("SLUICE_FAULT_FAIL_ONCE");
  return trigger != nullptr && trigger[0] != '\0' && ::unlink(trigger) == 0;
}

int watched_sync(int (*real)(int), int fd) {
  if (!is_segment(fd)) return real(fd);
  note("sync-begin");
  const bool fails = must_fail();
  pause_as_asked();
  if (fails) {
    note("sync-failed");
    errno = EIO;
    return -1;
  }
  const int failed = real(fd);
  note(failed == 0 ? "sync-done" : "sync-failed");
  return failed;
}

/// Notes an answer that begins in these buffers, before it leaves.
void note_answer(const iovec* parts, std::size_t count) {
  static constexpr char version[] = "HTTP/1.1 ";
  static constexpr std::size_t needed = sizeof version - 1 + 3;
  char front[needed];
  std::size_t have = 0;
  for (std::size_t i = 0; i < count && have < needed; ++i) {
    const std::size_t take = parts[i].iov_len < needed - have ? parts[i].iov_len : needed - have;
    if (take != 0) std::memcpy(front + have, parts[i].iov_base, take);
    have += take;
  }
  if (have < needed || std::memcmp(front, version, sizeof version - 1) != 0) return;
  char what[16];
  std::snprintf(what, sizeof what, "answer-%.3s", front + sizeof version - 1);
  note(what);
}

void note_answer(const void* bytes, std::size_t size) {
  const iovec part{const_cast<void*>(bytes), size};
  note_answer(&part, 1);
}

}  // namespace

extern "C" {

int fdatasync(int fd) {
  static const auto real = next_of<int (*)(int)>("fdatasync");
  return watched_sync(real, fd);
}

int fsync(int fd) {
  static const auto real = next_of<int (*)(int)>("fsync");
  return watched_sync(real, fd);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  static const auto real = next_of<ssize_t (*)(int, const void*, size_t, int)>("send");
  note_answer(bytes, size);
  return real(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = next_of<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
  note_answer(message->msg_iov, message->msg_iovlen);
  return real(fd, message, flags);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next_of<write_function>("write");
  note_answer(bytes, size);
  return real(fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = next_of<ssize_t (*)(int, const iovec*, int)>("writev");
  note_answer(parts, static_cast<std::size_t>(count));
  return real(fd, parts, count);
}

}  // extern "C"
