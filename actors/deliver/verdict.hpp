// Whose event is it? An attempt settles its events, or says something about the endpoint, or about the
// events: a rotated secret must not pour a whole backlog into the dead letters.
#pragma once

#include <cstdint>

#include "net/http/client.hpp"

namespace sluice::deliver {

enum class verdict : std::uint8_t {
  delivered,         ///< the events are settled
  endpoint_failed,   ///< nothing is known of the events: try the same again later
  events_condemned,  ///< one of them is refused for what it is: isolate it
};

/// The verdict of a final status. One outside 200..599 is the endpoint's failure.
constexpr verdict judge(int status) noexcept {
  if (status >= 200 && status <= 299) return verdict::delivered;
  if (status < 400 || status > 499) return verdict::endpoint_failed;
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
    case 408:
    case 410:
    case 425:
    case 429:
      return verdict::endpoint_failed;
    default:
      return verdict::events_condemned;
  }
}

/// The verdict of an attempt; one without an answer is the endpoint's failure.
inline verdict judge(const net::http::attempt& what) noexcept {
  return what ? judge(what->status) : verdict::endpoint_failed;
}

}  // namespace sluice::deliver
