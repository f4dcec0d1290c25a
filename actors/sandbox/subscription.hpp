// An EventBridge subscription as the API shows it, and what its body must say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/json.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

/// What a caller says of one.
struct subscription_draft {
  static constexpr std::size_t name_bytes_max = 256;
  static constexpr std::size_t sources_max = 100;
  static constexpr std::size_t source_bytes_max = 512;
  static constexpr int retention_days_max = 365;

  std::string name;
  std::string endpoint;              ///< https, or http on loopback
  std::vector<std::string> sources;  ///< event sources that it is to get
  int retention_days = 0;
  std::optional<bool> active = {};  ///< when said
};

struct subscription {
  std::string id;  ///< a UUID
  std::string name;
  std::string endpoint;
  std::vector<std::string> sources;
  int retention_days = 0;
  bool active = true;
  std::string created;  ///< RFC 3339 with milliseconds
};

/// Reads the body of a create or an update. The error's place is the member that is wrong, as
/// `destination.endpoint`.
result<subscription_draft> parse_subscription(std::string_view body);

json to_json(const subscription& s);

}  // namespace sluice::sandbox
