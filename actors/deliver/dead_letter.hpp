// A dead letter: an event that left its lane without having arrived, and what is known of why.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "messages/position.hpp"

namespace sluice::deliver {

/// Names a letter for ever. An event that was redriven and became a letter again is another letter: its
/// generation is one higher.
struct letter_key {
  std::string destination;
  position origin = 0;  ///< of the event in the log, when it was accepted
  std::uint32_t generation = 0;
  friend auto operator<=>(const letter_key&, const letter_key&) = default;
};

/// `destination:origin`, and `.generation` where that is not 0.
std::string to_string(const letter_key& key);
/// What `to_string` wrote; nothing for any other text.
std::optional<letter_key> parse_letter_key(std::string_view text);

struct dead_letter {
  position at = 0;               ///< of the event in the log, where its lane gave it up
  position origin = 0;           ///< where it stood first; `at`, unless it was redriven
  std::uint32_t generation = 0;  ///< how often it was redriven
  lane_id lane = 0;
  std::string destination;           ///< name; `dead-letters` for a quarantined event
  std::string reason;                ///< one line
  std::uint32_t attempts = 0;        ///< of all generations together
  std::int64_t received_ms = 0;      ///< Unix milliseconds: accepted
  std::int64_t redriven_ms = 0;      ///< Unix milliseconds: went into its lane again the last time; 0: never
  std::int64_t first_stored_ms = 0;  ///< Unix milliseconds: given up the first time; 0: this is the first
  std::int64_t stored_ms = 0;        ///< Unix milliseconds: given up
  std::string id, source, region;    ///< escaped as they came, empty when there were none
  std::string event;                 ///< the event's bytes as they came

  letter_key key() const { return {destination, origin, generation}; }
  /// Since when it has been waiting to be delivered.
  std::int64_t waiting_since_ms() const noexcept { return redriven_ms != 0 ? redriven_ms : received_ms; }
};

/// Chooses letters; what is empty or at its default chooses all.
struct letter_filter {
  std::string destination, source, id;                               ///< equal, as texts came (escaped)
  std::string reason;                                                ///< contained
  std::int64_t since_ms = 0;                                         ///< given up at or after
  std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();  ///< given up before
  bool matches(const dead_letter& letter) const;
};

}  // namespace sluice::deliver
