#include "actors/node/config/scale.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace sluice::config {

scale resolve(const scale_options& from, std::uint32_t processors) {
  const std::uint32_t half = std::max(1u, (processors + 1) / 2);
  scale to;
  to.io_threads = from.io_threads.value_or(half);
  to.actor_threads = from.actor_threads.value_or(half);
  to.decoders = from.decoders.value_or(to.actor_threads);
  to.routers = from.routers.value_or((to.actor_threads + 1) / 2);
  return to;
}

std::uint32_t usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines with more processors than the set has room for: then all of them are counted.
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace sluice::config
