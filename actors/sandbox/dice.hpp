// Reproducible chance: everything that the sandbox draws comes from one printed seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace sluice::sandbox {

/// One stream of draws; streams of one seed are independent of how fast another is used. Not thread-safe.
class dice {
 public:
  explicit dice(std::uint64_t seed, std::uint64_t stream = 0) : engine_(seed + stream * odd) {}

  std::uint64_t bits() { return engine_(); }
  /// Uniform in [0, 1).
  double fraction() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  bool chance(double share) { return fraction() < share; }
  /// Uniform in [0, n), n >= 1, to within 2^-64 · n.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(bits() % n); }

  /// A random UUID (RFC 9562, version 4).
  std::string uuid() {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text = "00000000-0000-4000-8000-000000000000";
    std::uint64_t pool = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i == 0 || i == 18) pool = bits();
      if (text[i] == '-' || text[i] == '4') continue;
      const unsigned nibble = pool & 15;
      text[i] = text[i] == '8' ? digits[8 + (nibble & 3)] : digits[nibble];
      pool >>= 4;
    }
    return text;
  }

 private:
  static constexpr std::uint64_t odd = 0x9e3779b97f4a7c15ULL;
  std::mt19937_64 engine_;
};

}  // namespace sluice::sandbox
