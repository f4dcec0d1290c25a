// An audit line: what happened to one event, one JSON object, whatever the event contains.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::audit {

/// What a line says. `id`, `source` and `region` are JSON string contents, escaped as they came.
struct line {
  std::int64_t at_ms = 0;  ///< Unix milliseconds
  std::string_view id, source, region;
  std::string_view action;
  std::string_view destination;  ///< plain text; empty: none
  std::string_view reason;       ///< plain text; empty: none
  std::string_view who = {};     ///< an operator's act: who asked; plain text; empty: none
};

/// Appends lines to a buffer; remembers the last time stamp's text. Not thread-safe.
class line_writer {
 public:
  /// Appends `{"timestamp":"…Z","eventId":…,"source":…,"action":…,"region":…}` with `destination`, `reason`
  /// and `who` where they apply, and a line feed. Allocates only when `to` grows.
  void append(std::string& to, const line& what);

 private:
  void stamp(std::string& to, std::int64_t at_ms);
  std::int64_t stamped_ms_ = -1;
  char stamp_[24];  // YYYY-MM-DDThh:mm:ss.mmmZ
};

}  // namespace sluice::audit
