// What an operator asks of a destination: made durable first, then carried out, then answered.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/checkpoint/format.hpp"
#include "messages/result.hpp"

namespace sluice::checkpoint {

enum class order_kind : std::uint8_t { pause, resume };

constexpr std::string_view to_string(order_kind what) noexcept {
  return what == order_kind::pause ? "pause" : "resume";
}

struct order {
  order_kind what{};
  destination_id destination = 0;
  std::string who;  ///< asks, for the audit; at most order_who_bytes_max
  /// Called once when it is durable, or cannot be: errc::not_found, errc::not_durable. From the checkpoint's
  /// thread: it must only post. Not called when the node ends before.
  std::function<void(result<void>)> done;
};
using order_ptr = std::shared_ptr<order>;

/// Longest text of who asked, in bytes.
inline constexpr std::size_t order_who_bytes_max = 255;

constexpr control_kind record_of(order_kind what) noexcept {
  return what == order_kind::pause ? control_kind::destination_paused : control_kind::destination_resumed;
}

}  // namespace sluice::checkpoint
