// How many threads and actors a node runs with: what the configuration says, and what `auto` means.
#pragma once

#include <cstdint>

#include "actors/node/config/config.hpp"

namespace sluice::config {

struct scale {
  std::uint32_t io_threads = 1, actor_threads = 1, decoders = 1, routers = 1;
  friend bool operator==(const scale&, const scale&) = default;
};

/// `auto` gives the sockets and the actors half of the processors each, rounded up (measured: more threads
/// than processors cost a third of the throughput at one event a request, in switches alone), a decoder for
/// each actor thread and a router for every two.
scale resolve(const scale_options& from, std::uint32_t processors);

/// Processors that this process may run on, at least 1: those of its affinity mask.
std::uint32_t usable_processors();

}  // namespace sluice::config
