// Reads `Retry-After` (RFC 9110 section 10.2.3), so that a receiver's wish about time outranks our own
// schedule.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::deliver {

/// The wait that a field value asks for at `wall_now`, never negative: delta-seconds, or an IMF-fixdate
/// (section 5.6.7) less `wall_now`. A number that does not fit is the largest that does; anything else, the
/// two obsolete date forms included, is nothing.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::sys_seconds wall_now);

}  // namespace sluice::deliver
