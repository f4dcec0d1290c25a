// Sizes, durations, numbers and addresses as people write them. What is wrong with a text is said without
// repeating the text: it may be a secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "actors/node/config/config.hpp"

namespace sluice::config {

/// The value, or what the text is (`is not a size`).
template <class T>
using parsed = tl::expected<T, std::string>;

/// Digits and a unit, no space: B, KiB, MiB, GiB, TiB. Decimal units (KB, MB) are refused: half their users
/// mean 1024.
parsed<std::uint64_t> parse_size(std::string_view text);
std::string print_size(std::uint64_t bytes);  ///< in the largest unit that divides it

/// Digits and a unit, no space: ms, s, m, h, d.
parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string print_duration(std::chrono::milliseconds time);

/// Decimal digits alone.
parsed<std::uint64_t> parse_count(std::string_view text);

/// `1.2.3.4:80`, `[::1]:80` or `localhost:80` (which is 127.0.0.1); numeric otherwise, so that nothing waits
/// for DNS.
parsed<endpoint> parse_endpoint(std::string_view text);
std::string print_endpoint(const endpoint& at);
bool is_loopback(const endpoint& at);  ///< 127.0.0.0/8 or ::1

inline constexpr std::string_view size_units = "B, KiB, MiB, GiB or TiB";
inline constexpr std::string_view duration_units = "ms, s, m, h or d";

}  // namespace sluice::config
