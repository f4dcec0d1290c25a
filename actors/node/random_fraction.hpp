// The chance in what is tried again: attempts of many lanes, and of many nodes, must not come together.
#pragma once

#include <functional>
#include <random>

namespace sluice::node {

/// Draws from [0, 1), each time anew; a source of its own, to be called by one thread at a time.
inline std::function<double()> random_fraction() {
  return [engine = std::mt19937_64(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace sluice::node
