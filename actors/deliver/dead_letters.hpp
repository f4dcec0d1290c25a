// The durable store of events that could not be delivered or were no valid events: bounded, idempotent,
// readable by anybody while the node runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/file_system.hpp"
#include "actors/deliver/dead_letter.hpp"
#include "messages/result.hpp"

namespace sluice::deliver {

struct dead_letter_options {
  std::string directory;
  std::uint64_t max_bytes = 2ull << 30;
  std::uint64_t file_bytes = 4ull << 20;  ///< a file takes no group beyond it, but the first
};

/// What one look at the store may return and read.
struct page_bounds {
  std::size_t letters = 100;
  std::size_t event_bytes = 4u << 20;  ///< passed by the last letter at most
  std::uint64_t read_bytes = 64ull << 20;
};

struct letter_page {
  std::vector<dead_letter> letters;  ///< in the order of storing, oldest first
  std::string next;                  ///< where the next page begins; empty: nothing is left
};

/// Says something of a letter; false when empty.
using letter_predicate = std::function<bool(const dead_letter&)>;

/// Thread-safe; calls block for the disk (a stage's worker calls them). Letters that stay are moved together
/// from time to time, so that the room of removed ones comes back; a moved letter counts as just stored in
/// the order of pages: it may be seen twice, never missed.
class dead_letter_store {
 public:
  /// Reads what is there, cuts a torn tail. errc::corrupt with file and offset when synced letters are
  /// damaged. What `gone` tells of is removed: a letter is stored before its lane gives the event up, and
  /// removed after it was redriven, and a crash may have come between.
  static result<std::unique_ptr<dead_letter_store>> open(checkpoint::file_system& files,
                                                         dead_letter_options options,
                                                         const letter_predicate& gone = {});
  virtual ~dead_letter_store() = default;

  /// Stores the letters, synced before it returns; one that is there already (same key) is not stored again.
  /// errc::backlog_full when max_bytes has no room: nothing was stored.
  virtual result<void> append(std::span<const dead_letter> letters) = 0;
  /// Removes the letters, synced before it returns, and says how many were there. After an error some may be
  /// removed: the same call again ends it.
  virtual result<std::uint64_t> remove(std::span<const letter_key> keys) = 0;
  /// Letters that `which` chooses behind `after` (a page's `next`; empty: from the oldest on). A page may be
  /// empty and still have a next one. errc::bad_request when `after` is no page's `next`.
  virtual result<letter_page> page(const letter_filter& which, const std::string& after,
                                   const page_bounds& bounds) const = 0;
  virtual result<std::optional<dead_letter>> find(const letter_key& key) const = 0;

  virtual std::uint64_t count(std::string_view destination) const = 0;
  virtual std::uint64_t bytes() const = 0;
  /// The last `append` found no room, and nothing was removed since.
  virtual bool full() const noexcept = 0;
};

/// Visits every stored letter in the order of storing, oldest first, until `visit` returns false. Takes no
/// lock: it may run beside a node, and then sees what was synced when it came by.
result<void> read_dead_letters(checkpoint::file_system& files, const std::string& directory,
                               const std::function<bool(const dead_letter&)>& visit);

}  // namespace sluice::deliver
