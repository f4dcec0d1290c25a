// An event as a CloudEvent 1.0 in its JSON format, for receivers that take those. Nothing of the event is
// lost on the way.
#pragma once

#include <string>
#include <string_view>

#include "actors/decode/object_reader.hpp"

namespace sluice::deliver {

/// What an event becomes:
///  * One that is a CloudEvent already goes out as it came, byte for byte.
///  * Of one of ours, `id` and `data` stay as they are, `source` becomes a URI reference, `timestamp` becomes
///    `time` when it is RFC 3339, and each member of `metadata` with a legal name an extension attribute.
///  * Of an AWS EventBridge event `detail` is the data, `time` the time, `detail-type` the type unless one is
///    configured; `region` and `account` are extension attributes.
///  * What has no place in a CloudEvent stands, as the JSON text of an object, in the attribute `unmapped`.
///  * What is none of them (it has no id or no source) is data as a whole, under the spare id.
/// The same event gives the same bytes each time. One for each lane: it keeps buffers, and is not
/// thread-safe.
class cloud_event_writer {
 public:
  static constexpr std::string_view usual_type = "sluice.event";
  static constexpr std::size_t extension_name_bytes_max = 20;  // CloudEvents 1.0, naming conventions

  /// `type` of events that have none; empty: that of EventBridge where there is one, else `usual_type`.
  explicit cloud_event_writer(std::string type) : type_(std::move(type)) {}

  /// `event` is JSON text.
  void append(std::string& to, std::string_view event, std::string_view spare_id);

 private:
  decode::object_reader members_, metadata_;
  std::string type_;
};

}  // namespace sluice::deliver
