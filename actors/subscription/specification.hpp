// The rules of a subscription, before anything is sent: what Genesys Cloud would refuse, or take and then
// never deliver, is refused here with its reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/subscription/settings.hpp"
#include "messages/error.hpp"

namespace sluice::subscription {

inline constexpr std::size_t name_bytes_max = 256;
inline constexpr std::size_t sources_max = 100;
inline constexpr std::uint32_t retention_days_max = 365;
inline constexpr std::uint32_t events_per_second_max = 1000;

/// Every wrong field with a message of its own; `place` is the field (`sources[2]`), for the caller to
/// complete.
std::vector<error> check(const specification& what);

/// What is wrong with the origin of a host that is given instead of a region's, or nothing.
std::string wrong_origin(std::string_view text);

/// The body of a create. An update says also that it shall be active.
std::string create_body(const specification& what);
std::string update_body(const specification& what);

}  // namespace sluice::subscription
