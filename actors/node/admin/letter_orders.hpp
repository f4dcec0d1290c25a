// POST /api/v1/dead-letters/discard and /redrive: what becomes of letters stands in the log first, then they
// leave the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/board.hpp"
#include "actors/checkpoint/redrive.hpp"
#include "actors/node/admin/dead_letters.hpp"
#include "actors/node/admin/orders.hpp"

namespace sluice::node::admin {

/// What letters are ordered with. All of it outlives the handlers.
struct letter_order_sources {
  letter_desk* letters = nullptr;
  const order_desk* orders = nullptr;
  const checkpoint::board* board = nullptr;
  /// Lanes of a configured destination; 0: it is none. Thread-safe.
  std::function<std::size_t(std::string_view destination)> lanes;
  /// Fills entries (without targets) and body from the letters' events; errc::corrupt when one is none.
  /// Called on the desk's thread.
  std::function<result<void>(std::span<const deliver::dead_letter>, checkpoint::rewritten_events&)> read;
};

/// Bytes of events that one redrive takes, passed by its last one at most.
inline constexpr std::size_t redrive_bytes = 1u << 20;

/// Gives up what `key` names, or up to `limit` letters that the filter chooses behind `after`:
/// `{"discarded":n,"next":…}`. 400 without a destination, or with keys of several; 404 when the log knows
/// none of that name.
handler discard_dead_letters(letter_order_sources from);

/// Sends likewise chosen letters back into their lanes: `{"redriven":n,"next":…}`. They are tried again as if
/// they had just come, under the same limit, and a letter that comes of it is another one. A letter whose
/// giving up is not durable yet stays. One at a time: 409 while another is under way, and for a destination
/// that is not configured; 422 for quarantined events, which no receiver could read.
class redrive_orders {
 public:
  explicit redrive_orders(letter_order_sources from) : from_(std::move(from)) {}

  /// This outlives the handler.
  handler take();

 private:
  /// The one redrive under way, from its first look at the store to the removal of its letters.
  struct turn;
  using turn_ptr = std::shared_ptr<turn>;
  void begin(const turn_ptr& mine, deliver::dead_letter_store& store);
  void end(const turn_ptr& mine, deliver::dead_letter_store& store);

  letter_order_sources from_;
  std::mutex mutex_;
  bool under_way_ = false;
  // Redriven and not yet removed, which an error may leave: the next one begins with them. Whoever has the
  // turn.
  std::vector<deliver::letter_key> leaving_;
};

}  // namespace sluice::node::admin
