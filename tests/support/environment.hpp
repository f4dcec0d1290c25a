// Numbers that whoever runs a test may set: a seed to replay, rounds to go on longer.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace sluice::test {

/// The variable's number, or `otherwise` where it is not set.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace sluice::test
