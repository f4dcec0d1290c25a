// Preloaded into the release binary: the wall clock, and no other, stands as many seconds off as a file says
// at that moment. Uses no C++ library.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

/// The mapped file: one number, which the test changes while the program runs.
const volatile std::int64_t* offset_seconds() {
  static const volatile std::int64_t* const mapped = [] {
    const char* const path = std::getenv("SLUICE_CLOCK_OFFSET");
    const int file = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) std::abort();  // a clock that does not step proves nothing
    void* const at = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) std::abort();
    ::close(file);
    return static_cast<const volatile std::int64_t*>(at);
  }();
  return mapped;
}

int stepped(clockid_t which, timespec* to) {
  const long failed = ::syscall(SYS_clock_gettime, which, to);
  if (failed == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
    to->tv_sec += *offset_seconds();
  return static_cast<int>(failed);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t which, timespec* to) noexcept { return stepped(which, to); }

int gettimeofday(timeval* to, void*) noexcept {
  timespec now{};
  stepped(CLOCK_REALTIME, &now);
  *to = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* to) noexcept {
  timespec now{};
  stepped(CLOCK_REALTIME, &now);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}
}
