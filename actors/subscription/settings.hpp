// What the node is told about its Genesys Cloud organisation, as plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::subscription {

/// What a subscription shall be.
struct specification {
  std::string name;                  ///< unique in the organisation: how it is taken up again
  std::string endpoint;              ///< where events are pushed: https, or http on loopback
  std::vector<std::string> sources;  ///< kinds of events, at least one
  std::uint32_t retention_days = 30;
  std::uint32_t max_events_per_second = 1000;

  friend bool operator==(const specification&, const specification&) = default;
};

/// Client credentials (RFC 6749 section 4.4). The secret is never part of an error, a log line or a status.
struct credentials {
  std::string client_id;
  std::string client_secret;
  std::string scope;  ///< sent when not empty
};

/// Both hosts, as origins without a path: `https://login.mypurecloud.com`.
struct hosts {
  std::string login;
  std::string api;

  friend bool operator==(const hosts&, const hosts&) = default;
};

struct settings {
  subscription::hosts hosts;
  subscription::credentials credentials;
  specification wanted;
  std::chrono::milliseconds check_interval{60'000};
};

}  // namespace sluice::subscription
