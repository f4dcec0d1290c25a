// The durable store of events that could not be delivered or were no valid events: bounded, idempotent,
// readable by anybody while the node runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/checkpoint/file_system.hpp"
#include "messages/position.hpp"
#include "messages/result.hpp"

namespace sluice::deliver {

struct dead_letter {
  position at = 0;          ///< of the event in the log
  std::string destination;  ///< name; `dead-letters` for a quarantined event
  std::string reason;       ///< one line
  std::uint32_t attempts = 0;
  std::int64_t received_ms = 0;    ///< Unix milliseconds: accepted
  std::int64_t stored_ms = 0;      ///< Unix milliseconds: given up
  std::string id, source, region;  ///< escaped as they came, empty when there were none
  std::string event;               ///< the event's bytes as they came
};

struct dead_letter_options {
  std::string directory;
  std::uint64_t max_bytes = 2ull << 30;
};

/// Thread-safe; calls block for the disk (a stage's worker calls them).
class dead_letter_store {
 public:
  /// Reads what is there, cuts a torn tail. errc::corrupt with file and offset when synced letters are
  /// damaged.
  static result<std::unique_ptr<dead_letter_store>> open(checkpoint::file_system& files,
                                                         dead_letter_options options);
  virtual ~dead_letter_store() = default;

  /// Stores the letters, synced before it returns; one that is there already (same position and destination)
  /// is not stored again. errc::backlog_full when max_bytes has no room: nothing was stored.
  virtual result<void> append(std::span<const dead_letter> letters) = 0;
  virtual std::uint64_t count(std::string_view destination) const = 0;
  virtual std::uint64_t bytes() const = 0;
  /// The last `append` found no room.
  virtual bool full() const noexcept = 0;
};

/// Visits every stored letter in the order of storing, oldest first, until `visit` returns false. Takes no
/// lock: it may run beside a node, and then sees what was synced when it came by.
result<void> read_dead_letters(checkpoint::file_system& files, const std::string& directory,
                               const std::function<bool(const dead_letter&)>& visit);

}  // namespace sluice::deliver
