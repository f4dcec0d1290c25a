// Whether a request is repeated, and when: what passes by itself is tried again for a while, what does not is
// shown at once.
#pragma once

#include <chrono>
#include <optional>

#include "actors/deliver/retry_schedule.hpp"
#include "net/http/client.hpp"

namespace sluice::subscription {

/// Of one request. Pure, not thread-safe.
class patience {
 public:
  static constexpr int limited_max = 3;  ///< repetitions after a 429: after 1, 2 and 4 s, or as it asks
  static constexpr int faults_max = 4;   ///< repetitions after a 5xx or a fault of the network
  /// Who asks for more is not waited for.
  static constexpr std::chrono::seconds retry_after_max{180};

  /// `repeatable`: carried out twice it does no harm. Any other request is repeated only when it was
  /// certainly not carried out.
  explicit patience(bool repeatable) : repeatable_(repeatable) {}

  /// The wait before the next attempt after one that `ended` like this; nothing: there is none. `random` in
  /// [0, 1).
  std::optional<std::chrono::nanoseconds> after(const net::http::attempt& ended, double random,
                                                std::chrono::sys_seconds wall_now);

  /// Whether the request may have been carried out although it `ended` like this.
  static bool perhaps_done(const net::http::attempt& ended);

 private:
  static constexpr std::chrono::seconds fault_wait_max{8};

  bool repeatable_;
  int limited_ = 0, faults_ = 0;
  deliver::retry_schedule schedule_{{std::chrono::milliseconds(500), fault_wait_max, retry_after_max}};
};

}  // namespace sluice::subscription
