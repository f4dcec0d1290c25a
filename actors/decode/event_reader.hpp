// Understands one event: its slice of the body, the members of its envelope, and whether it is valid.
// Everything else in it is checked to be JSON and otherwise left alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "actors/decode/identity.hpp"
#include "actors/decode/json_walk.hpp"
#include "messages/batch.hpp"

namespace sluice::decode {

/// What an event may look like, depending on the body it comes in.
enum class shapes : std::uint8_t {
  plain,  ///< members id, source, timestamp, metadata, data; others mean nothing
  any,    ///< with `specversion` a CloudEvent, else with `detail-type` an AWS EventBridge event, else plain
};

/// Reads events of one body after the other. One for each decoder; not thread-safe.
class event_reader {
 public:
  enum class outcome : std::uint8_t { read, not_json, too_many_members };

  /// At most `max_metadata` metadata members in one body.
  event_reader(const identity_key& key, std::size_t max_metadata) : key_(key), max_metadata_(max_metadata) {}

  /// Before the first event of a body; both stay until the last is read.
  void start(std::string_view body, decoded& out) {
    body_ = body;
    out_ = &out;
  }

  /// The value under the cursor as one event, valid or quarantined, added to `out`. On not_json the walk has
  /// the fault.
  outcome read(json_walk& walk, shapes allowed);

 private:
  /// The members that some shape gives a meaning to.
  enum slot : std::uint8_t {
    id,
    source,
    timestamp,
    metadata,
    data,
    specversion,
    detail_type,
    time,
    region,
    account,
    detail,
    slots,
    none = slots
  };
  using slot_set = std::uint32_t;
  static constexpr slot_set in(slot s) noexcept { return slot_set{1} << s; }

  /// What the members of one event are. `text` of a slot means something only where `strings` has it.
  struct envelope {
    slot_set seen = 0, twice = 0, strings = 0, nulls = 0, objects = 0;
    std::array<raw_string, slots> text;
    raw_string metadata_region;  ///< the first one; of size 0 when there is none
    bool has_metadata_region = false;
    bool metadata_strings_only = true;
  };
  struct attribute {
    raw_string key, value;
  };
  enum class shape : std::uint8_t { plain, event_bridge, cloud_event };

  static slot slot_of(std::string_view key) noexcept;
  outcome read_members(json_walk& walk, envelope& found);
  outcome read_metadata(json_walk& walk, envelope& found);
  quarantine usable_string(const envelope& found, shape kind, slot s, std::string_view& view);
  outcome take_attributes(const envelope& found, shape kind);
  void add(const envelope& found, shape kind, std::uint32_t begin, std::uint32_t end);
  void add_quarantined(event_entry entry, quarantine why);
  std::string_view text(const raw_string& raw) {
    return raw.escaped ? unescaped(raw) : body_.substr(raw.begin, raw.size());
  }
  std::string_view unescaped(const raw_string& raw);

  identity_key key_;
  std::size_t max_metadata_;
  std::string_view body_;
  decoded* out_ = nullptr;
  std::size_t first_metadata_ = 0;  // of the event being read
  std::vector<attribute>
      attributes_;  // string members without a slot, of the event being read; max_metadata_ at most
};

}  // namespace sluice::decode
