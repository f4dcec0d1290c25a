// What an operator asks of a destination, or of its dead letters: made durable first, then carried out, then
// answered.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/checkpoint/format.hpp"
#include "actors/checkpoint/redrive.hpp"
#include "messages/result.hpp"

namespace sluice::checkpoint {

enum class order_kind : std::uint8_t {
  pause,
  resume,
  discard,
  discard_letters,  ///< is noted; whoever asked removes them once it is durable
  redrive,          ///< likewise; the events are owed once more then
};

constexpr std::string_view to_string(order_kind what) noexcept {
  switch (what) {
    case order_kind::pause:
      return "pause";
    case order_kind::resume:
      return "resume";
    case order_kind::discard:
      return "discard";
    case order_kind::discard_letters:
      return "discard_dead_letters";
    case order_kind::redrive:
      return "redrive";
  }
  return "";
}

struct order {
  order_kind what{};
  destination_id destination = 0;
  std::string who;            ///< asks, for the audit; at most order_who_bytes_max
  std::uint64_t letters = 0;  ///< discard_letters: how many
  /// redrive: which. Those that still wait in their lanes after a second are taken out.
  redrive_ptr redriven = {};
  unsigned looks = 0;  ///< redrive: how often the checkpoint found some that still wait
  /// Called once when it is durable, with the number of events that waited there when it came, or of letters;
  /// or when it cannot be: errc::not_found, errc::log_full, errc::not_durable. From the checkpoint's thread:
  /// it must only post. Not called when the node ends before.
  std::function<void(result<std::uint64_t>)> done;
};
using order_ptr = std::shared_ptr<order>;

/// Longest text of who asked, in bytes.
inline constexpr std::size_t order_who_bytes_max = 255;

/// A redrive has a record of its own kind.
constexpr control_kind record_of(order_kind what) noexcept {
  switch (what) {
    case order_kind::pause:
      return control_kind::destination_paused;
    case order_kind::resume:
      return control_kind::destination_resumed;
    case order_kind::discard_letters:
      return control_kind::letters_discarded;
    case order_kind::discard:
    case order_kind::redrive:
      break;
  }
  return control_kind::destination_discarded;
}

}  // namespace sluice::checkpoint
