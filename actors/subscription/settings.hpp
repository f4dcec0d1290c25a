// What the node is told about its Genesys Cloud organisation, as plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "net/oauth2/credentials.hpp"

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

/// Both hosts, as origins without a path: `https://login.mypurecloud.com`.
struct hosts {
  std::string login;
  std::string api;

  friend bool operator==(const hosts&, const hosts&) = default;
};

struct settings {
  subscription::hosts hosts;
  net::oauth2::credentials credentials;
  specification wanted;
  std::chrono::milliseconds check_interval{60'000};
};

}  // namespace sluice::subscription
