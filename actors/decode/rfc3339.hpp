// Timestamps as events carry them (RFC 3339 section 5.6), strictly: what is not one has no time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::decode {

/// Unix milliseconds of `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`, t and z in either case, fraction of any
/// length cut to milliseconds; nullopt for anything else. The date must exist in the Gregorian calendar;
/// second 60 (a leap second) is allowed in any minute and is the first of the next.
std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept;

}  // namespace sluice::decode
